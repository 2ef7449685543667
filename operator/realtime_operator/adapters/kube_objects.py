"""Our own three kinds in the cluster."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from realtime_operator.adapters.kube_client import JSON_PATCH, METADATA_LIST_ONLY, METADATA_ONLY, KubeClient
from realtime_operator.adapters.kube_path import OWN_KINDS
from realtime_operator.adapters.kube_refusal import INVALID, NOT_FOUND, ApiRefusal
from realtime_operator.api.group import KIND_CLUSTER_PROVIDER
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.json_bytes import encoded
from realtime_operator.ports import Listed

DEFAULT_PAGE_SIZE: Final = 100
"""Objects a page. All pages of 10,000 are read long before a continue token expires (5 min), and none is large: of 500 objects the
metadata, once read, took 7 MiB, which Python never gives back.
"""


class KubeObjects:
    """Sessions and providers over the API.

    Args:
        client: the open client.
        namespaces: the namespaces that are watched; None for the whole cluster.
        page_size: how many objects one page of a list holds at most.
    """

    def __init__(
        self,
        client: KubeClient,
        *,
        namespaces: Sequence[str] | None = None,
        page_size: int = DEFAULT_PAGE_SIZE,
    ) -> None:
        self._client = client
        self._namespaces = namespaces
        self._page_size = page_size

    async def patch_status(self, ref: ObjectRef, status: Mapping[str, Any]) -> bool:
        """Set the fields of status that are given, each as a whole; None removes one.

        A JSON patch, because its test of the uid holds: a merge patch of the status subresource takes any uid in silence.
        It needs a status to be there, which the schema's default sees to. Does nothing where the object, by uid, is gone, and says so.
        """
        path = OWN_KINDS[ref.kind].one(ref.namespace, ref.name, "status")
        is_same = {"op": "test", "path": "/metadata/uid", "value": ref.uid}
        body = encoded([is_same, *_changes(status)])
        try:
            await self._client.send("PATCH", path, body=body, content_type=JSON_PATCH, accept=METADATA_ONLY)
        except ApiRefusal as answer:
            is_another = answer.status == INVALID and not answer.fields  # a failed test names no field
            if is_another or answer.status == NOT_FOUND:
                return False
            raise
        return True

    async def get(self, kind: str, namespace: str | None, name: str) -> Mapping[str, Any] | None:
        """Read one object's JSON document; None where there is none."""
        try:
            document: Mapping[str, Any] = await self._client.request(
                # as kopf reads it: the hash of a request must not depend on who told of its session
                "GET",
                OWN_KINDS[kind].one(namespace, name),
                read=json.loads,
            )
        except ApiRefusal as answer:
            if answer.status != NOT_FOUND:
                raise
            return None
        return document

    async def list_metadata(self, kind: str) -> AsyncIterator[Listed]:
        """List all objects of a kind, in pages, metadata only, within the watched namespaces.

        Raises:
            ClusterUnavailable: also when a page's continue token has expired; start again.
        """
        for namespace in self._places(kind):
            async for listed in self._list(kind, namespace):
                yield listed

    async def can_list(self, kind: str) -> None:
        """Ask for one object of a kind, in each of the watched namespaces.

        Raises:
            ClusterForbidden: the right to list them is missing.
            ClusterUnavailable: no answer, or the kind is not there.
        """
        for namespace in self._places(kind):
            path = OWN_KINDS[kind].collection(namespace)
            await self._client.send("GET", path, query={"limit": "1"}, accept=METADATA_LIST_ONLY)

    def _places(self, kind: str) -> Sequence[str | None]:
        whole_cluster = self._namespaces is None or kind == KIND_CLUSTER_PROVIDER
        return (None,) if whole_cluster else self._namespaces or ()

    async def _list(self, kind: str, namespace: str | None) -> AsyncIterator[Listed]:
        path = OWN_KINDS[kind].collection(namespace)
        query = {"limit": str(self._page_size)}
        while True:
            page = await self._client.request("GET", path, query=query, accept=METADATA_LIST_ONLY)
            for item in page["items"] or ():  # null where nothing is listed
                yield _listed(kind, item["metadata"])
            if not (token := page["metadata"].get("continue")):
                return
            query = {**query, "continue": token}


def _changes(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    changes: list[Mapping[str, Any]] = []
    for name, value in status.items():
        changes.append({"op": "add", "path": f"/status/{name}", "value": value})
        if value is None:  # removing what is not there would be refused, so it was put there first
            changes.append({"op": "remove", "path": f"/status/{name}"})
    return changes


def _listed(kind: str, metadata: Mapping[str, Any]) -> Listed:
    ref = ObjectRef(kind, metadata.get("namespace"), metadata["name"], metadata["uid"])
    return Listed(ref, metadata.get("generation", 0), metadata["resourceVersion"])

"""Pods in the cluster: listed in pages, of which nothing stays, and told of a token by one annotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from realtime_operator.adapters.kube_client import MERGE_PATCH, METADATA_LIST_ONLY, METADATA_ONLY, KubeClient
from realtime_operator.adapters.kube_path import PODS
from realtime_operator.adapters.kube_refusal import CONFLICT, NOT_FOUND, ApiRefusal
from realtime_operator.api.group import ANNOTATION_TOKEN_ID
from realtime_operator.core.pod_view import ObservedPod, Sought, observed_pod
from realtime_operator.json_bytes import encoded
from realtime_operator.pod_ports import PodPage

PAGE_SIZE: Final = 250
"""Pods a page: whole documents, because only their spec tells how they use a Secret; some 20 ms of decoding at most."""


class KubePods:
    """Pods over the API.

    Args:
        client: the open client.
        namespaces: the namespaces that are watched; None for the whole cluster.
        page_size: how many pods one page of a list holds at most.
    """

    def __init__(
        self, client: KubeClient, *, namespaces: Sequence[str] | None = None, page_size: int = PAGE_SIZE
    ) -> None:
        self._client = client
        self._namespaces = namespaces
        self._page_size = page_size

    async def page(self, namespace: str, selector: str, sought: Sought, *, page: str = "") -> PodPage:
        """List a part of the pods that a selector chooses; see ``pod_ports.PodStore``.

        Raises:
            ClusterUnavailable: also when the page has expired, or no such selector can be.
        """
        query = {"labelSelector": selector, "limit": str(self._page_size)} | (
            {"continue": page} if page else {}
        )
        document = await self._client.request("GET", PODS.collection(namespace), query=query)
        pods = [observed_pod(item, sought) for item in document["items"] or ()]
        return PodPage(pods, document["metadata"].get("continue") or "")

    async def tell(self, namespace: str, pod: ObservedPod, value: str) -> bool:
        """Set the annotation of the pod whose uid this is; see ``pod_ports.PodStore``."""
        change = {"metadata": {"uid": pod.uid, "annotations": {ANNOTATION_TOKEN_ID: value}}}
        path, body = PODS.one(namespace, pod.name), encoded(change)
        try:
            await self._client.send("PATCH", path, body=body, content_type=MERGE_PATCH, accept=METADATA_ONLY)
        except ApiRefusal as answer:
            if answer.status in {NOT_FOUND, CONFLICT} or answer.concerns_uid:
                return False
            raise
        return True

    async def can_list(self) -> None:
        """Ask for one pod in each of the watched namespaces; see ``pod_ports.PodStore``."""
        for namespace in self._namespaces or (None,):
            await self._client.send(
                "GET", PODS.collection(namespace), query={"limit": "1"}, accept=METADATA_LIST_ONLY
            )

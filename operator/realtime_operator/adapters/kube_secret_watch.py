"""Our Secrets in the cluster, all of them, by metadata alone: which there are, in which version. No token travels."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

from realtime_operator.adapters.kube_client import METADATA_LIST_ONLY, METADATA_ONLY, KubeClient
from realtime_operator.adapters.kube_path import SECRETS
from realtime_operator.adapters.kube_refusal import refusal
from realtime_operator.api.group import LABEL_MANAGED_BY, MANAGED_BY
from realtime_operator.core.errors import ClusterUnavailable
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_view import SecretStamp, stamp_of
from realtime_operator.json_bytes import decoded, encoded
from realtime_operator.secret_watch_ports import SecretName, SecretsHeard

PAGE_SIZE: Final = 100
"""As for other kinds: see `kube_objects`."""

WATCH_S: Final = 290
"""The API server ends a watch after so long; the next one begins where it ended."""

SILENT_S: Final = 150.0
"""It tells a bookmark about once a minute. Who is silent for longer is gone without a word."""

SHORTEST_S: Final = 0.5
"""Who ends a watch sooner, without a word, cannot be watched: a gateway that passes on no streams."""

_SELECTOR: Final = {"labelSelector": f"{LABEL_MANAGED_BY}={MANAGED_BY}"}


class KubeSecretWatch:
    """A list, and watches that go on where the one before ended.

    Args:
        client: the open client, with a connection to spare for each place that is followed.
        seconds: how long one watch lasts.
        page_size: Secrets on a page of the list.
    """

    def __init__(self, client: KubeClient, *, seconds: int = WATCH_S, page_size: int = PAGE_SIZE) -> None:
        self._client = client
        self._seconds = seconds
        self._page_size = page_size

    async def follow(self, namespace: str | None, heard: SecretsHeard) -> None:
        """Tell of the Secrets in a place; see ``secret_watch_ports.SecretFeed``."""
        stamps, version = await self._list(namespace)
        heard.listed(stamps)
        while True:
            version = await self._watch(namespace, version, heard)

    async def _list(self, namespace: str | None) -> tuple[dict[SecretName, SecretStamp], str]:
        path, query = SECRETS.collection(namespace), {**_SELECTOR, "limit": str(self._page_size)}
        stamps: dict[SecretName, SecretStamp] = {}
        while True:
            page = await self._client.request("GET", path, query=query, accept=METADATA_LIST_ONLY)
            stamps |= {_name_of(item): stamp_of(item) for item in page["items"] or ()}
            if not (token := page["metadata"].get("continue")):
                return stamps, page["metadata"]["resourceVersion"]
            query = {**query, "continue": token}

    async def _watch(self, namespace: str | None, version: str, heard: SecretsHeard) -> str:
        """One watch from a version to its end; gives the version to go on from."""
        path = SECRETS.collection(namespace)
        query = {
            **_SELECTOR,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(self._seconds),
        }
        began, first = asyncio.get_running_loop().time(), version
        lines = self._client.lines(path, query=query, accept=METADATA_ONLY, silent=SILENT_S)
        async with contextlib.aclosing(lines):
            async for line in lines:
                event = _event(line)
                document: Mapping[str, Any] = event["object"]
                match event["type"]:
                    case "ADDED" | "MODIFIED":
                        heard.changed(_name_of(document), stamp_of(document))
                    case "DELETED":
                        heard.changed(_name_of(document), None)
                    case "ERROR":
                        status = int(document.get("code") or 0)
                        raise refusal("GET", path, status, encoded(document))
                version = document["metadata"]["resourceVersion"]
        if version == first and asyncio.get_running_loop().time() - began < SHORTEST_S:
            raise ClusterUnavailable(
                Reason.CLUSTER_UNAVAILABLE, "watch secrets: it ends as soon as it begins"
            )
        return version


def _event(line: bytes) -> Mapping[str, Any]:
    try:
        event = decoded(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("object"), dict):
        raise ClusterUnavailable(Reason.CLUSTER_UNAVAILABLE, "watch secrets: an event that cannot be read")
    return event


def _name_of(document: Mapping[str, Any]) -> SecretName:
    metadata = document["metadata"]
    return metadata["namespace"], metadata["name"]

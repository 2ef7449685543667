"""What providers refer to in the cluster: key Secrets, CA bundles, the labels of namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realtime_operator.adapters.kube_client import JSON, METADATA_ONLY, KubeClient
from realtime_operator.adapters.kube_path import CONFIG_MAPS, NAMESPACES, SECRETS, KubePath
from realtime_operator.adapters.kube_refusal import NOT_FOUND, ApiRefusal
from realtime_operator.core.secret_view import observed_secret
from realtime_operator.reference_ports import KeyDocument


class KubeReferences:
    """Reads by name; nothing is remembered here."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def key_secret(self, namespace: str, name: str) -> KeyDocument | None:
        """Read a Secret by name; None where there is none. Values that are not text are left out."""
        raw = await self._get(SECRETS.one(namespace, name))
        if raw is None:
            return None
        secret = observed_secret(raw)
        return KeyDocument(secret.stamp.resource_version, secret.labels, secret.data)

    async def config_map(self, namespace: str, name: str) -> KeyDocument | None:
        """Read a ConfigMap by name; None where there is none."""
        raw = await self._get(CONFIG_MAPS.one(namespace, name))
        if raw is None:
            return None
        metadata = raw["metadata"]
        return KeyDocument(metadata["resourceVersion"], metadata.get("labels") or {}, raw.get("data") or {})

    async def namespace_labels(self, name: str) -> Mapping[str, str]:
        """Read a namespace's labels; empty where there is none."""
        raw = await self._get(NAMESPACES.one(None, name), accept=METADATA_ONLY)
        return (raw["metadata"].get("labels") or {}) if raw is not None else {}

    async def _get(self, path: KubePath, *, accept: str = JSON) -> Mapping[str, Any] | None:
        try:
            document: Mapping[str, Any] = await self._client.request("GET", path, accept=accept)
        except ApiRefusal as answer:
            if answer.status != NOT_FOUND:
                raise
            return None
        return document

"""Clients of the control plane, and objects to try them on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from realtime_operator.adapters.kube_client import JSON, KubeClient
from realtime_operator.adapters.kube_path import OWN_KINDS, SECRETS, KubePath
from realtime_operator.adapters.kubeconfig import access_of_kubeconfig
from realtime_operator.api.group import API_VERSION, KIND_SESSION
from realtime_operator.core.object_ref import ObjectRef


class RecordingClient(KubeClient):
    """Keeps what the API server answered."""

    answers: list[Any]

    async def send(
        self,
        method: str,
        path: KubePath,
        *,
        query: Any = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> bytes:
        """Send one request and keep its answer."""
        answer = await super().send(
            method, path, query=query, body=body, content_type=content_type, accept=accept
        )
        self.answers = [*getattr(self, "answers", []), json.loads(answer)]
        return answer


@asynccontextmanager
async def client_of(kubeconfig: Path) -> AsyncIterator[RecordingClient]:
    """An open client with the identity of a kubeconfig."""
    async with RecordingClient(access_of_kubeconfig([kubeconfig])) as client:
        yield client


async def post(client: KubeClient, path: KubePath, manifest: dict[str, Any]) -> dict[str, Any]:
    """Create any object."""
    created: dict[str, Any] = await client.request("POST", path, body=json.dumps(manifest).encode())
    return created


def a_secret(name: str = "concierge", **fields: Any) -> dict[str, Any]:
    """A Secret's manifest that holds a planted token."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app": "hotel"}, **fields.pop("metadata", {})},
        "type": "Opaque",
        "stringData": {"token": "ek_planted", "model": "gpt-realtime"},
        **fields,
    }


def a_session(name: str = "concierge") -> dict[str, Any]:
    """A session's manifest."""
    spec = {"lifetimeSeconds": 600, "session": {"type": "realtime"}}
    return {"apiVersion": API_VERSION, "kind": KIND_SESSION, "metadata": {"name": name}, "spec": spec}


async def create_session(client: KubeClient, namespace: str, name: str = "concierge") -> ObjectRef:
    """Create a session and name it."""
    created = await post(client, OWN_KINDS[KIND_SESSION].collection(namespace), a_session(name))
    return ObjectRef(KIND_SESSION, namespace, name, created["metadata"]["uid"])


async def delete_secret(client: KubeClient, namespace: str, name: str) -> None:
    """Delete a Secret."""
    await client.request("DELETE", SECRETS.one(namespace, name))

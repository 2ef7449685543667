"""Plants sessions and Secrets in a namespace of a real API server, by a connection of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import math
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from observer.kubeconfig import ApiAccess, read_kubeconfig
from tests.observer.story import secret_parts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

API_VERSION = "realtime-operator.io/v1alpha1"


@dataclass
class Cluster:
    """One namespace. Every write returns the moment at which it was acknowledged."""

    namespace: str
    access: ApiAccess
    client: aiohttp.ClientSession
    uids: dict[str, str] = field(default_factory=dict)

    async def session(self, name: str, *, propagation: str = "None", suspend: bool = False) -> None:
        """Create a session of 10 s of life."""
        spec = {
            "lifetimeSeconds": 10,
            "session": {"type": "realtime", "model": "gpt-realtime"},
            "delivery": {"propagation": propagation},
            "suspend": suspend,
        }
        document = {"apiVersion": API_VERSION, "kind": "RealtimeSession", "metadata": {"name": name}}
        made = await self._call("POST", self._sessions(), document | {"spec": spec})
        self.uids[name] = made["metadata"]["uid"]

    async def change(self, name: str, patch: dict[str, Any]) -> float:
        """Merge a patch into a session."""
        await self._call("PATCH", self._sessions(name), patch)
        return time.time()

    async def remove(self, name: str) -> float:
        """Delete a session."""
        await self._call("DELETE", self._sessions(name))
        return time.time()

    async def token(self, name: str, token: str, *, expires: int, life: float = 10) -> float:
        """Write a session's Secret, as the operator would."""
        entries, annotations = secret_parts(token, expires - life, expires)
        owner = {"apiVersion": API_VERSION, "kind": "RealtimeSession", "name": name, "uid": self.uids[name]}
        document = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "labels": {"app.kubernetes.io/managed-by": "realtime-operator"},
                "annotations": annotations,
                "ownerReferences": [owner | {"controller": True, "blockOwnerDeletion": False}],
            },
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in entries.items()},
        }
        await self._apply(name, document)
        return time.time()

    async def remove_secret(self, name: str) -> float:
        """Delete a session's Secret."""
        await self._call("DELETE", self._secrets(name))
        return time.time()

    async def _apply(self, name: str, document: dict[str, Any]) -> None:
        query = "?fieldManager=tests&force=true"
        await self._call("PATCH", self._secrets(name) + query, document, "application/apply-patch+yaml")

    def _secrets(self, name: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets/{name}"

    def _sessions(self, name: str = "") -> str:
        path = f"/apis/{API_VERSION}/namespaces/{self.namespace}/realtimesessions"
        return f"{path}/{name}" if name else path

    async def _call(
        self, verb: str, path: str, body: Any = None, content_type: str | None = None
    ) -> dict[str, Any]:
        kind = content_type or ("application/merge-patch+json" if verb == "PATCH" else "application/json")
        headers = {**self.access.headers, "Content-Type": kind}
        async with self.client.request(
            verb,
            self.access.server + path,
            data=None if body is None else json.dumps(body),
            headers=headers,
            ssl=self.access.tls or True,
        ) as answer:
            answer.raise_for_status()
            return dict(await answer.json())


@asynccontextmanager
async def cluster(kubeconfig: Path, namespace: str) -> AsyncIterator[Cluster]:
    """Connect to a namespace that exists."""
    async with aiohttp.ClientSession() as client:
        yield Cluster(namespace, read_kubeconfig(kubeconfig), client)


class LedgerWriter:
    """Writes a ledger file as a provider would."""

    def __init__(self, path: Path) -> None:
        self.path, self._last = path, 0

    def mint(self, token: str, *, issued: float, expires: float, model: str | None = None) -> None:
        """Enter a mint."""
        self._last += 1
        entry = {
            "n": self._last,
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
            "issued_at": issued,
            "expires_at": expires,
            "answered_at": issued,
            "model": model,
        }
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


async def until(moment: float) -> None:
    """Wait for a moment of the wall clock."""
    await asyncio.sleep(max(0.0, moment - time.time()))


async def seen(condition: Callable[[], object], within: float = 30.0) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it did not come true.
    """
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - figures have no event to wait for
            await asyncio.sleep(0.01)


def in_seconds(seconds: float) -> int:
    """A whole second at least that far away."""
    return math.ceil(time.time() + seconds)

"""Listens through the watch room alone, and makes objects for it to hear of."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from realtime_operator.watch.watcher import Watcher
from tests.support.operator import farewell_to_kopf

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from realtime_operator.watch.credentials import ClusterCredentials

GROUP, VERSION = "realtime-operator.io", "v1alpha1"
PLURALS = {
    "RealtimeSession": "realtimesessions",
    "RealtimeProvider": "realtimeproviders",
    "ClusterRealtimeProvider": "clusterrealtimeproviders",
}
SPECS: dict[str, dict[str, Any]] = {
    "RealtimeSession": {"session": {"type": "realtime"}},
    "RealtimeProvider": {"baseURL": "http://127.0.0.1/v1", "auth": {"secretRef": {"name": "key"}}},
    "ClusterRealtimeProvider": {
        "baseURL": "http://127.0.0.1/v1",
        "auth": {"secretRef": {"name": "key", "namespace": "default"}},
    },
}


class Heard:
    """What was heard, in order.

    Attributes:
        events: kind, event type, object.
    """

    def __init__(self, also: Callable[[str, str | None, Mapping[str, Any]], None] | None = None) -> None:
        self.events: list[tuple[str, str | None, Mapping[str, Any]]] = []
        self._also = also

    def __call__(self, kind: str, event_type: str | None, body: Mapping[str, Any]) -> None:
        """Keep one event; called in kopf's thread."""
        self.events.append((kind, event_type, body))
        if self._also is not None:
            self._also(kind, event_type, body)

    def of(self, name: str) -> list[tuple[str, str | None]]:
        """Kinds and event types heard of objects with this name."""
        return [(kind, event) for kind, event, body in self.events if body["metadata"]["name"] == name]

    def kinds(self) -> set[str]:
        """All kinds heard of."""
        return {kind for kind, _, _ in self.events}


@asynccontextmanager
async def listening(
    credentials: ClusterCredentials,
    *,
    kinds: Sequence[str] = tuple(PLURALS),
    namespaces: Sequence[str] | None = None,
    also: Callable[[str, str | None, Mapping[str, Any]], None] | None = None,
) -> AsyncIterator[tuple[Watcher, Heard]]:
    """Watch for the block; ``also`` is called with each event in kopf's thread."""
    heard = Heard(also)
    watcher = Watcher(kinds=kinds, namespaces=namespaces, credentials=credentials, heard=heard)
    async with AsyncExitStack() as stack:
        stack.enter_context(farewell_to_kopf())
        yield await stack.enter_async_context(watcher), heard


def document(kind: str, name: str) -> dict[str, Any]:
    """The smallest object of a kind."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": name},
        "spec": SPECS[kind],
    }


async def until(is_so: Callable[[], object], what: str, *, within: float = 60.0) -> None:
    """Return once it is so; fail saying what never was."""
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, f"never: {what}"
        await asyncio.sleep(0.02)

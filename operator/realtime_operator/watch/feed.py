"""Carries what kopf hears from its thread to the engine's loop, in order and in slices."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from typing import Any

from realtime_operator.watch.registry import Heard

_log = logging.getLogger(__name__)

SLICE = 200
"""Events taken in before the loop may turn: about 20 ms of parsing when a list of thousands comes in."""


class Feed:
    """A queue between two threads."""

    def __init__(self, take_in: Heard) -> None:
        """Deliver to ``take_in``, in the loop that is running now."""
        self._loop = asyncio.get_running_loop()
        self._take_in = take_in
        self._events: deque[tuple[str, str | None, Mapping[str, Any]]] = deque()
        self._scheduled = False

    def put(self, kind: str, event_type: str | None, body: Mapping[str, Any]) -> None:
        """Called in kopf's thread."""
        self._events.append((kind, event_type, body))
        if not self._scheduled:
            # Both threads may find it unset at once; an empty round is the only price.
            self._scheduled = True
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._scheduled = False
        for _ in range(SLICE):
            try:
                event = self._events.popleft()
            except IndexError:
                return
            self._deliver(*event)
        self._scheduled = True
        self._loop.call_soon(self._drain)

    def _deliver(self, kind: str, event_type: str | None, body: Mapping[str, Any]) -> None:
        try:
            self._take_in(kind, event_type, body)
        except Exception:  # noqa: BLE001 - one object that cannot be taken in must not keep the others from being heard
            name = body.get("metadata", {}).get("name")
            _log.exception("an event was not taken in", extra={"fields": {"kind": kind, "name": name}})

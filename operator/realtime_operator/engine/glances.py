"""Looks at sessions at rest, a few at a time and without a pass for each: they wait for nobody, and nobody waits for them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.table import Entry
from realtime_operator.ports import Clock

_log = logging.getLogger(__name__)

AT_ONCE = 16
"""Looks in flight at most: at 20 ms each they keep up with 40,000 sessions."""

IN_A_ROW = 8
"""So many looks are made one after the other, before another worker is begun: a task costs more than a look."""

PATIENCE_S = 1.0
"""Who waits longer has a pass instead, which has a place among those of its provider and is not passed over when something falls due."""


class Glance(Protocol):
    """One look at one session."""

    async def __call__(self, memory: SessionMemory, *, horizon: float) -> float | None:
        """Give the local time of the next look, or None where the session needs a pass."""
        ...


class Glances:
    """What waits for a look, and what is being looked at. An entry is ``queued`` from ``add`` until it is followed."""

    def __init__(self, clock: Clock, glance: Glance, follow: Callable[[Entry, float | None], None]) -> None:
        """Begin with nothing.

        Args:
            clock: time.
            glance: looks at one session.
            follow: sees to what comes after a look: the local time of the next one, or None for a pass now.
        """
        self._clock = clock
        self._glance = glance
        self._follow = follow
        self._waiting: deque[tuple[Entry, float, float]] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    def add(self, entry: Entry, *, horizon: float) -> None:
        """Have a session looked at; rotations due by the local time ``horizon`` need a pass."""
        entry.queued = True
        self._waiting.append((entry, horizon, self._clock.now()))
        if len(self._workers) < min(AT_ONCE, 1 + len(self._waiting) // IN_A_ROW):
            self._workers.add(asyncio.create_task(self._work()))

    def give_up_on_late(self) -> None:
        """Have a pass for whoever has waited too long."""
        since = self._clock.now() - PATIENCE_S
        while self._waiting and self._waiting[0][2] < since:
            self._follow(self._waiting.popleft()[0], None)

    async def stop(self) -> None:
        """Look no more."""
        self._waiting.clear()
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._waiting:
                entry, horizon, _ = self._waiting.popleft()
                wake_at = None
                if not entry.again:
                    wake_at = await self._looked(entry.memory, horizon)
                self._follow(entry, wake_at)
        finally:
            # Here and not when the task is done, for whoever comes in between would count on it.
            if (me := asyncio.current_task()) is not None:
                self._workers.discard(me)

    async def _looked(self, memory: SessionMemory, horizon: float) -> float | None:
        try:
            return await self._glance(memory, horizon=horizon)
        except Exception:  # noqa: BLE001 - a pass may find the same, and knows what to do then
            _log.exception("a look failed unexpectedly", extra={"fields": {"uid": memory.ref.uid}})
            return None

"""Events in a lane of their own: few at a time, and later while tokens need the API server.

What changes for a thousand sessions at once, as in an outage, would otherwise be a thousand requests beside the Secrets'.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from realtime_operator.engine.status_lane import ROUNDS_HELD
from realtime_operator.ports import EventSink, Notice

POSTED_IN_A_ROUND = 10
"""Enough for people to read along; a tenth of what a small API server takes in a second."""

KEPT = 1000
"""What is older is not news any more when its turn comes."""


class NoticeLane:
    """What is still to be told."""

    def __init__(self, events: EventSink, *, is_in_a_burst: Callable[[], bool]) -> None:
        """Begin with nothing to tell.

        Args:
            events: where it is posted.
            is_in_a_burst: whether tokens need all there is just now.
        """
        self._events = events
        self._is_in_a_burst = is_in_a_burst
        self._waiting: deque[tuple[int, Notice]] = deque(maxlen=KEPT)
        self._round = 0

    def submit(self, notice: Notice) -> None:
        """Tell of something when there is room for it; the oldest of very many is forgotten."""
        self._waiting.append((self._round, notice))

    async def flush(self) -> None:
        """Post the next few; in a burst only what has waited as long as a status would, for a burst may last as long as its cause."""
        held = ROUNDS_HELD if self._is_in_a_burst() else 0
        few: list[Notice] = []
        while self._waiting and len(few) < POSTED_IN_A_ROUND and self._round - self._waiting[0][0] >= held:
            few.append(self._waiting.popleft()[1])
        self._round += 1
        await asyncio.gather(*(self._events.post(notice) for notice in few))

"""Events in a lane of their own: few at a time, and none while tokens need the API server.

What changes for a thousand sessions at once, as in an outage, would otherwise be a thousand requests beside the Secrets'.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

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
        self._waiting: deque[Notice] = deque(maxlen=KEPT)

    def submit(self, notice: Notice) -> None:
        """Tell of something when there is room for it; the oldest of very many is forgotten."""
        self._waiting.append(notice)

    async def flush(self) -> None:
        """Post the next few."""
        if self._is_in_a_burst():
            return
        few = [self._waiting.popleft() for _ in range(min(POSTED_IN_A_ROUND, len(self._waiting)))]
        await asyncio.gather(*(self._events.post(notice) for notice in few))

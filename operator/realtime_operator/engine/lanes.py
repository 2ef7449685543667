"""Work that may start, in lanes for each provider, so that one that hangs delays nobody else's sessions.

Within a provider first mints and rotations take turns, each earliest expiry first, so that neither starves; looks come last.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

ProviderKey = tuple[str, str, str]
"""Kind, namespace and name of the provider that a session wants."""


class Lane(IntEnum):
    """Why a session is looked at."""

    FIRST = 0
    """It has no living token, or its spec changed."""
    ROTATION = 1
    """Its token is due."""
    LOOK = 2
    """Nothing is known to be due."""


@dataclass(frozen=True, slots=True)
class Work:
    """One session to look at.

    Attributes:
        uid: of the session.
        provider: whose lanes it stands in.
        lane: why.
        urgency: smaller comes first within a lane: the expiry, or the time of creation.
        horizon: rotations due by this local time are begun.
    """

    uid: str
    provider: ProviderKey
    lane: Lane
    urgency: float
    horizon: float


@dataclass(slots=True)
class _Queues:
    heaps: tuple[list[tuple[float, int, Work]], ...] = field(default_factory=lambda: ([], [], []))
    in_flight: int = 0
    turn: Lane = Lane.FIRST


class Lanes:
    """What waits to start, and how much runs, by provider."""

    def __init__(self, max_in_flight: Callable[[ProviderKey], int]) -> None:
        self._max_in_flight = max_in_flight
        self._queues: dict[ProviderKey, _Queues] = {}
        self._order = count()

    def push(self, work: Work) -> None:
        """Add work; the caller sees to it that a session waits or runs only once."""
        queues = self._queues.setdefault(work.provider, _Queues())
        heapq.heappush(queues.heaps[work.lane], (work.urgency, next(self._order), work))

    def start(self) -> list[Work]:
        """Take out all that may start now; each counts as running until ``finished``."""
        started = []
        for key, queues in list(self._queues.items()):
            limit = self._max_in_flight(key)
            while queues.in_flight < limit and (work := _next(queues)) is not None:
                queues.in_flight += 1
                started.append(work)
            if not queues.in_flight and not any(queues.heaps):
                del self._queues[key]
        return started

    def finished(self, provider: ProviderKey) -> None:
        """Work of this provider came to its end."""
        self._queues[provider].in_flight -= 1

    def waiting(self) -> int:
        """How much work waits."""
        return sum(len(heap) for queues in self._queues.values() for heap in queues.heaps)


def _next(queues: _Queues) -> Work | None:
    other = Lane.ROTATION if queues.turn is Lane.FIRST else Lane.FIRST
    for lane in (queues.turn, other, Lane.LOOK):
        if queues.heaps[lane]:
            if lane is not Lane.LOOK:
                queues.turn = Lane.ROTATION if lane is Lane.FIRST else Lane.FIRST
            return heapq.heappop(queues.heaps[lane])[2]
    return None

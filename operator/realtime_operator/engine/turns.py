"""Who comes next: first mints and rotations take turns, each the most urgent first, so that neither starves; looks come last.

Who has more than half of a token's life left lets every first mint go before, until half of it is used.
"""

from __future__ import annotations

import heapq
import math
from enum import IntEnum
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from realtime_operator.core.session_memory import SessionMemory

T = TypeVar("T")


class Lane(IntEnum):
    """Why a session is looked at."""

    FIRST = 0
    """It never had a token."""
    ROTATION = 1
    """Its token is to be replaced, or has expired."""
    LOOK = 2
    """Nothing is known to be due."""


class Urgency(NamedTuple):
    """Where a session stands among those that wait.

    Attributes:
        lane: why it waits.
        at: smaller comes first within a lane: the expiry, or the time of creation.
        yields_until: local time until which first mints go before, though it is a rotation; minus infinity for none.
    """

    lane: Lane
    at: float
    yields_until: float = -math.inf


class Turns(Generic[T]):
    """Things that wait, in lanes; those who yield stand apart from the other rotations until their time comes."""

    def __init__(self) -> None:
        self._heaps: dict[Lane, list[tuple[float, int, T]]] = {lane: [] for lane in Lane}
        self._yielding: list[tuple[float, int, float, T]] = []
        self._order = count()
        self._turn = Lane.FIRST

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._heaps.values())) + len(self._yielding)

    def push(self, urgency: Urgency, thing: T) -> None:
        """Let a thing wait; of the same urgency the one that came first goes first."""
        order = next(self._order)
        if urgency.yields_until > -math.inf:
            heapq.heappush(self._yielding, (urgency.yields_until, order, urgency.at, thing))
        else:
            heapq.heappush(self._heaps[urgency.lane], (urgency.at, order, thing))

    def pop(self, now: float) -> T | None:
        """Take out the next one, or None."""
        while self._yielding and self._yielding[0][0] <= now:
            _, order, at, thing = heapq.heappop(self._yielding)
            heapq.heappush(self._heaps[Lane.ROTATION], (at, order, thing))
        other = Lane.ROTATION if self._turn is Lane.FIRST else Lane.FIRST
        for lane in (self._turn, other):
            if self._heaps[lane]:
                self._turn = Lane.ROTATION if lane is Lane.FIRST else Lane.FIRST
                return heapq.heappop(self._heaps[lane])[2]
        if self._yielding:
            return heapq.heappop(self._yielding)[3]
        return heapq.heappop(self._heaps[Lane.LOOK])[2] if self._heaps[Lane.LOOK] else None


def urgency_of(memory: SessionMemory, *, now: float, horizon: float) -> Urgency:
    """In which lane a session stands, and how urgent it is there.

    Args:
        memory: of the session.
        now: local time.
        horizon: rotations due by this local time are begun.
    """
    if 0 < memory.expires_at <= now:
        # Before the spec's own question: after an outage everybody's readers wait, and the longest wait ends first.
        return Urgency(Lane.ROTATION, memory.expires_at)
    if memory.expires_at <= 0:
        return Urgency(Lane.FIRST, memory.wanted.created_at)
    changed = memory.confirmed_generation != memory.wanted.generation or _is_asked_for(memory)
    due = memory.rotation_at is not None and memory.rotation_at <= horizon
    if not (changed or due):
        return Urgency(Lane.LOOK, memory.expires_at)
    half = _half_life(memory)
    return Urgency(Lane.ROTATION, memory.expires_at, half if half > now else -math.inf)


def _is_asked_for(memory: SessionMemory) -> bool:
    rotate, holding = memory.wanted.rotate, memory.holding
    return bool(rotate) and holding is not None and holding.rotate != rotate


def _half_life(memory: SessionMemory) -> float:
    """The local time at which half of the token's life is used; minus infinity where its life is not known."""
    holding = memory.holding
    if holding is None:
        return -math.inf
    return memory.expires_at - (holding.token.expires_at - holding.token.issued_at) / 2

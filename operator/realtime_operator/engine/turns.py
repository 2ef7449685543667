"""Who comes next: first mints and rotations take turns, each the most urgent first, so that neither starves; looks come last."""

from __future__ import annotations

import heapq
from enum import IntEnum
from itertools import count
from typing import Generic, TypeVar

from realtime_operator.core.session_memory import SessionMemory

T = TypeVar("T")


class Lane(IntEnum):
    """Why a session is looked at."""

    FIRST = 0
    """It never had a token, or its spec changed."""
    ROTATION = 1
    """Its token is due, or has expired."""
    LOOK = 2
    """Nothing is known to be due."""


class Turns(Generic[T]):
    """Things that wait, in three lanes."""

    def __init__(self) -> None:
        self._heaps: tuple[list[tuple[float, int, T]], ...] = ([], [], [])
        self._order = count()
        self._turn = Lane.FIRST

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._heaps))

    def push(self, lane: Lane, urgency: float, thing: T) -> None:
        """Let a thing wait; within its lane the smaller urgency comes first, and of the same the one that came first."""
        heapq.heappush(self._heaps[lane], (urgency, next(self._order), thing))

    def pop(self) -> T | None:
        """Take out the next one, or None."""
        other = Lane.ROTATION if self._turn is Lane.FIRST else Lane.FIRST
        for lane in (self._turn, other, Lane.LOOK):
            if self._heaps[lane]:
                if lane is not Lane.LOOK:
                    self._turn = Lane.ROTATION if lane is Lane.FIRST else Lane.FIRST
                return heapq.heappop(self._heaps[lane])[2]
        return None


def urgency_of(memory: SessionMemory, *, now: float, horizon: float) -> tuple[Lane, float]:
    """In which lane a session stands, and how urgent it is there.

    Args:
        memory: of the session.
        now: local time.
        horizon: rotations due by this local time are begun.
    """
    if 0 < memory.expires_at <= now:
        # Before the spec's own question: after an outage everybody's readers wait, and the longest wait ends first.
        return Lane.ROTATION, memory.expires_at
    if memory.expires_at <= 0 or memory.confirmed_generation != memory.wanted.generation:
        return Lane.FIRST, memory.wanted.created_at
    due = memory.rotation_at is not None and memory.rotation_at <= horizon
    return (Lane.ROTATION if due else Lane.LOOK), memory.expires_at

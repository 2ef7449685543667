"""Who comes next: first mints and rotations take turns, each the most urgent first, so that neither starves; looks come last.

Who has more than half of a token's life left lets every first mint go before, until half of it is used. Who has less than a sixth has three
of four turns, until the token expires: readers of a Secret that was there are not to lose it to those who have had none yet.
Whose token has expired goes before other rotations, but not when it keeps failing: it would use up what a rate leaves for all others.
"""

from __future__ import annotations

import heapq
import math
from enum import IntEnum
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from realtime_operator.core.session_memory import SessionMemory

T = TypeVar("T")

YIELDING_SHARE, PRESSING_SHARE = 1 / 2, 1 / 6
"""Of a token's life: with more of it left a rotation lets first mints go before, with less of it left it goes before most of them."""

PRESSING_TURNS = 3
"""So many pressing rotations in a row for one first mint: enough that tokens live on, and whoever has none gets one."""

FAILING_BEHIND_S = 120.0
"""Whose token has expired and who was refused more than once goes behind the tokens that expire within so long of its last failure.

By its expiry alone it would come first, and again after each pause, for ever. Once so long has passed it does come before them: what a
provider mends is found out, however low the rate is. Five such sessions beside 20 others at 60 mints a minute cost those three quarters of
their time, now at most 2 %; 30 of them at 240 a minute cost four fifths, now 3 %.
"""


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
        at: smaller comes first within a lane: the expiry, later than that for who keeps failing, or the time of creation.
        yields_until: local time until which first mints go before, though it is a rotation; minus infinity for none.
        presses_from: local time from which it goes before most first mints, until ``at``; infinity for none.
    """

    lane: Lane
    at: float
    yields_until: float = -math.inf
    presses_from: float = math.inf


class Turns(Generic[T]):
    """Things that wait, in lanes; those who yield stand apart from the other rotations until their time comes."""

    def __init__(self) -> None:
        self._heaps: dict[Lane, list[tuple[float, int, float, T]]] = {lane: [] for lane in Lane}
        self._yielding: list[tuple[float, int, Urgency, T]] = []
        self._order = count()
        self._turn = Lane.FIRST
        self._pressed = 0

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._heaps.values())) + len(self._yielding)

    def push(self, urgency: Urgency, thing: T) -> None:
        """Let a thing wait; of the same urgency the one that came first goes first."""
        order = next(self._order)
        if urgency.yields_until > -math.inf:
            heapq.heappush(self._yielding, (urgency.yields_until, order, urgency, thing))
        else:
            heapq.heappush(self._heaps[urgency.lane], (urgency.at, order, urgency.presses_from, thing))

    def pop(self, now: float) -> T | None:
        """Take out the next one, or None."""
        rotations = self._heaps[Lane.ROTATION]
        while self._yielding and self._yielding[0][0] <= now:
            _, order, urgency, thing = heapq.heappop(self._yielding)
            heapq.heappush(rotations, (urgency.at, order, urgency.presses_from, thing))
        if rotations and rotations[0][2] <= now < rotations[0][0]:
            self._pressed += 1
            if self._pressed <= PRESSING_TURNS or not self._heaps[Lane.FIRST]:
                return heapq.heappop(rotations)[3]
            self._turn = Lane.FIRST
        self._pressed = 0
        other = Lane.ROTATION if self._turn is Lane.FIRST else Lane.FIRST
        for lane in (self._turn, other):
            if self._heaps[lane]:
                self._turn = Lane.ROTATION if lane is Lane.FIRST else Lane.FIRST
                return heapq.heappop(self._heaps[lane])[3]
        if self._yielding:
            return heapq.heappop(self._yielding)[3]
        return self.pop_look()

    def pop_look(self) -> T | None:
        """Take out the next one for which nothing is known to be due, or None."""
        return heapq.heappop(self._heaps[Lane.LOOK])[3] if self._heaps[Lane.LOOK] else None


def urgency_of(memory: SessionMemory, *, now: float, horizon: float) -> Urgency:
    """In which lane a session stands, and how urgent it is there.

    Args:
        memory: of the session.
        now: local time.
        horizon: rotations due by this local time are begun.
    """
    if 0 < memory.expires_at <= now:
        # Before the spec's own question: after an outage everybody's readers wait, and the longest wait ends first.
        return _expired(memory)
    if memory.expires_at <= 0:
        return Urgency(Lane.FIRST, memory.wanted.created_at)
    changed = memory.confirmed_generation != memory.wanted.generation or _is_asked_for(memory)
    due = memory.rotation_at is not None and memory.rotation_at <= horizon
    if not (changed or due):
        return Urgency(Lane.LOOK, memory.expires_at)
    return rotation_of(memory, now=now)


def rotation_of(memory: SessionMemory, *, now: float) -> Urgency:
    """How urgent it is to replace a token, for whatever reason."""
    holding, expires_at = memory.holding, memory.expires_at
    if expires_at <= now:
        return _expired(memory)
    if holding is None:
        return Urgency(Lane.ROTATION, expires_at)
    life = holding.token.expires_at - holding.token.issued_at
    half = expires_at - YIELDING_SHARE * life
    return Urgency(
        Lane.ROTATION,
        expires_at,
        yields_until=half if half > now else -math.inf,
        presses_from=expires_at - PRESSING_SHARE * life,
    )


def _expired(memory: SessionMemory) -> Urgency:
    failure, at = memory.failure, memory.expires_at
    # One refusal may be the provider's own trouble, which all share; those of the spec before say nothing of this one.
    failing = failure is not None and failure.generation == memory.wanted.generation and failure.minting
    if failing and failure is not None and failure.count > 1:
        at = max(at, failure.at) + FAILING_BEHIND_S
    return Urgency(Lane.ROTATION, at)


def _is_asked_for(memory: SessionMemory) -> bool:
    rotate, holding = memory.wanted.rotate, memory.holding
    return bool(rotate) and holding is not None and holding.rotate != rotate

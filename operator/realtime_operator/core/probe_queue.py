"""Who waits for a provider's return, in the order in which they are asked to probe it.

Four times a second somebody is chosen among perhaps ten thousand, so nobody goes through all of them: they stand in heaps, and what a
session says of itself meanwhile is looked at when its turn comes. Who was told to wait stands apart until then, or each choice would go
through those of them who have failed least.

A place by doubt may be behind the one that is due, but not for long. What brings a session forward is a new spec, which is known before any
pass, or what a pass finds; the pass that follows ends in ``add``, or in something else, an error of the cluster for one, after which the
session does not wait any more until it is added anew.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from realtime_operator.core.called import still_waits
from realtime_operator.core.session_memory import SessionMemory

ROOM = 64
"""So many places more than twice those of the last sweep, and the next one comes."""


class _Doubt(NamedTuple):
    """Smaller is the better probe."""

    failures: int
    probes: int
    minus_expiry: float
    uid: str


@dataclass(slots=True)
class _Waiting:
    """One that waits, and its places: None, and infinity, for none.

    Attributes:
        not_before: until when it may not be chosen; minus infinity once that time has come, and it has a place by doubt instead.
    """

    memory: SessionMemory
    probes: int = 0
    not_before: float = -math.inf
    doubt: _Doubt | None = None
    expires_at: float = math.inf


class ProbeQueue:
    """Sessions that wait; times are local."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._waiting: dict[str, _Waiting] = {}
        self._by_doubt: list[_Doubt] = []
        self._told_to_wait: list[tuple[float, str]] = []
        self._by_expiry: list[tuple[float, str]] = []
        self._sweep_above = ROOM

    def add(self, memory: SessionMemory, *, not_before: float | None = None) -> None:
        """Let a session wait, or take in what has changed of one that does.

        Args:
            memory: of the session.
            not_before: until when it may not be chosen, where it asked just now; else None, and who had stopped waiting begins anew.
        """
        uid = memory.ref.uid
        if not_before is None and not still_waits(memory):
            self.drop(uid)
        each = self._waiting.setdefault(uid, _Waiting(memory))
        each.memory = memory
        if not_before is not None:
            each.not_before, each.doubt = not_before, None
            heapq.heappush(self._told_to_wait, (not_before, uid))
        self._place(each)

    def drop(self, uid: str) -> None:
        """Let a session wait no more."""
        self._waiting.pop(uid, None)

    def everybody(self) -> list[SessionMemory]:
        """Who was added, in that order; some may not wait any more."""
        return [each.memory for each in self._waiting.values()]

    def first_to_expire(self) -> SessionMemory | None:
        """Whose token expires first, those included that may not be chosen now; None where nobody waits."""
        while self._by_expiry:
            at, uid = self._by_expiry[0]
            each = self._waiting.get(uid)
            if each is not None and each.expires_at == at and self._keeps(each):
                if each.memory.expires_at <= at:
                    return each.memory
                each.expires_at = math.inf
                self._place(each)
            heapq.heappop(self._by_expiry)
        return None

    def choose(self, *, now: float, is_on_its_way: Callable[[str], bool]) -> SessionMemory | None:
        """Take the turn of the best probe, which is one that has failed least often, then one with few probes, then who got a token last.

        Args:
            now: when.
            is_on_its_way: whether the session of this uid asks already, or is about to; it has no turn until it is added again.
        """
        self._sweep_at_times()
        self._let_in(now)
        while (each := self._next()) is not None:
            if not is_on_its_way(each.memory.ref.uid):
                each.probes += 1
                return each.memory
        return None

    def _let_in(self, now: float) -> None:
        """Give a place by doubt to those whose time has come."""
        while self._told_to_wait and self._told_to_wait[0][0] <= now:
            at, uid = heapq.heappop(self._told_to_wait)
            each = self._waiting.get(uid)
            if each is not None and each.not_before == at:
                each.not_before = -math.inf
                self._place(each)

    def _next(self) -> _Waiting | None:
        """Take the place of the first by doubt from it."""
        while self._by_doubt:
            doubt = heapq.heappop(self._by_doubt)
            each = self._waiting.get(doubt.uid)
            if each is None or each.doubt != doubt or not self._keeps(each):
                continue
            each.doubt = None
            if _doubt(each) <= doubt:
                return each
            self._place(each)
        return None

    def _keeps(self, each: _Waiting) -> bool:
        """Whether it still waits; if not, it is forgotten."""
        if still_waits(each.memory):
            return True
        self.drop(each.memory.ref.uid)
        return False

    def _place(self, each: _Waiting) -> None:
        """Give it the places that are due to it, unless it has ones before these, which are looked at first."""
        doubt, expires_at = _doubt(each), each.memory.expires_at
        if each.not_before == -math.inf and (each.doubt is None or doubt < each.doubt):
            each.doubt = doubt
            heapq.heappush(self._by_doubt, doubt)
        if expires_at < each.expires_at:
            each.expires_at = expires_at
            heapq.heappush(self._by_expiry, (expires_at, doubt.uid))

    def _sweep_at_times(self) -> None:
        """Forget who does not wait any more, and the places left behind, once there may be as many of them as of others."""
        if self._places() <= self._sweep_above:
            return
        self._waiting = {uid: each for uid, each in self._waiting.items() if still_waits(each.memory)}
        self._by_doubt = [each.doubt for each in self._waiting.values() if each.doubt is not None]
        told = ((each.not_before, uid) for uid, each in self._waiting.items())
        self._told_to_wait = [place for place in told if place[0] > -math.inf]
        self._by_expiry = [(each.expires_at, uid) for uid, each in self._waiting.items()]
        heapq.heapify(self._by_doubt)
        heapq.heapify(self._told_to_wait)
        heapq.heapify(self._by_expiry)
        self._sweep_above = ROOM + 2 * self._places()

    def _places(self) -> int:
        return len(self._by_doubt) + len(self._told_to_wait) + len(self._by_expiry)


def _doubt(waiting: _Waiting) -> _Doubt:
    memory = waiting.memory
    failure = memory.failure
    # What another spec failed with is forgotten when this one is held back, which comes after ``add``.
    count = failure.count if failure is not None and failure.generation == memory.wanted.generation else 0
    return _Doubt(count, waiting.probes, -memory.expires_at, memory.ref.uid)

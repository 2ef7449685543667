"""Keeps what the present sessions need of what there is, and tells those whose token expired while they wait for their turn.

A session that waits has no pass that would notice; and it is told which limit is short, if one is.

The table is gone through in slices, one a second, so that ten thousand sessions cost no second more than another.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from realtime_operator.api.conditions import is_shown_ready
from realtime_operator.core.capacity import (
    Offer,
    Shares,
    core_share,
    rotations_per_second,
    shares_of,
    shortage,
)
from realtime_operator.core.errors import FailureClass
from realtime_operator.core.failure import Failure
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.directory import Directory
from realtime_operator.engine.lanes import ProviderKey
from realtime_operator.engine.table import Entry, Table
from realtime_operator.pass_report import PassCase, pass_result
from realtime_operator.ports import Clock, LeadershipGate, Notice, PassResult

ROUND_LOOKS = 10
"""In so many looks all sessions are gone through: the figures are 10 s old at most, and 10,000 sessions cost 2 ms a look."""

TOLD_AFTER_S = 5.0
"""How long a token has been expired before its session is told: behind a limit a moment is nothing to speak of."""

TOLD_A_LOOK = 100
"""So many sessions are told in one look at most: tokens go before statuses, and after an outage most are well before the next round."""

LASTING_S = 60.0
"""How long a limit has been short before anybody is told: a rate that was narrowed by a few 429s, or a burst, is over by then."""

ANNOUNCED_EVERY_S = 600.0
"""How often the event comes, one for all sessions of a provider: those that lack a token take turns, and each is well in between."""

MEASURED_S = 30.0
"""Over how long the cost of a mint is measured, at least; one minute's burst must not speak for the hour."""

MANY_MINTS = 10
"""Where fewer were needed, half of them may be missing by chance."""

COST_WEIGHT = 0.3
"""How much the newest measurement counts in the mean."""


class Capacity:
    """What the sessions need.

    Attributes:
        core: the share of one core that all rotations need; None before a mint was measured.
        shares: by provider, of those that have sessions with tokens.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        gate: LeadershipGate,
        table: Table,
        directory: Directory,
        cpu_seconds: Callable[[], float],
        minted: Callable[[], int],
        report: Callable[[SessionMemory, PassResult], None],
    ) -> None:
        """Know nothing yet.

        Args:
            clock: time.
            gate: whether this replica may tell anybody of anything.
            table: of sessions.
            directory: for the provider that a session gets, and what that allows.
            cpu_seconds: CPU time of the process so far.
            minted: tokens minted so far.
            report: shows what a session has come to, and what people should hear.
        """
        self._clock = clock
        self._gate = gate
        self._table = table
        self._provider_of, self._offer_of = directory.lane_of, directory.offer_of
        self._cpu_seconds = cpu_seconds
        self._minted = minted
        self._report = report
        self._short_since: dict[ProviderKey, float] = {}
        self._announced: dict[ProviderKey, float] = {}
        self._slices: Iterator[list[Entry]] = iter(())
        self._needed: defaultdict[ProviderKey, float] = defaultdict(float)
        self._measured_at, self._cpu, self._mints = -math.inf, 0.0, 0
        self._cost: float | None = None
        self.core: float | None = None
        self.shares: dict[ProviderKey, Shares] = {}

    async def look(self) -> None:
        """Go through another slice of the sessions; after the last one the figures are new."""
        some = next(self._slices, None)
        if some is None:
            self._conclude()
            entries = list(self._table)
            size = max(1, math.ceil(len(entries) / ROUND_LOOKS))
            self._slices = (entries[start : start + size] for start in range(0, len(entries), size))
            some = next(self._slices, [])
        told_before = self._clock.now() - TOLD_AFTER_S if self._gate.is_open() else 0.0
        told = 0
        for entry in some:
            memory = entry.memory
            if memory.gone or memory.wanted.suspended or memory.lead is None:
                continue
            key = self._provider_of(memory)
            self._needed[key] += rotations_per_second(memory.lead)
            if entry.queued and 0 < memory.expires_at <= told_before and told < TOLD_A_LOOK:
                told += self._expired_waiting(entry, key)

    def _conclude(self) -> None:
        needed, self._needed = self._needed, defaultdict(float)
        self._measure(sum(needed.values()))
        offers = {key: self._offer_of(key) for key in needed}
        self.shares = {
            key: shares_of(offer, needed[key]) for key, offer in offers.items() if offer is not None
        }
        self.core = core_share(sum(needed.values()), self._cost)
        since, now = self._short_since, self._clock.now()
        self._short_since = {
            key: since.get(key, now) for key in self.shares if self._shortage(key) is not None
        }

    def _measure(self, needed: float) -> None:
        """Learn what a mint costs, all that the process does besides included; an outage, in which there are few, says nothing of that.

        Args:
            needed: mints a second that should have been.
        """
        now, cpu, mints = self._clock.now(), self._cpu_seconds(), self._minted()
        seconds, done = now - self._measured_at, mints - self._mints
        if seconds < MEASURED_S:
            return
        is_outage = needed * seconds >= MANY_MINTS and done < needed * seconds / 2
        if not done and not is_outage:
            return
        if self._measured_at > -math.inf and not is_outage:
            cost = (cpu - self._cpu) / done
            self._cost = cost if self._cost is None else self._cost + COST_WEIGHT * (cost - self._cost)
        self._measured_at, self._cpu, self._mints = now, cpu, mints

    def _shortage(self, key: ProviderKey) -> tuple[Offer, str] | None:
        """What a provider allows, and which limit is short; None where everything suffices."""
        offer, shares = self._offer_of(key), self.shares.get(key)
        if offer is None or shares is None:
            return None
        message = shortage(offer, shares, self.core)
        return None if message is None else (offer, message)

    def _expired_waiting(self, entry: Entry, key: ProviderKey) -> bool:
        """Say that a token has expired while its session waits, and for which limit once that is known; tells whether there was news."""
        memory, now, short = entry.memory, self._clock.now(), self._shortage(key)
        is_lasting = now - self._short_since.get(key, now) >= LASTING_S
        # Who has its turn already lacks nothing.
        if short is not None and is_lasting and memory.failure is None and entry.work is not None:
            offer, message = short
            memory.failure = _lacking(memory, message, now=now)
            self._show(memory, self._notices(offer, key, message, now=now))
            return True
        if not is_shown_ready(memory.status):
            return False
        self._show(memory)
        return True

    def _show(self, memory: SessionMemory, notices: Sequence[Notice] | None = None) -> None:
        """Show what the session has come to; with these events instead of its own, if any are given."""
        now = self._clock.now()
        told = pass_result(memory, PassCase(memory.wanted, now), now=now)
        self._report(memory, told if notices is None else replace(told, notices=notices))

    def _notices(self, offer: Offer, key: ProviderKey, message: str, *, now: float) -> Sequence[Notice]:
        if now - self._announced.get(key, -math.inf) < ANNOUNCED_EVERY_S:
            return ()
        self._announced[key] = now
        return (Notice(offer.ref, warning=True, reason=Reason.CAPACITY_EXCEEDED, message=message),)


def _lacking(memory: SessionMemory, message: str, *, now: float) -> Failure:
    """Nothing was tried and nothing failed, so the next pass, which comes with its turn, begins as if there were no failure."""
    return Failure(
        count=0,
        reason=Reason.CAPACITY_EXCEEDED,
        message=message,
        failure_class=FailureClass.SOON,
        at=now,
        next_attempt=now,
        generation=memory.wanted.generation,
        rotate=memory.wanted.rotate,
        minting=False,
    )

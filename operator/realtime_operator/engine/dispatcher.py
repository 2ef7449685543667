"""Starts passes: on a coarse tick for what is due, at once for what is new, never twice for one session at a time."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from realtime_operator.core.reasons import Reason
from realtime_operator.core.rest import is_at_rest
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.glances import Glance, Glances
from realtime_operator.engine.lanes import Lanes, ProviderKey, Work
from realtime_operator.engine.surprise import after_surprise
from realtime_operator.engine.table import Entry, Table
from realtime_operator.engine.turns import Lane, rotation_of, urgency_of
from realtime_operator.engine.wakeups import WakeUps
from realtime_operator.ports import Clock, LeadershipGate, Metrics, PassResult, Reconcile

_log = logging.getLogger(__name__)

TICK_S = 1.0
"""What is due before the next tick is done now: 1.3 ms of CPU a rotation instead of 3.7 when each is woken for alone."""

SHORTEST_PAUSE_S = 0.2
"""No session is looked at more often, whatever its times say."""

MANY_RUNNING = 32
"""More passes than this at a time are a burst; the ticks of a thousand sessions of 60 s stay below it."""

MINT_LATENCY_MAX_S = 1.0
"""A tick looks ahead by the time a mint takes, but no further: with the tick itself that is the 2 s that a mint may be early by."""


class Dispatcher:
    """Turns wake-ups into passes."""

    def __init__(
        self,
        *,
        clock: Clock,
        gate: LeadershipGate,
        table: Table,
        lanes: Lanes,
        reconcile: Reconcile,
        glance: Glance,
        provider_of: Callable[[SessionMemory], ProviderKey],
        let_go: Callable[[str], None],
        mint_latency: Callable[[], float],
        report: Callable[[SessionMemory, PassResult], None],
        metrics: Metrics,
    ) -> None:
        self._clock = clock
        self._gate = gate
        self._table = table
        self._lanes = lanes
        self._reconcile = reconcile
        self._provider_of = provider_of
        self._let_go = let_go
        self._mint_latency = mint_latency
        self._report = report
        self._metrics = metrics
        self._glances = Glances(clock, glance, self._glanced)
        self._wake_ups = WakeUps()
        self._nudge = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.last_tick = -math.inf

    def wake(self, entry: Entry, at: float | None = None) -> None:
        """See to it that a session is looked at by ``at``; None is now, whatever it is doing."""
        if at is not None:
            self._wake_ups.set_earlier(entry.memory.ref.uid, at)
        elif entry.queued:
            entry.again = True
        else:
            self._wake_ups.set(entry.memory.ref.uid, self._clock.now())
            self._nudge.set()

    def changed(self, entry: Entry) -> None:
        """A session wants something else: see to it that it is looked at now, and waits by that and not by what it wanted before."""
        if entry.work is not None:
            self._queue(entry, self._placed(entry, entry.work.horizon))
            return
        if entry.queued:
            self._let_go(entry.memory.ref.uid)
        self.wake(entry)

    def wake_all(self, memories: Iterable[SessionMemory]) -> None:
        """See to it that those of these sessions that still exist are looked at now."""
        for memory in memories:
            entry = self._table.get(memory.ref.uid)
            if entry is not None:
                self.wake(entry)

    def all_in_trouble(self, provider: ProviderKey) -> bool:
        """Whether no session of a provider goes on as it should."""
        fine = (entry.memory for entry in self._table if entry.is_fine)
        return not any(self._provider_of(memory) == provider for memory in fine)

    def drop(self, uid: str) -> None:
        """Forget a session that is gone."""
        self._wake_ups.drop(uid)

    def is_in_a_burst(self) -> bool:
        """Whether so much is done for tokens that all else may wait.

        What waits for a place does not count: within a provider's rate limit it may wait for hours, while the API server is idle.
        """
        return not self._stopping and len(self._running) > MANY_RUNNING

    async def run(self) -> None:
        """Tick until cancelled, or stopped."""
        next_tick = self._clock.now()
        while not self._stopping:
            await self._gate.opened()
            now = self._clock.now()
            if now >= next_tick:
                self.last_tick = now
                next_tick = now + TICK_S
                self._queue_due(until=next_tick + min(self._mint_latency(), MINT_LATENCY_MAX_S))
            else:
                self._queue_due(until=now)
            self._start()
            self._nudge.clear()
            try:
                async with asyncio.timeout(max(0.0, next_tick - self._clock.now())):
                    await self._nudge.wait()
            except TimeoutError:
                continue

    async def stop(self, *, grace: float) -> None:
        """Start nothing more; let what runs end within ``grace`` seconds, then cancel it."""
        self._stopping = True
        self._nudge.set()
        await self._glances.stop()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _queue_due(self, *, until: float) -> None:
        self._glances.give_up_on_late()
        for uid in self._wake_ups.pop_due(until):
            entry = self._table.get(uid)
            if entry is None:
                continue
            if entry.queued:
                entry.again = True
                continue
            if is_at_rest(entry.memory, horizon=until):
                self._glances.add(entry, horizon=until)
            else:
                self._queue(entry, self._work(entry.memory, horizon=until))

    def _glanced(self, entry: Entry, wake_at: float | None) -> None:
        """See to what follows a look; a pass where it did not suffice."""
        entry.queued = False
        if wake_at is None or entry.again:
            entry.again = False
            self._queue(entry, self._work(entry.memory, horizon=self._clock.now()))
        else:
            self._wake_ups.set_earlier(entry.memory.ref.uid, wake_at)

    def _queue(self, entry: Entry, work: Work) -> None:
        entry.queued, entry.work = True, work
        self._lanes.push(work)
        self._nudge.set()

    def _work(self, memory: SessionMemory, *, horizon: float) -> Work:
        urgency = urgency_of(memory, now=self._clock.now(), horizon=horizon)
        return Work(memory.ref.uid, self._provider_of(memory), urgency, horizon)

    def _start(self, provider: ProviderKey | None = None) -> None:
        if self._stopping or not self._gate.is_open():
            return
        while started := self._lanes.start(self._clock.now(), provider=provider):
            for work in started:
                self._begin(work)

    def _begin(self, work: Work) -> None:
        entry = self._table.get(work.uid)
        if entry is None or entry.work != (replace(work, beside=False) if work.beside else work):
            self._lanes.finished(work)  # it waits elsewhere now, or for nothing
        elif work.beside and (now := self._placed(entry, work.horizon)).urgency.lane is not Lane.LOOK:
            # A look that waited has become a rotation meanwhile: then it waits for one of the provider's places like others.
            self._lanes.finished(work)
            self._queue(entry, now)
        else:
            entry.work = None
            task = asyncio.create_task(self._pass(entry, work))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _placed(self, entry: Entry, horizon: float) -> Work:
        return self._work(entry.memory, horizon=max(horizon, self._clock.now()))

    async def _pass(self, entry: Entry, work: Work) -> None:
        try:
            await self._reconciled(entry, work)
        finally:
            self._lanes.finished(work)
            self._start(work.provider)

    async def _reconciled(self, entry: Entry, work: Work) -> None:
        memory, result = entry.memory, PassResult(self._clock.now() + TICK_S)
        memory.older_claimant = self._table.older_claimant(memory)
        try:
            came, may_mint = partial(self._token_came, work), not work.beside
            result = await self._reconcile(memory, horizon=work.horizon, may_mint=may_mint, token_came=came)
        except Exception:  # noqa: BLE001 - one session's surprise must not end the others; it is logged and retried
            result = PassResult(self._after_surprise(memory))
        else:
            if not memory.gone:
                self._report(memory, result)
        finally:
            entry.queued = False
            if not memory.gone:
                self._follow(entry, work, result)

    def _token_came(self, work: Work) -> None:
        """While it is written another session may ask."""
        if self._lanes.token_came(work):
            self._start(work.provider)

    def _follow(self, entry: Entry, work: Work, result: PassResult) -> None:
        """See to the pass after one that ended."""
        now, again, entry.again = self._clock.now(), entry.again or result.again, False
        if result.needs_place:
            placed = self._placed(entry, work.horizon)
            urgency = placed.urgency
            if urgency.lane is Lane.LOOK:
                urgency = rotation_of(entry.memory, now=now)
            self._queue(entry, replace(placed, urgency=urgency))
        elif again:
            self.wake(entry)
        else:
            self._wake_ups.set_earlier(work.uid, max(result.wake_at, now + SHORTEST_PAUSE_S))

    def _after_surprise(self, memory: SessionMemory) -> float:
        """An error that nobody planned costs one session one pass, never the process."""
        memory.failure = after_surprise(memory, now=self._clock.now())
        self._metrics.pass_failed(reason=Reason.INTERNAL_ERROR)
        _log.exception("a pass failed unexpectedly", extra={"fields": {"uid": memory.ref.uid}})
        return memory.failure.next_attempt

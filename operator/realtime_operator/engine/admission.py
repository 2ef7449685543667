"""Who may ask one provider, and when: its outage, its rate, and how many at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from realtime_operator.api.provider import Limits
from realtime_operator.core.blame import Blame, Blamed
from realtime_operator.core.capacity import Offer
from realtime_operator.core.errors import ProviderDown, ProviderError, ProviderThrottled
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.provider_standing import LastError, Standing
from realtime_operator.core.rate_hint import MINUTE_S
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.core.throttle import Throttle
from realtime_operator.engine.limiter import RateLimiter
from realtime_operator.engine.model_gate import ModelGate
from realtime_operator.engine.probing import Probing
from realtime_operator.engine.trial_bench import TrialBench
from realtime_operator.engine.turns import Lane, rotation_of, urgency_of
from realtime_operator.ports import Clock

LATENCY_WEIGHT = 0.2
"""How much the newest answer counts in the mean latency: a handful of answers is enough to follow a provider that slows down."""

ROOM_S = 1.0
"""How long a pass may wait for its moment within a rate limit: so many more passes than requests are in flight, and no more."""

TOO_MANY_REQUESTS, TROUBLE = 429, 500


class Admission:
    """The gate in front of one provider.

    Attributes:
        latency: mean seconds from request to answer.
    """

    def __init__(
        self,
        clock: Clock,
        name: str,
        *,
        all_in_trouble: Callable[[], bool],
        wake: Callable[[Sequence[SessionMemory]], None],
    ) -> None:
        """Begin with no limits and no trouble.

        Args:
            clock: time.
            name: of the provider, for the log.
            all_in_trouble: whether no session of it is without a failure.
            wake: has sessions looked at now.
        """
        self._clock = clock
        self._throttle = Throttle(None)
        self._limiter = RateLimiter(clock, self._throttle)
        self._wake = wake
        self._limits = Limits()
        self._blame, self._blame_within = Blame(), Blame()
        self._bench = TrialBench(clock, wake=wake, trial_at=self._limiter.next_moment)
        self._gates: dict[str, ModelGate] = {}
        self._probing = Probing(clock, name, all_in_trouble=all_in_trouble, wake=wake)
        self._last_error: LastError | None = None
        self._slow: ProviderThrottled | None = None
        self.latency = 0.0

    def limit(self, limits: Limits) -> None:
        """Take in what the object says; whoever waits goes by it at once."""
        self._limits, self._throttle.configured = limits, limits.requests_per_minute
        self._limiter.changed()

    @property
    def max_in_flight(self) -> int:
        """How many passes may run for it at once.

        Within a rate limit no more are of use than its requests take time (Little's law): who waits for a moment within a pass keeps
        a place that a more urgent session may need.
        """
        rate = self._throttle.per_minute(self._clock.now())
        if rate is None:
            return self._limits.max_in_flight
        return min(self._limits.max_in_flight, math.ceil(rate / MINUTE_S * (self.latency + ROOM_S) + 1))

    def offer(self, ref: ObjectRef) -> Offer:
        """What the provider, which is this object, allows now."""
        now = self._clock.now()
        return Offer(
            ref,
            per_minute=self._throttle.per_minute(now),
            is_configured=self._throttle.narrowed(now) is None,
            max_in_flight=self._limits.max_in_flight,
            latency=self.latency,
            is_down=self._probing.down is not None,
        )

    @property
    def standing(self) -> Standing:
        """How it stands with the provider now."""
        now = self._clock.now()
        return Standing(
            down=self._probing.down,
            paused_until=self._throttle.paused_until,
            narrowed=self._throttle.narrowed(now),
            narrowed_at=self._throttle.narrowed_at,
            per_minute=self._throttle.per_minute(now),
            last_error=self._last_error,
        )

    async def admitted(self, memory: SessionMemory) -> bool:
        """Wait until this session may ask; says whether it may, or was let go because what it would ask has changed.

        Raises:
            ProviderDown: the provider is in trouble, and another session asks whether it still is; or its model has a limit of its own,
                and another session's moment comes first.
        """
        self._may_come(memory, self._gates.get(memory.wanted.model))
        if self._throttle.in_trial and self._slow is not None and self._probing.down is None:
            self._bench.admit(memory, self._slow)
        now = self._clock.now()
        if not self._throttle.is_open(now):
            urgency = urgency_of(memory, now=now, horizon=now)
            if urgency.lane is Lane.LOOK:  # it found that a mint is needed
                urgency = rotation_of(memory, now=now)
            if not await self._limiter.admitted(urgency, uid=memory.ref.uid):
                return False
            self._probing.may_still(memory)
        return True

    def _may_come(self, memory: SessionMemory, gate: ModelGate | None) -> None:
        try:
            self._probing.admit(memory)
            if gate is not None:
                gate.admit(memory)
        except ProviderDown:
            # Who waits for an outage's end keeps no moment of another's, or all of these would be used at once then.
            self._bench.forgo(memory.ref.uid)
            if gate is not None:
                gate.forgo(memory.ref.uid)
            raise

    def let_go(self, uid: str) -> None:
        """A session wants something else: where it waits for its moment, it does not any more."""
        self._limiter.let_go(uid)

    def answered(self, answer: MintAnswer, *, model: str, uid: str) -> None:
        """Learn from an answer to a session's request for a model, whatever it is."""
        self.latency += LATENCY_WEIGHT * (answer.received_at - answer.sent_at - self.latency)
        if answer.status == TOO_MANY_REQUESTS:
            return
        now = self._clock.now()
        if answer.status < TROUBLE:
            mistaken = self._blame.granted(model, now)
            if mistaken is not None and self._slow is not None:
                throttle = self._throttle.handed_over()
                self._gates[mistaken] = ModelGate(self._clock, throttle, self._slow, wake=self._wake)
            self._blame_within.granted(uid, now)
            self._granted_to(model)
        self._throttle.granted(now)
        if not self._throttle.in_trial:
            self._bench.clear()
        self._limiter.changed()

    def _granted_to(self, model: str) -> None:
        gate = self._gates.get(model)
        if gate is not None:
            gate.granted()
            if gate.is_needless:
                del self._gates[model]

    def succeeded(self) -> None:
        """Learn that a token came."""
        since, now = self._probing.end(), self._clock.now()
        if since is None:
            return
        self._throttle.stood_still(since=since, now=now)
        for gate in self._gates.values():
            gate.stood_still(since=since, now=now)

    def failed(self, memory: SessionMemory, error: ProviderError) -> None:
        """Learn that none came, after the session remembered why."""
        self._last_error = LastError(self._clock.now(), str(error.reason), error.status)
        if isinstance(error, ProviderThrottled):
            self._throttled(memory, error)
        self._probing.failed(memory, error)

    def _throttled(self, memory: SessionMemory, error: ProviderThrottled) -> None:
        now, model, self._slow = self._clock.now(), memory.wanted.model, error
        row = memory.failure.count if memory.failure is not None else 1
        trial, use = self._throttle.in_trial, self._throttle.is_in_use(now)
        blamed = self._blame.refused(model, now, apart=model in self._gates, in_trial=trial, in_use=use)
        if blamed is Blamed.MODEL:
            if model not in self._gates:
                throttle = Throttle(None, granted=self._blame.granted_lately(model))
                self._gates[model] = ModelGate(self._clock, throttle, error, wake=self._wake)
            self._gates[model].refused(error, row=row, latency=self.latency)
            return
        # Within one model a tenant behind a gateway may have a limit of its own: then that session alone waits, as long as it must.
        uid = memory.ref.uid
        within = self._blame_within.refused(uid, now, apart=False, in_trial=trial, in_use=use)
        if blamed is Blamed.ALL and within is Blamed.ALL:
            self._throttle.refused(
                now, row=row, wish=error.retry_after or 0.0, refill=error.refill, latency=self.latency
            )
            self._bench.refused(memory)
            self._limiter.changed()

    def resume(self, known: Standing) -> None:
        """Take up what another process knew, so that not everybody finds out anew."""
        self._throttle.resume(
            paused_until=known.paused_until,
            per_minute=known.narrowed,
            narrowed_at=known.narrowed_at,
            now=self._clock.now(),
        )
        if known.down is not None:
            self._probing.resume(known.down)

    def begin_anew(self) -> None:
        """The provider is another one, or gone: what was known of it counts no more, and nobody waits."""
        self._throttle.forget()
        self._limiter.let_all_go()
        self._limiter.changed()
        gates, self._gates = self._gates, {}
        self._blame, self._blame_within = Blame(), Blame()
        self._bench.clear()
        for gate in gates.values():
            gate.let_all_go()
        self._probing.end()

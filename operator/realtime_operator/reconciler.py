"""The use case: observe, plan, mint, store, report. One pass over one session, from the object to the report and never back.

Every pass starts again from what the object wants and what the Secret holds. What a pass plans is decided in ``core.plan``; this file
carries it out in the order mint, Secret, status, and turns errors into what is remembered and reported.
"""

from __future__ import annotations

import logging
from typing import Any

from realtime_operator.core.ephemeral_token import EphemeralToken
from realtime_operator.core.errors import (
    InvalidSession,
    OperatorError,
    ProviderError,
    SecretConflict,
    SecretMoved,
)
from realtime_operator.core.failure import failure_after
from realtime_operator.core.mint_answer import read_token
from realtime_operator.core.mint_call import hash_of, mint_call
from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.ownership import Ownership
from realtime_operator.core.plan import Plan, Situation, plan
from realtime_operator.core.reasons import MintReason, Reason
from realtime_operator.core.schedule import lead_for, rotation_time
from realtime_operator.core.session_memory import SessionMemory, Wanted
from realtime_operator.core.token_secret import Holding, Target
from realtime_operator.pass_report import PassCase, pass_result
from realtime_operator.ports import (
    Clock,
    Metrics,
    PassResult,
    ProviderDirectory,
    ProviderHandle,
    SecretStore,
    TokenProvider,
)
from realtime_operator.secret_writer import Observation, SecretWriter

_log = logging.getLogger(__name__)

OBSERVATIONS_PER_PASS = 3
"""A Secret that moves more often within one pass is fought over; the next pass comes with back-off."""


class Reconciler:
    """Carries out passes; keeps nothing between them but what it is given."""

    def __init__(
        self,
        *,
        clock: Clock,
        providers: ProviderDirectory,
        mints: TokenProvider,
        secrets: SecretStore,
        metrics: Metrics,
    ) -> None:
        self._clock = clock
        self._providers = providers
        self._mints = mints
        self._writer = SecretWriter(secrets)
        self._metrics = metrics

    async def reconcile(self, memory: SessionMemory, *, horizon: float) -> PassResult:
        """Make one pass.

        Args:
            memory: of the session; brought up to date.
            horizon: rotations due by this local time are begun now.
        """
        case = PassCase(memory.wanted, horizon)
        try:
            await self._act(memory, case)
        except OperatorError as error:
            if not memory.gone:
                self._remember(memory, case, error)
        return pass_result(memory, case, now=self._clock.now())

    async def _act(self, memory: SessionMemory, case: PassCase) -> None:
        template = _valid(case.wanted)
        case.provider, case.lifetime = await self._providers.resolve(memory, template)
        view = case.provider.view
        case.request_hash = hash_of(view, template, case.lifetime, memory.ref.uid)
        wanted, model = case.wanted, template.model or ""
        target = Target(
            memory.ref, wanted.secret_name, wanted.secret, case.request_hash, view.base_url, model
        )
        for attempt in range(1, OBSERVATIONS_PER_PASS + 1):
            try:
                seen = await self._observe(memory, case, target)
                self._schedule(memory, case, seen.holding)
                await self._carry_out(memory, case, target, seen)
            except SecretMoved:
                memory.stamp = None
                if attempt == OBSERVATIONS_PER_PASS:
                    raise
            else:
                return

    async def _observe(self, memory: SessionMemory, case: PassCase, target: Target) -> Observation:
        """Find out what the Secret holds. Who has it keeps it, else the oldest session that names it gets it."""
        try:
            seen = await self._writer.observe(memory, case.wanted, target, now=self._clock.now())
        except SecretConflict:
            if memory.older_claimant:
                raise _claimed(memory) from None
            raise
        if memory.older_claimant and (seen.stamp is None or seen.verdict is not Ownership.OURS):
            raise _claimed(memory)
        return seen

    async def _carry_out(
        self, memory: SessionMemory, case: PassCase, target: Target, seen: Observation
    ) -> None:
        decision = self._plan(memory, case, seen)
        if decision.restore and seen.holding is not None:
            await self._writer.write(memory, case.wanted, target, seen, seen.holding, now=self._clock.now())
            seen = Observation(seen.holding, intact=True, stamp=memory.stamp)
        if decision.mint is not None:
            await self._rotate(memory, case, target, seen, decision.mint)
        if not decision.held_back:
            memory.failure = None
        if memory.holding is not None and memory.holding.request_hash == case.request_hash:
            memory.confirmed_generation = case.wanted.generation

    def _plan(self, memory: SessionMemory, case: PassCase, seen: Observation) -> Plan:
        now, handle = self._clock.now(), _present(case.provider)
        situation = Situation(
            now=now,
            horizon=max(now, case.horizon),
            provider_now=handle.clock.latest(now),
            generation=case.wanted.generation,
            suspended=case.wanted.suspended,
            request_hash=case.request_hash or "",
            rotate=case.wanted.rotate,
            secret_exists=seen.stamp is not None,
            intact=seen.intact,
            holding=seen.holding,
            due_at=memory.rotation_at,
            failure=memory.failure,
        )
        return plan(situation)

    async def _rotate(
        self,
        memory: SessionMemory,
        case: PassCase,
        target: Target,
        seen: Observation,
        reason: MintReason,
    ) -> None:
        token = await self._mint(case)
        handle, due_at = _present(case.provider), memory.rotation_at
        before = seen.holding
        alive = before is not None and before.token.expires_at > handle.clock.latest(self._clock.now())
        previous = before.token if before is not None and alive else None
        holding = Holding(
            token, previous, target.request_hash, case.wanted.rotate, target.base_url, target.model
        )
        await self._writer.write(memory, case.wanted, target, seen, holding, now=self._clock.now())
        self._schedule(memory, case, holding)
        self._metrics.minted(reason=reason)
        if reason is MintReason.ROTATION_DUE and due_at is not None:
            self._metrics.lateness(self._clock.now() - due_at)
        _log.debug(
            "token minted", extra={"fields": _named(memory) | {"reason": reason, "token_id": token.token_id}}
        )

    async def _mint(self, case: PassCase) -> EphemeralToken:
        handle, template = _present(case.provider), _valid(case.wanted)
        await handle.admitted()
        started = self._clock.now()
        answer = await self._mints.mint(mint_call(handle.view, template, case.lifetime))
        handle.answered(answer)
        self._metrics.mint_latency(self._clock.now() - started)
        allow = handle.view.allow
        longest = allow.max_lifetime_seconds if allow is not None else None
        return read_token(answer, clock=handle.clock, asked=case.lifetime, longest=longest)

    def _schedule(self, memory: SessionMemory, case: PassCase, holding: Holding | None) -> None:
        """Work out the rotation time and expiry of a token, unless they are known for it."""
        if holding is None:
            memory.rotation_at, memory.expires_at, memory.scheduled_for = None, 0.0, None
            return
        clock, token = _present(case.provider).clock, holding.token
        known_for = (token.token_id, case.wanted.propagation.value)
        if memory.scheduled_for == known_for and memory.lead is not None:
            return
        memory.lead = lead_for(
            lifetime=token.lifetime, propagation=case.wanted.propagation, clock_uncertainty=clock.uncertainty
        )
        if memory.scheduled_for == known_for:
            return
        due = rotation_time(
            issued_at=token.issued_at, expires_at=token.expires_at, left=memory.lead.left, uid=memory.ref.uid
        )
        # The lead covers the clock's uncertainty already; the pessimistic end here would count it twice.
        # Whole again, because status tells it so, and what it tells is what lateness is measured by.
        memory.rotation_at = float(round(clock.likely_local(due)))
        memory.expires_at = clock.earliest_local(token.expires_at)
        memory.scheduled_for = known_for

    def _remember(self, memory: SessionMemory, case: PassCase, error: OperatorError) -> None:
        now = self._clock.now()
        memory.failure = failure_after(
            memory.failure,
            error,
            now=now,
            life_left=memory.expires_at - now,
            uid=memory.ref.uid,
            generation=case.wanted.generation,
            rotate=case.wanted.rotate,
        )
        if isinstance(error, ProviderError):
            self._metrics.mint_failed(reason=str(error.reason))
        else:
            self._metrics.pass_failed(reason=str(error.reason))
        request_id = error.request_id if isinstance(error, ProviderError) else None
        _log.warning(
            "pass failed: %s",
            error,
            extra={"fields": _named(memory) | {"reason": str(error.reason), "request_id": request_id}},
        )


def _valid(wanted: Wanted) -> MintTemplate:
    template = wanted.template
    if isinstance(template, InvalidSession):
        # A fresh copy: an exception that is raised again and again would keep growing its traceback.
        raise InvalidSession(template.reason, str(template))
    return template


def _claimed(memory: SessionMemory) -> SecretConflict:
    return SecretConflict(
        Reason.SECRET_CONFLICT,
        f"Secret {memory.wanted.secret_name} belongs to the older session {memory.older_claimant}; delete one of the two sessions, or"
        " choose another spec.secret.name in a new one.",
    )


def _named(memory: SessionMemory) -> dict[str, Any]:
    return {"namespace": memory.ref.namespace, "session": memory.ref.name, "uid": memory.ref.uid}


def _present(handle: ProviderHandle | None) -> ProviderHandle:
    if handle is None:
        raise AssertionError("the provider is resolved before anything is planned")
    return handle

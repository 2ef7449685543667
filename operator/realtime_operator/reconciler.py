"""The use case: observe, plan, mint, store, report. One pass over one session, from the object to the report and never back.

Every pass starts again from what the object wants and what the Secret holds. What a pass plans is decided in ``core.plan``; this file
carries it out in the order mint, Secret, status, and turns errors into what is remembered and reported.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from realtime_operator.core.ephemeral_token import EphemeralToken
from realtime_operator.core.errors import (
    InvalidSession,
    OperatorError,
    ProviderNotReady,
    SecretConflict,
    SecretMoved,
    SecretValueNotReady,
)
from realtime_operator.core.mint_answer import read_token, same_token_again
from realtime_operator.core.mint_call import hash_of, mint_call
from realtime_operator.core.ownership import Ownership, claimed
from realtime_operator.core.plan import Plan, Situation, plan
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.reasons import MintReason
from realtime_operator.core.rest import hash_at_rest
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.core.token_schedule import schedule_token
from realtime_operator.core.token_secret import Holding, Target
from realtime_operator.pass_failure import named, remember
from realtime_operator.pass_report import PassCase, pass_result
from realtime_operator.ports import Clock, Metrics, PassResult, ProviderDirectory, SecretStore, TokenProvider
from realtime_operator.reference_ports import ValueSource
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
        values: ValueSource,
        metrics: Metrics,
        writing: Callable[[SessionMemory], None] = lambda _: None,
        word_on: Callable[[SessionMemory], bool | None] = lambda _: None,
    ) -> None:
        """Begin with nothing.

        Args:
            clock: local time.
            providers: where a session's provider is found.
            mints: where tokens come from.
            secrets: where they go.
            values: what requests take from Secrets.
            metrics: counts.
            writing: told of a session whose new token is about to be written.
            word_on: whether a session's Secret is the version in memory, where that is known without a look; else None.
        """
        self._clock = clock
        self._providers = providers
        self._mints = mints
        self._writer = SecretWriter(secrets, word_on)
        self._values = values
        self._metrics = metrics
        self._writing = writing

    async def reconcile(
        self,
        memory: SessionMemory,
        *,
        horizon: float,
        may_mint: bool = True,
        token_came: Callable[[], None] = lambda: None,
    ) -> PassResult:
        """Make one pass.

        Args:
            memory: of the session; brought up to date.
            horizon: rotations due by this local time are begun now.
            may_mint: whether the provider may be asked; if not, the result says where it would have been.
            token_came: called when a token has come and is to be written.
        """
        case = PassCase(
            memory.wanted,
            horizon,
            values_changed=memory.values_changed,
            may_mint=may_mint,
            token_came=token_came,
        )
        try:
            await self._act(memory, case)
        except OperatorError as error:
            if not memory.gone:
                remember(memory, case, error, now=self._clock.now(), metrics=self._metrics)
                if isinstance(error, ProviderNotReady | InvalidSession | SecretValueNotReady):
                    await self._keep(memory, case)
        return pass_result(memory, case, now=self._clock.now())

    async def _keep(self, memory: SessionMemory, case: PassCase) -> None:
        """Whatever keeps a session from minting, readers go on finding the token that it has; and if they do not, that is noticed."""
        wanted, now = case.wanted, self._clock.now()
        if memory.observed and (memory.holding is None or now >= memory.expires_at):
            return
        # No request is known, so whatever token there is keeps its own hash, base URL and model.
        target = Target(memory.ref, wanted.secret_name, wanted.secret, "", "", "")
        try:
            seen = await self._observe(memory, case, target)
            if seen.holding is not memory.unwritten:
                schedule_token(memory, wanted, ProviderClock(), seen.holding)
            if seen.holding is not None and not seen.intact and now < memory.expires_at:
                await self._writer.write(memory, wanted, target, seen, seen.holding, now=now)
        except OperatorError as error:
            # What keeps it from minting is remembered; the Secret is looked at again with the next attempt.
            self._metrics.pass_failed(reason=str(error.reason))

    async def _act(self, memory: SessionMemory, case: PassCase) -> None:
        template = case.wanted.request()
        case.provider, case.lifetime = await self._providers.resolve(memory, template)
        view = case.provider.view
        case.template = template = await self._values.filled(memory, template) if template.marks else template
        known = hash_at_rest(memory, view)
        case.request_hash = known or hash_of(view, template, case.lifetime, memory.ref.uid)
        wanted, model = case.wanted, template.model or ""
        target = Target(
            memory.ref, wanted.secret_name, wanted.secret, case.request_hash, view.base_url, model
        )
        for attempt in range(1, OBSERVATIONS_PER_PASS + 1):
            try:
                seen = await self._observe(memory, case, target)
                if seen.holding is not memory.unwritten:
                    schedule_token(memory, case.wanted, case.handle.clock, seen.holding)
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
                raise claimed(memory.wanted.secret_name, memory.older_claimant) from None
            raise
        if memory.older_claimant and (seen.stamp is None or seen.verdict is not Ownership.OURS):
            raise claimed(memory.wanted.secret_name, memory.older_claimant)
        return seen

    async def _carry_out(
        self, memory: SessionMemory, case: PassCase, target: Target, seen: Observation
    ) -> None:
        decision = self._plan(memory, case, seen)
        if decision.restore and seen.holding is not None:
            await self._write(memory, case, target, seen, seen.holding)
            seen = Observation(seen.holding, intact=True, stamp=memory.stamp, unshared=memory.unshared)
        if decision.mint is not None:
            case.needs_place = not case.may_mint
            if case.needs_place or not await self._rotate(memory, case, target, seen, decision.mint):
                return
        if not decision.held_back:
            memory.failure = None
        if memory.holding is not None and memory.holding.request_hash == case.request_hash:
            memory.confirmed_generation = case.wanted.generation

    def _plan(self, memory: SessionMemory, case: PassCase, seen: Observation) -> Plan:
        now, handle = self._clock.now(), case.handle
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
            # A token that waits to be written was minted just now; the rotation time known is that of the one before.
            due_at=memory.rotation_at if seen.holding is not memory.unwritten else None,
            failure=memory.failure,
        )
        return plan(situation)

    async def _rotate(
        self, memory: SessionMemory, case: PassCase, target: Target, seen: Observation, reason: MintReason
    ) -> bool:
        """Mint and write; says whether that was done, and nothing had changed while it waited its turn."""
        handle, due_at, before = case.handle, memory.rotation_at, seen.holding
        may_ask = await handle.admitted(memory)
        if not may_ask or memory.gone or memory.wanted is not case.wanted or not case.is_current(memory):
            case.overtaken = True
            return False
        token = await self._mint(case, memory.ref.uid)
        if before is not None and before.token.value == token.value:
            raise same_token_again()
        handle.succeeded()
        case.token_came()
        self._writing(memory)
        alive = before is not None and before.token.expires_at > handle.clock.latest(self._clock.now())
        previous = before.token if before is not None and alive else None
        holding = Holding(
            token, previous, target.request_hash, case.wanted.rotate, target.base_url, target.model
        )
        case.minted = (reason, due_at)
        await self._write(memory, case, target, seen, holding)
        return True

    async def _write(
        self, memory: SessionMemory, case: PassCase, target: Target, seen: Observation, holding: Holding
    ) -> None:
        """Write a token, and count it where it was minted in this pass: perhaps at the second attempt, because the Secret had moved."""
        await self._writer.write(memory, case.wanted, target, seen, holding, now=self._clock.now())
        schedule_token(memory, case.wanted, case.handle.clock, holding)
        if case.minted is None:
            return
        (reason, due_at), case.minted = case.minted, None
        self._metrics.minted(reason=reason)
        if reason is MintReason.ROTATION_DUE and due_at is not None:
            self._metrics.lateness(self._clock.now() - due_at)
        if _log.isEnabledFor(logging.DEBUG):
            fields = named(memory) | {"reason": reason, "token_id": holding.token.token_id}
            _log.debug("token minted", extra={"fields": fields})

    async def _mint(self, case: PassCase, uid: str) -> EphemeralToken:
        handle, template = case.handle, case.template or case.wanted.request()
        started = self._clock.now()
        answer = await self._mints.mint(mint_call(handle.view, template, case.lifetime))
        handle.answered(answer, model=case.wanted.model, uid=uid)
        self._metrics.mint_latency(self._clock.now() - started)
        allow = handle.view.allow
        longest = allow.max_lifetime_seconds if allow is not None else None
        return read_token(answer, clock=handle.clock, asked=case.lifetime, longest=longest)

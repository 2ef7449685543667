"""Ends a pass: what it found out becomes the status, the events and the next wake-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.reasons import MintReason
from realtime_operator.core.report import Facts, news, status_document
from realtime_operator.core.rest import Rest
from realtime_operator.core.session_memory import SessionMemory, Wanted
from realtime_operator.ports import Notice, PassResult, ProviderHandle
from realtime_operator.secret_writer import LOOK_AGAIN_S, TRUSTED_S


@dataclass(slots=True)
class PassCase:
    """What one pass has found out so far.

    Attributes:
        wanted: what the session asked for when the pass began.
        horizon: rotations due by this local time are begun now.
        provider: the provider resolved, or None.
        lifetime: seconds to ask for, or None.
        template: the request with its values put in; None while unknown.
        values_changed: as memory had it when the pass began.
        request_hash: of what would be sent; None while unknown.
        may_mint: whether the pass has one of the provider's places.
        token_came: to be called when a token has come and is to be written.
        needs_place: whether it turned out to need one.
        minted: why a token was minted and when that was due, until it is written; None for none.
        overtaken: whether session or provider changed while it waited.
    """

    wanted: Wanted
    horizon: float
    provider: ProviderHandle | None = None
    lifetime: int | None = None
    template: MintTemplate | None = None
    values_changed: int = 0
    request_hash: str | None = None
    may_mint: bool = True
    token_came: Callable[[], None] = lambda: None
    needs_place: bool = False
    minted: tuple[MintReason, float | None] | None = None
    overtaken: bool = False

    @property
    def handle(self) -> ProviderHandle:
        """The provider, which is resolved before anything is planned."""
        if self.provider is None:
            raise AssertionError("the provider is resolved before anything is planned")
        return self.provider

    def is_current(self, memory: SessionMemory) -> bool:
        """Whether provider and values from Secrets still are what the pass found them to be."""
        return self.handle.is_current and memory.values_changed == self.values_changed


def pass_result(memory: SessionMemory, case: PassCase, *, now: float) -> PassResult:
    """Say what the object should show, what people should hear, and when to look again."""
    memory.rest = None
    if case.needs_place or case.overtaken:
        # The next pass follows at once, and says what there is to say.
        return PassResult(now, again=case.overtaken, needs_place=case.needs_place)
    wake_at = next_wake_up(memory, case.wanted, now=now)
    if memory.gone or _knows_nothing_new(memory, case, now=now):
        return PassResult(wake_at)
    known = facts(memory, case, now=now)
    status = status_document(known, memory.status)
    memory.rest = _rest_after(memory, case) if known.ready else None
    told = _told_by_the_provider(memory)
    notices = [Notice(memory.ref, *item) for item in news(memory.status, status) if item[1] != told]
    return PassResult(wake_at, status, notices)


def _rest_after(memory: SessionMemory, case: PassCase) -> Rest | None:
    """What a session rests upon after a pass; None where the next look must be a whole pass.

    That is so for whoever has pods to be told, values from Secrets or a policy about its namespace, because these are looked at in passes.
    """
    wanted, holding, provider = case.wanted, memory.holding, case.provider
    if provider is None or holding is None or case.template is None:
        return None
    allow = provider.view.allow
    settled = (
        memory.wanted is wanted
        and memory.failure is None
        and memory.unwritten is None
        and memory.checked_generation == wanted.generation
        and case.is_current(memory)
    )
    watched_closely = (
        wanted.suspended
        or bool(wanted.pod_selector)
        or bool(case.template.marks)
        or bool(case.template.secrets)
        or (bool(wanted.rotate) and wanted.rotate != holding.rotate)
        or (allow is not None and allow.namespaces is not None)
    )
    return Rest(wanted, holding, provider.view) if settled and not watched_closely else None


def _told_by_the_provider(memory: SessionMemory) -> str | None:
    """The reason of an outage that keeps this session waiting though nothing of its own failed: the provider has an event about it."""
    failure = memory.failure
    return failure.reason if failure is not None and failure.is_held_back and not failure.count else None


def facts(memory: SessionMemory, case: PassCase, *, now: float) -> Facts:
    """What is known at the pass's end."""
    holding = memory.holding if memory.stamp is not None else None
    if case.request_hash is not None:
        current = holding is not None and holding.request_hash == case.request_hash
    else:
        current = memory.confirmed_generation == case.wanted.generation
    expired = now >= memory.expires_at
    if holding is not None and case.provider is not None:
        # A clock that is known better since then may leave it a moment more, but nobody would look again in that moment.
        expired = expired or case.provider.clock.latest(now) >= holding.token.expires_at
    view = case.provider.view if case.provider is not None else None
    return Facts(
        now=now,
        generation=case.wanted.generation,
        suspended=case.wanted.suspended,
        provider=(view.kind, view.name) if view is not None else _provider_before(memory),
        secret_name=case.wanted.secret_name,
        secret_uid=memory.stamp.uid if memory.stamp is not None else None,
        holding=holding,
        expired=expired,
        current=current,
        rotation_at=memory.rotation_at,
        lead=memory.lead,
        rotations=memory.rotations,
        failure=memory.failure,
        is_unserved=case.wanted.is_unserved,
        delivery=memory.delivery if case.wanted.pod_selector else None,
    )


def next_wake_up(memory: SessionMemory, wanted: Wanted, *, now: float) -> float:
    """The next moment at which anything may have to be done or said."""
    look_after = TRUSTED_S + (LOOK_AGAIN_S - TRUSTED_S) * memory.spread
    look_at = (memory.checked_at if memory.stamp is not None else now) + look_after
    # A look that is overdue has just failed: the failure says when to look again, not the clock that ran out.
    moments = [look_at if look_at > now else now + look_after]
    if memory.failure is not None:
        moments.append(memory.failure.next_attempt)
    elif memory.rotation_at is not None and not wanted.suspended:
        moments.append(memory.rotation_at)
    if memory.expires_at > now:
        moments.append(memory.expires_at)
    return min(moments)


def _knows_nothing_new(memory: SessionMemory, case: PassCase, *, now: float) -> bool:
    """Unreadable is not missing: until the Secret was read once, a status that may still be true is left alone."""
    said_before: Any = memory.status.get("observedGeneration")
    same_spec = said_before == case.wanted.generation and memory.confirmed_generation == said_before
    return not memory.observed and same_spec and now < memory.expires_at


def _provider_before(memory: SessionMemory) -> tuple[str, str] | None:
    ref = memory.status.get("providerRef")
    return (ref["kind"], ref["name"]) if ref else None

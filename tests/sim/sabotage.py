"""Bugs, planted around the operator's passes and around its watch of Secrets by the seams that are there for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from realtime_operator.core.schedule import SPREAD_SHARE
from realtime_operator.core.secret_view import SecretStamp
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.ports import PassResult, Reconcile
from realtime_operator.secret_watch_ports import SecretFeed, SecretName, SecretsHeard

BEYOND_S = 30.0
EVERY = 40


def late_by_the_lead(inner: Reconcile) -> Reconcile:
    """Rotation begins when the life is used up, and not when the lead is left of it."""
    shifted: dict[str, object] = {}

    async def reconcile(memory: SessionMemory, **how: Any) -> PassResult:
        result = await inner(memory, **how)
        lead, uid = memory.lead, memory.ref.uid
        if lead is not None and memory.rotation_at is not None and shifted.get(uid) != memory.scheduled_for:
            shifted[uid] = memory.scheduled_for
            memory.rotation_at += lead.left + SPREAD_SHARE * lead.lifetime
        return result

    return reconcile


def back_off_beyond_expiry(inner: Reconcile) -> Reconcile:
    """After a failure the next attempt comes when the token is past its expiry."""

    async def reconcile(memory: SessionMemory, **how: Any) -> PassResult:
        result = await inner(memory, **how)
        failure = memory.failure
        if failure is None or memory.expires_at <= 0:
            return result
        at = max(failure.next_attempt, memory.expires_at + BEYOND_S)
        memory.failure = replace(failure, next_attempt=at)
        return replace(result, wake_at=at)

    return reconcile


def lost_wake_up(inner: Reconcile) -> Reconcile:
    """Now and then a pass ends, and nobody looks at the session again."""
    passes = count(1)

    async def reconcile(memory: SessionMemory, **how: Any) -> PassResult:
        result = await inner(memory, **how)
        return replace(result, wake_at=math.inf) if next(passes) % EVERY == 0 else result

    return reconcile


def far_too_early(inner: Reconcile) -> Reconcile:
    """Rotation begins as soon as it was done."""
    shifted: dict[str, object] = {}

    async def reconcile(memory: SessionMemory, **how: Any) -> PassResult:
        result = await inner(memory, **how)
        lead, uid = memory.lead, memory.ref.uid
        if lead is not None and memory.rotation_at is not None and shifted.get(uid) != memory.scheduled_for:
            shifted[uid] = memory.scheduled_for
            memory.rotation_at -= lead.left
            return replace(result, wake_at=memory.rotation_at)
        return result

    return reconcile


def vouches_for_the_deleted(inner: SecretFeed) -> SecretFeed:
    """What is told of a deletion changes nothing: the version before it is vouched for."""
    return _Filtered(inner, lambda stamp: stamp is not None)


def vouches_for_the_edited(inner: SecretFeed) -> SecretFeed:
    """The same with what somebody else has written."""
    return _Filtered(inner, lambda stamp: stamp is None)


@dataclass(frozen=True, slots=True)
class _Filtered:
    """Tells of some changes only."""

    inner: SecretFeed
    is_told: Callable[[SecretStamp | None], bool]

    async def follow(self, namespace: str | None, heard: SecretsHeard) -> None:
        """See ``SecretFeed``."""
        await self.inner.follow(namespace, _Heard(heard, self.is_told))


@dataclass(frozen=True, slots=True)
class _Heard:
    heard: SecretsHeard
    is_told: Callable[[SecretStamp | None], bool]

    def listed(self, stamps: Mapping[SecretName, SecretStamp]) -> None:
        """See ``SecretsHeard``."""
        self.heard.listed(stamps)

    def changed(self, name: SecretName, stamp: SecretStamp | None) -> None:
        """See ``SecretsHeard``."""
        if self.is_told(stamp):
            self.heard.changed(name, stamp)

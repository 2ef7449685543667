"""Keeps one session's Secret known and filled: observes it as seldom as is safe, and writes it only if it is ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from realtime_operator.core.errors import ClusterForbidden, SessionGone
from realtime_operator.core.ownership import Ownership, ownership
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_documents import (
    create_manifest,
    merge_patch,
    replacement,
    takeover_patch,
)
from realtime_operator.core.secret_view import ObservedSecret, SecretStamp, WrittenSecret
from realtime_operator.core.session_memory import SessionMemory, Wanted
from realtime_operator.core.token_secret import (
    Holding,
    Target,
    content_of,
    entry_names,
    has_nothing_else,
    holding_of,
    is_intact,
)
from realtime_operator.core.value_type import value_type
from realtime_operator.ports import SecretStore

LOOK_AGAIN_S = 60.0
"""The longest time that an edited or deleted Secret goes unnoticed where Secrets may not be watched."""

TRUSTED_S = 45.0
"""How long what was seen or written is believed: less than the wake-ups for looking are apart, however they are spread."""

UNCHECKED = -1
"""No generation: the Secret is to be read at the next pass, however short ago it was seen."""


@value_type(frozen=True, slots=True)
class Observation:
    """What is known of the Secret at this moment.

    Attributes:
        holding: the token to go on with: the Secret's own, or a later one that memory can restore; None for neither.
        intact: whether the Secret holds exactly what it should for ``holding``.
        stamp: which Secret is there; None for none.
        observed: the Secret as read in this pass; None where memory sufficed or there is none.
        verdict: what may be done with it.
        unshared: whether it holds what we wrote and nothing else.
    """

    holding: Holding | None
    intact: bool
    stamp: SecretStamp | None
    observed: ObservedSecret | None = None
    verdict: Ownership = Ownership.OURS
    unshared: bool = False


class SecretWriter:
    """Reads and writes Secrets through the port; all that it knows is in the session's memory."""

    def __init__(self, secrets: SecretStore, word_on: Callable[[SessionMemory], bool | None]) -> None:
        self._secrets = secrets
        self._word_on = word_on

    async def observe(
        self, memory: SessionMemory, wanted: Wanted, target: Target, *, now: float
    ) -> Observation:
        """Find out what the Secret holds; without a request if it was seen or written lately.

        Raises:
            SecretConflict: the Secret is somebody else's.
            ClusterError: it could not be read; nothing is known then.
        """
        if memory.stamp is None or memory.checked_generation != wanted.generation:
            return await self._read(memory, wanted, target, now=now)
        if not is_believed(memory, self._word_on(memory), now=now):
            stamp = await self._secrets.look(target.session.namespace or "", target.name)
            if stamp != memory.stamp:
                return await self._read(memory, wanted, target, now=now)
            memory.checked_at = now
        holding = memory.unwritten or memory.holding
        intact = memory.unwritten is None
        return Observation(holding, intact, memory.stamp, unshared=memory.unshared)

    async def write(
        self,
        memory: SessionMemory,
        wanted: Wanted,
        target: Target,
        seen: Observation,
        holding: Holding,
        *,
        now: float,
    ) -> None:
        """Write a token into the Secret, in one request that cannot touch anybody else's.

        Raises:
            SecretMoved: the Secret is not what was observed; observe again.
            SessionGone: the session was deleted meanwhile.
            ClusterError: it could not be written; the token stays in memory, and is written before another is minted.
        """
        memory.unwritten = holding
        if memory.gone:
            raise SessionGone(Reason.SESSION_GONE, "The session was deleted while its token was minted.")
        written = await self._store(target, seen, holding)
        before = memory.holding
        if seen.stamp is not None and before is not None and before.token.value != holding.token.value:
            memory.rotations += 1
        _learn(memory, wanted, holding, written.stamp, now=now)
        memory.unshared = written.as_sent

    async def _store(self, target: Target, seen: Observation, holding: Holding) -> WrittenSecret:
        namespace, content = target.session.namespace or "", content_of(target, holding)
        if seen.stamp is None:
            return await self._secrets.create(namespace, create_manifest(target, content))
        if seen.unshared:
            # Less work for the API server; whatever anybody did to the Secret meanwhile gave it another version, and is not lost.
            document = replacement(target, content, stamp=seen.stamp)
            with suppress(ClusterForbidden):  # an installation of before, whose rights know patches only
                return await self._secrets.replace(namespace, target.name, document)
        observed, stale = seen.observed, target.entry_names
        if observed is not None:
            stale |= frozenset(entry_names(observed).values())
        if observed is not None and seen.verdict is Ownership.TAKEOVER:
            patch = takeover_patch(target, content, observed=observed, stale=stale)
        else:
            patch = merge_patch(content, stamp=seen.stamp, stale=stale)
        return WrittenSecret(await self._secrets.patch(namespace, target.name, patch), as_sent=False)

    async def _read(
        self, memory: SessionMemory, wanted: Wanted, target: Target, *, now: float
    ) -> Observation:
        observed = await self._secrets.read(target.session.namespace or "", target.name)
        is_first_sight, known_as = not memory.observed, memory.stamp if memory.unshared else None
        memory.stamp, memory.unshared, memory.observed = None, False, True
        known = memory.unwritten or memory.holding
        if observed is None:
            return Observation(known, intact=False, stamp=None)
        verdict, held = ownership(observed, target), holding_of(observed)
        if is_first_sight and held is not None and _is_untold(memory, observed.stamp, held):
            memory.rotations += 1
        holding = _later(held, known)
        intact = unshared = False
        if holding is not None and verdict is Ownership.OURS:
            content = content_of(target, holding)
            intact = is_intact(observed, content)
            # Of a version that we wrote as a whole that is known, whatever the spec asks for since.
            unshared = observed.stamp == known_as or (intact and has_nothing_else(observed, content))
        if holding is not None and intact:
            _learn(memory, wanted, holding, observed.stamp, now=now)
        elif holding is not None and verdict is Ownership.OURS and _same_token(held, holding):
            # Readers have the token, so it counts; what is wrong around it is mended, and read again until it is.
            memory.holding, memory.stamp = holding, observed.stamp
            memory.checked_at, memory.checked_generation = now, UNCHECKED
        memory.unshared = unshared
        return Observation(holding, intact, observed.stamp, observed, verdict, unshared)


def is_believed(memory: SessionMemory, word: bool | None, *, now: float) -> bool:  # noqa: FBT001 - what ``word_on`` says
    """Whether a Secret need not be looked at: it is the version in memory by a watch, whose word counts as a look, or was so lately.

    A watch that says nothing leaves it at that; one that says otherwise has to be looked after, however lately.
    """
    if word:
        memory.checked_at = now
    return word is not False and now - memory.checked_at < TRUSTED_S


def _learn(
    memory: SessionMemory, wanted: Wanted, holding: Holding, stamp: SecretStamp, *, now: float
) -> None:
    memory.holding, memory.unwritten, memory.stamp = holding, None, stamp
    memory.checked_at, memory.checked_generation = now, wanted.generation


def _is_untold(memory: SessionMemory, stamp: SecretStamp, held: Holding) -> bool:
    """Whether the process before ended between a rotation's Secret and its status: status has another token of the same Secret."""
    told = memory.status.get("secretRef") or {}
    return told.get("uid") == stamp.uid and memory.status.get("tokenID") != held.token.token_id


def _same_token(one: Holding | None, other: Holding) -> bool:
    return one is not None and one.token.value == other.token.value


def _later(observed: Holding | None, known: Holding | None) -> Holding | None:
    """The token that was issued later; memory's word where both are the same, for anybody may edit what the Secret says of it."""
    if observed is None or known is None:
        return observed or known
    if _same_token(observed, known):
        return known
    return observed if observed.token.issued_at > known.token.issued_at else known

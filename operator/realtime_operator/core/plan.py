"""Whether to mint, to restore, to wait or to keep.

The order of the questions is the policy. A mint happens only for one of the reasons in ``MintReason``: never because the operator
restarted, a leader changed or a list was replayed. Unreadable is not missing: whoever cannot read the Secret does not get here.
"""

from __future__ import annotations

from realtime_operator.core.failure import Failure
from realtime_operator.core.reasons import MintReason
from realtime_operator.core.token_secret import Holding
from realtime_operator.core.value_type import value_type


@value_type(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that the decision depends on.

    Attributes:
        now: local time.
        horizon: rotations due by this local time are begun now, together with all others of the tick.
        provider_now: the latest time that the provider's clock may show.
        generation: of the session.
        suspended: whether the session asks for no mints at all.
        request_hash: of what would be sent now.
        rotate: the rotate annotation's value; empty for none.
        secret_exists: whether a Secret of ours was found.
        intact: whether it holds exactly what it should for ``holding``.
        holding: the token that the Secret holds, or that memory can restore; None for neither.
        due_at: local time at which its rotation is due; None without a token.
        failure: the last of a row of failures, or None.
    """

    now: float
    horizon: float
    provider_now: float
    generation: int
    suspended: bool
    request_hash: str
    rotate: str
    secret_exists: bool
    intact: bool
    holding: Holding | None
    due_at: float | None
    failure: Failure | None


@value_type(frozen=True, slots=True)
class Plan:
    """What to do now, in this order; all empty is to keep.

    Attributes:
        restore: write the living token that memory holds, because the Secret lost it or was edited; before a mint, which may fail.
        mint: why to mint, or None.
        held_back: a mint is wanted, and has to wait for the failure's next attempt.
    """

    restore: bool = False
    mint: MintReason | None = None
    held_back: bool = False


def plan(situation: Situation) -> Plan:
    """Decide."""
    holding, failure = situation.holding, situation.failure
    alive = holding is not None and not is_expired(holding, situation.provider_now)
    broken = alive and not situation.intact
    reason = None if situation.suspended else mint_reason(situation)
    if reason is None:
        return Plan(restore=broken)
    waiting = failure is not None and failure.holds_back(
        now=situation.now, generation=situation.generation, rotate=situation.rotate
    )
    if waiting:
        return Plan(restore=broken, held_back=True)
    return Plan(restore=broken, mint=reason)


def mint_reason(situation: Situation) -> MintReason | None:
    """The first reason to mint, or None."""
    holding = situation.holding
    if holding is None:
        return MintReason.SECRET_INCOMPLETE if situation.secret_exists else MintReason.SECRET_MISSING
    if is_expired(holding, situation.provider_now):
        return MintReason.EXPIRED
    if holding.request_hash != situation.request_hash:
        return MintReason.REQUEST_CHANGED
    if situation.rotate and situation.rotate != holding.rotate:
        return MintReason.ROTATE_REQUESTED
    if situation.due_at is not None and situation.horizon >= situation.due_at:
        return MintReason.ROTATION_DUE
    return None


def is_expired(holding: Holding, provider_now: float) -> bool:
    """Whether the token no longer works, at the latest time that the provider's clock may show."""
    return provider_now >= holding.token.expires_at

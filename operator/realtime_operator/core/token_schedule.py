"""When a session's token is due and when it expires, in local time: worked out for each token, then remembered.

Once more where the provider's clock is known much better by then. An answer that took 6 s leaves 7 s within which that clock may be, and
the middle of them is up to 3.5 s wrong; by the time that its token is due others have told more.
"""

from __future__ import annotations

from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.schedule import Lead, lead_for, rotation_time
from realtime_operator.core.session_memory import SessionMemory, Wanted, propagation_for
from realtime_operator.core.token_secret import Holding

BETTER_KNOWN_S = 1.0
"""So much less uncertainty makes it worth while to work a rotation time out once more."""

ROUNDING_S = 1.0
"""Whole seconds may differ by so much without a reason. What lies within that and the clock's own doubt stands: it may be right."""


def schedule_token(
    memory: SessionMemory, wanted: Wanted, clock: ProviderClock, holding: Holding | None
) -> None:
    """Bring rotation time, expiry and lead in memory in line with a token, unless they are known for it as well as they can be.

    What a process before this one wrote into the status stands as long as what is known of the clock allows it.

    Args:
        memory: of the session; brought up to date.
        wanted: for the propagation.
        clock: the provider's.
        holding: the token that readers have, or None.
    """
    if holding is None:
        memory.rotation_at, memory.expires_at, memory.scheduled_for = None, 0.0, None
        return
    token, propagation = holding.token, propagation_for(wanted, memory.delivery)
    known_for = (token.token_id, propagation.value)
    is_known, before = memory.scheduled_for == known_for, memory.lead
    if is_known and before is not None and not _is_better_known(clock, before):
        return
    memory.lead = lead_for(
        lifetime=token.lifetime, propagation=propagation, clock_uncertainty=clock.uncertainty
    )
    if is_known and before is None:
        return
    due = rotation_time(
        issued_at=token.issued_at, expires_at=token.expires_at, left=memory.lead.left, spread=memory.spread
    )
    # The lead covers the clock's uncertainty already; the pessimistic end here would count it twice.
    # Whole again, because status tells it so, and what it tells is what lateness is measured by.
    rotation_at = float(round(clock.likely_local(due)))
    doubt = clock.uncertainty / 2 + ROUNDING_S
    if not is_known or memory.rotation_at is None or abs(rotation_at - memory.rotation_at) > doubt:
        memory.rotation_at = rotation_at
    memory.expires_at = clock.earliest_local(token.expires_at)
    memory.scheduled_for = known_for


def _is_better_known(clock: ProviderClock, lead: Lead) -> bool:
    """Whether answers have told more of it than what a lead was made with; a clock without answers is an assumption, however narrow."""
    return clock.seen_at is not None and lead.clock_uncertainty - clock.uncertainty >= BETTER_KNOWN_S

"""When a session's token is due and when it expires, in local time: worked out once for each token, then remembered."""

from __future__ import annotations

from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.schedule import lead_for, rotation_time
from realtime_operator.core.session_memory import SessionMemory, Wanted, propagation_for
from realtime_operator.core.token_secret import Holding


def schedule_token(
    memory: SessionMemory, wanted: Wanted, clock: ProviderClock, holding: Holding | None
) -> None:
    """Bring rotation time, expiry and lead in memory in line with a token, unless they are known for it.

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
    if memory.scheduled_for == known_for and memory.lead is not None:
        return
    memory.lead = lead_for(
        lifetime=token.lifetime, propagation=propagation, clock_uncertainty=clock.uncertainty
    )
    if memory.scheduled_for == known_for:
        return
    due = rotation_time(
        issued_at=token.issued_at, expires_at=token.expires_at, left=memory.lead.left, spread=memory.spread
    )
    # The lead covers the clock's uncertainty already; the pessimistic end here would count it twice.
    # Whole again, because status tells it so, and what it tells is what lateness is measured by.
    memory.rotation_at = float(round(clock.likely_local(due)))
    memory.expires_at = clock.earliest_local(token.expires_at)
    memory.scheduled_for = known_for

"""How long after the one before a probe is sent to a provider that is down."""

from __future__ import annotations

import math

from realtime_operator.core.errors import FailureClass

PROBE_EXPIRED_S = 0.25
"""While anybody has no living token: half of it is what a session waits on average after the provider is back."""

PROBE_EXPIRED_LATER_S = ((120.0, PROBE_EXPIRED_S), (3600.0, 1.0), (math.inf, 5.0))
"""How long somebody has had no living token, and the pause until then. A provider that never answers well again, because it was taken down
or its address is wrong, is not to be asked four times a second for ever; who waited for an hour does not mind five seconds."""

PROBE_EVERY_S = 1.0
"""The first pause while all tokens still live."""

PROBE_PAUSE_MAX_S = 30.0
"""The longest pause while all tokens still live."""

PROBES_BEFORE_EXPIRY = 4
"""A pause takes no larger part of the life left to the token that expires first than one of so many."""

PEOPLE_PAUSE_MAX_S, PEOPLE_PAUSE_ALIVE_S = 300.0, 30.0
"""Where people must mend it, the probes back off to this; where a living token runs out, as it would if only one tenant's account were
empty behind a gateway, to the second."""


def probe_pause(cause: FailureClass | None, *, probes: int, left: float, expired_for: float) -> float:
    """Seconds from the slot before to the next probe, as one session that waits needs it.

    Args:
        cause: what has to happen before the provider is back; None while it is not known to be down.
        probes: slots so far.
        left: seconds of life left to the session's token; 0 or less without one.
        expired_for: seconds since somebody first had no living token.
    """
    backed_off = PROBE_EVERY_S * 2.0 ** min(probes, 16)
    if cause is FailureClass.PEOPLE:
        alive = max(PEOPLE_PAUSE_ALIVE_S, left / PROBES_BEFORE_EXPIRY) if left > 0 else PEOPLE_PAUSE_MAX_S
        return min(backed_off, alive, PEOPLE_PAUSE_MAX_S)
    if left > 0:
        return max(PROBE_EXPIRED_S, min(backed_off, PROBE_PAUSE_MAX_S, left / PROBES_BEFORE_EXPIRY))
    return next(pause for until, pause in PROBE_EXPIRED_LATER_S if expired_for < until)

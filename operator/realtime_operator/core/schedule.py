"""When to rotate, and when to try again. The only arithmetic on time.

The rule: ``P`` = propagation + clock uncertainty; ``lead`` = P + a reserve for retries. Rotation begins when
``min(max(lead, L/3), 0.8 L)`` of the life ``L`` is left, so that a short life eats the reserve first and never the propagation;
earlier by at most 5 % of ``L``, derived from the UID, so that sessions made together do not stay together.
Only where ``P > 0.8 L`` can the promise not be kept; then rotation begins at half of the life, and the object says so.
Due (the rotation time has come) and expired (the token no longer works) are two questions.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

from realtime_operator.api.session import Propagation
from realtime_operator.core.value_type import value_type

PROPAGATION_S = {Propagation.KUBELET: 90.0, Propagation.POD_ANNOTATION: 5.0, Propagation.NONE: 2.0}
"""Seconds from the Secret's write until every reader sees it: a kubelet re-reads a mounted Secret after at most 60 s + 50 % jitter;
that of a pod whose annotation changed does so at once, and has 5 s for what took 0.3 s in 99 of 100 cases and for a second attempt;
readers of the API see it at once, and get 2 s for their own watch."""

MIN_CLOCK_UNCERTAINTY_S = 1.0
"""A Date header has a resolution of one second; no estimate is trusted further."""

RESERVE_SHARE, RESERVE_MIN_S, RESERVE_MAX_S = 0.2, 2.0, 60.0
"""Room for retries: a share of the life, but no less than one retry needs and no more than an outage that people sleep through."""

RELAXED_SHARE = 1 / 3
"""With life to spare, rotate at two thirds of it, as cert-manager does."""

LATEST_SHARE = 0.8
"""Never begin before a fifth of the life is used: earlier would be minting in a loop."""

SPREAD_SHARE = 0.05
"""How much earlier the UID may move a rotation, as a share of the life."""

LONGEST_LIFETIME_S = 7200
"""The longest life the API grants."""


@value_type(frozen=True, slots=True)
class Lead:
    """How much life is left when rotation begins.

    Attributes:
        lifetime: the token's life in seconds.
        covered: seconds that propagation and clock uncertainty take.
        left: seconds of life left when rotation begins, before the spread.
        sufficient: whether the life covers propagation and clock uncertainty.
        propagation: that it is covered for.
    """

    lifetime: float
    covered: float
    left: float
    sufficient: bool
    propagation: Propagation

    @property
    def clock_uncertainty(self) -> float:
        """The part that the clock's uncertainty has of what is covered, in seconds."""
        return self.covered - PROPAGATION_S[self.propagation]


def lead_for(*, lifetime: float, propagation: Propagation, clock_uncertainty: float) -> Lead:
    """Apply the rule to a life of ``lifetime`` seconds."""
    covered = PROPAGATION_S[propagation] + max(MIN_CLOCK_UNCERTAINTY_S, clock_uncertainty)
    return _lead(lifetime, covered, propagation)


@lru_cache(maxsize=256)  # of one provider's tokens most live as long
def _lead(lifetime: float, covered: float, propagation: Propagation) -> Lead:
    if covered > LATEST_SHARE * lifetime:
        return Lead(lifetime, covered, lifetime / 2, sufficient=False, propagation=propagation)
    reserve = min(max(RESERVE_SHARE * lifetime, RESERVE_MIN_S), RESERVE_MAX_S)
    left = min(max(covered + reserve, lifetime * RELAXED_SHARE), LATEST_SHARE * lifetime)
    return Lead(lifetime, covered, left, sufficient=True, propagation=propagation)


def smallest_lifetime(lead: Lead) -> int:
    """The smallest whole life in seconds that would cover propagation and clock uncertainty."""
    return math.ceil(lead.covered / LATEST_SHARE)


def too_short_message(lead: Lead) -> str:
    """Say the arithmetic of a life that is too short, with the remedy."""
    enough, remedies = smallest_lifetime(lead), []
    if lead.propagation is Propagation.KUBELET:
        remedies.append("use delivery.propagation PodAnnotation")
    elif lead.propagation is Propagation.POD_ANNOTATION:
        remedies.append("set delivery.propagation None and read the Secret through the API")
    if enough <= LONGEST_LIFETIME_S:
        remedies.append(f"set lifetimeSeconds to {enough} or more")
    remedy = ", or ".join(remedies) or "have the clocks of provider and operator set right"
    return (
        f"{lead.lifetime:.0f} s of life cannot cover {lead.covered:.0f} s of propagation and clock uncertainty, so readers can have an"
        f" expired token; {remedy}."
    )


def spread(uid: str) -> float:
    """A number in [0, 1) that belongs to the object: the same on every replica and after every restart."""
    return int.from_bytes(hashlib.sha256(uid.encode()).digest()[:8]) / 2**64


def rotation_time(*, issued_at: float, expires_at: float, left: float, spread: float) -> int:
    """The moment at which a rotation becomes due, in whole seconds because status stores no others.

    It is rounded up, so that a short life is not rotated a second before its time, but never past what the rule allows.

    Args:
        issued_at: issue time.
        expires_at: expiry, on the same clock; the answer is on that clock, too.
        left: seconds of life that must be left.
        spread: the session's number in [0, 1).
    """
    lifetime, latest = expires_at - issued_at, expires_at - left
    spread_out = latest - spread * SPREAD_SHARE * lifetime
    return max(math.ceil(issued_at), min(math.ceil(spread_out), math.floor(latest)))


RETRY_FIRST_S, RETRY_LONGEST_S, RETRY_LONGEST_WITHOUT_TOKEN_S = 1.0, 30.0, 5.0
"""Back-off doubles from the first to the longest; without a live token nobody waits longer than 5 s for a provider that is back."""

ATTEMPTS_BEFORE_EXPIRY = 4
"""So many attempts always fit into the life that is left."""

PROBE_MIN_S, PROBE_MAX_S = 300.0, 900.0
"""A failure that people must mend is probed this often: changed rights take up to 15 minutes to spread at the provider."""


def retry_delay(*, attempt: int, life_left: float, uid: str, retry_after: float | None) -> float:
    """Seconds until another attempt after a failure that time mends.

    Full jitter, derived from the UID and the attempt. The provider's own wish is a minimum.

    Args:
        attempt: failures in a row, from 1.
        life_left: seconds of life of the token held; 0 or less without one.
        uid: of the session.
        retry_after: seconds the provider asks for, or None.
    """
    longest = RETRY_LONGEST_S if life_left > 0 else RETRY_LONGEST_WITHOUT_TOKEN_S
    ceiling = min(longest, RETRY_FIRST_S * 2.0 ** min(attempt - 1, 16))
    if life_left > 0:
        ceiling = min(ceiling, max(RETRY_FIRST_S, life_left / ATTEMPTS_BEFORE_EXPIRY))
    jittered = ceiling * (0.1 + 0.9 * spread(f"{uid}/{attempt}"))
    return max(jittered, retry_after or 0.0)


def probe_delay(*, attempt: int, uid: str) -> float:
    """Seconds until another attempt after a failure that people must mend."""
    return PROBE_MIN_S + (PROBE_MAX_S - PROBE_MIN_S) * spread(f"{uid}/{attempt}")

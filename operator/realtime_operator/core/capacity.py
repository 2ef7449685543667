"""What the present sessions need of what there is: of a provider's limits, and of the core that the operator has. Pure arithmetic.

A share of 1 is all of it. Beyond 1 some tokens expire before their turn comes, whatever the order: then the earliest expiry goes first,
and who loses is told why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.rate_hint import MINUTE_S
from realtime_operator.core.schedule import SPREAD_SHARE, Lead

SHORT_ABOVE = 1.0
"""More than all there is."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a provider allows, as far as that is known.

    Attributes:
        ref: of the provider.
        per_minute: requests a minute at most, configured or found out; None for any number.
        is_configured: whether that rate is the one in its spec.
        max_in_flight: requests at once at most.
        latency: mean seconds from request to answer.
        is_down: whether it is in trouble, which is what its sessions lack then.
    """

    ref: ObjectRef
    per_minute: float | None
    is_configured: bool
    max_in_flight: int
    latency: float
    is_down: bool = False

    @property
    def name(self) -> str:
        """Its kind and name, for people."""
        return f"{self.ref.kind} {self.ref.name}"


@dataclass(frozen=True, slots=True)
class Shares:
    """What the sessions of one provider need of it.

    Attributes:
        needed_per_minute: rotations a minute that their rotation times ask for; first tokens are not among them.
        rate: of its requests a minute; None where there is no such limit.
        places: of its requests at once.
    """

    needed_per_minute: float
    rate: float | None
    places: float


def rotations_per_second(lead: Lead) -> float:
    """How often a session with such a token rotates: its life without what is left, and without half of the spread on average."""
    period = lead.lifetime * (1 - SPREAD_SHARE / 2) - lead.left
    return 1 / period if period > 0 else 0.0


def shares_of(offer: Offer, needed_per_second: float) -> Shares:
    """Compare what is needed with what a provider allows."""
    needed = MINUTE_S * needed_per_second
    return Shares(
        needed_per_minute=needed,
        rate=needed / offer.per_minute if offer.per_minute else None,
        # Little's law: so many are under way at any moment.
        places=needed_per_second * offer.latency / offer.max_in_flight,
    )


def core_share(needed_per_second: float, cpu_per_mint: float | None) -> float | None:
    """The share of one core that rotations need, by what one was measured to cost in CPU seconds; None before any was measured."""
    return None if cpu_per_mint is None else needed_per_second * cpu_per_mint


def shortage(offer: Offer, shares: Shares, core: float | None) -> str | None:
    """Say which limit the sessions need more of than there is, with the remedy; None where everything suffices.

    Args:
        offer: what the provider allows.
        shares: what its sessions need of that.
        core: the share of the operator's core that all sessions need; None where unknown.
    """
    return None if offer.is_down else next(_shortages(offer, shares, core), None)


def _shortages(offer: Offer, shares: Shares, core: float | None) -> Iterator[str]:
    elsewhere = "lengthen lifetimeSeconds, or give some sessions another provider"
    if offer.per_minute is not None and shares.rate is not None and shares.rate > SHORT_ABOVE:
        found = f"{offer.name} grants about {offer.per_minute:.0f} mints a minute, as its 429s tell"
        remedy = "have the provider's limit raised"
        if offer.is_configured:
            found = f"spec.limits.requestsPerMinute of {offer.name} is {offer.per_minute:.0f}"
            remedy = "raise it as far as the provider grants"
        yield f"{found}, and its sessions need {shares.needed_per_minute:.0f} a minute; {remedy}, {elsewhere}."
    if shares.places > SHORT_ABOVE:
        yield (
            f"spec.limits.maxInFlight of {offer.name} is {offer.max_in_flight}, and at {offer.latency:.1f} s a mint its sessions need"
            f" {shares.places * offer.max_in_flight:.1f} at once; raise it, {elsewhere}."
        )
    if core is not None and core > SHORT_ABOVE:
        yield (
            f"The sessions need {core:.1f} cores of the operator, which has one; lengthen lifetimeSeconds, or install another operator"
            " for some of the namespaces."
        )

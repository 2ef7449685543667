"""What sessions need of limits and of the core: the arithmetic, and the sentence that says what is short."""

from __future__ import annotations

from dataclasses import replace

import pytest

from realtime_operator.api.session import Propagation
from realtime_operator.core.capacity import Offer, core_share, rotations_per_second, shares_of, shortage
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.schedule import lead_for

OFFER = Offer(
    ObjectRef("RealtimeProvider", "hotel", "default", "u"),
    per_minute=60.0,
    is_configured=True,
    max_in_flight=4,
    latency=2.0,
)


@pytest.mark.parametrize(
    ("lifetime", "period"),
    [(60, 38.5), (600, 385.0), (10, 4.75)],
    ids=["a minute", "ten minutes", "the least"],
)
def test_how_often_a_session_rotates_follows_from_the_rule(lifetime: int, period: float) -> None:
    """The life without what is left when rotation begins, and without the spread's mean: a fortieth of the life."""
    lead = lead_for(lifetime=lifetime, propagation=Propagation.NONE, clock_uncertainty=1)
    assert rotations_per_second(lead) == pytest.approx(1 / period)


def test_shares_are_of_the_rate_and_of_the_places() -> None:
    """1.5 mints a second are 90 of 60 a minute; at 2 s each, 3 of 4 places."""
    shares = shares_of(OFFER, 1.5)
    assert (shares.needed_per_minute, shares.rate, shares.places) == (90, 1.5, 0.75)
    assert shares_of(replace(OFFER, per_minute=None), 1.5).rate is None


def test_the_core_is_shared_by_cost() -> None:
    """500 rotations a second of 2 ms are one core; what was not measured is not guessed."""
    assert core_share(500, 0.002) == pytest.approx(1)
    assert core_share(500, None) is None


@pytest.mark.parametrize(
    ("offer", "needed", "core", "said"),
    [
        (
            OFFER,
            1.5,
            0.1,
            "spec.limits.requestsPerMinute of RealtimeProvider default is 60, and its sessions need 90 a minute; raise it",
        ),
        (
            replace(OFFER, is_configured=False),
            1.5,
            None,
            "RealtimeProvider default grants about 60 mints a minute, as its 429s tell, and its sessions need 90 a minute; have",
        ),
        (
            replace(OFFER, per_minute=None),
            3.0,
            0.1,
            "spec.limits.maxInFlight of RealtimeProvider default is 4, and at 2.0 s a mint its sessions need 6.0 at once; raise it",
        ),
        (
            replace(OFFER, per_minute=None),
            1.0,
            1.25,
            "The sessions need 1.2 cores of the operator, which has one; lengthen",
        ),
    ],
    ids=["the configured rate", "a rate found out", "places", "the core"],
)
def test_what_is_short_is_named_with_its_remedy(
    offer: Offer, needed: float, core: float | None, said: str
) -> None:
    """The limit, what it is, what is needed, and who can do what."""
    message = shortage(offer, shares_of(offer, needed), core)
    assert message is not None
    assert message.startswith(said)
    assert "lengthen lifetimeSeconds" in message


def test_what_suffices_needs_no_sentence() -> None:
    """All of a limit is not more than it."""
    assert shortage(OFFER, shares_of(OFFER, 1.0), 1.0) is None


def test_a_provider_in_trouble_lacks_no_capacity() -> None:
    """What its sessions lack is its answer."""
    assert shortage(replace(OFFER, is_down=True), shares_of(OFFER, 5.0), 0.1) is None

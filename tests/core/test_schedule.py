"""The arithmetic of rotation, by the examples that the documentation gives."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from realtime_operator.api.session import Propagation
from realtime_operator.core.schedule import (
    PROBE_MAX_S,
    PROBE_MIN_S,
    lead_for,
    probe_delay,
    retry_delay,
    rotation_time,
    smallest_lifetime,
    spread,
    too_short_message,
)
from tests.support.builders import NOW, UID


@dataclass(frozen=True)
class Example:
    """A life, how it is read, and the seconds that must be left."""

    says: str
    life: float
    propagation: Propagation
    left: float
    covered: float
    sufficient: bool = True
    uncertainty: float = 1.0


EXAMPLES = [
    Example(
        "600 s in a mounted file: a third of the life is more than the lead",
        600,
        Propagation.KUBELET,
        200,
        91,
    ),
    Example(
        "300 s in a mounted file: the lead of 91 + 60 is more than a third", 300, Propagation.KUBELET, 151, 91
    ),
    Example("two hours in a mounted file: a third of the life", 7200, Propagation.KUBELET, 2400, 91),
    Example("120 s in a mounted file: the reserve is eaten first", 120, Propagation.KUBELET, 96, 91),
    Example("114 s in a mounted file are just enough", 114, Propagation.KUBELET, 91.2, 91),
    Example(
        "113 s are not: rotate at half of the life", 113, Propagation.KUBELET, 56.5, 91, sufficient=False
    ),
    Example("60 s in a mounted file are too short", 60, Propagation.KUBELET, 30, 91, sufficient=False),
    Example("60 s with told pods: a third of the life", 60, Propagation.POD_ANNOTATION, 20, 6),
    Example("10 s with told pods: just enough", 10, Propagation.POD_ANNOTATION, 8, 6),
    Example("60 s by the API: a third of the life", 60, Propagation.NONE, 20, 3),
    Example("10 s by the API: 3 + the smallest reserve of 2", 10, Propagation.NONE, 5, 3),
    Example("an uncertain clock is covered, too", 60, Propagation.NONE, 29, 17, uncertainty=15),
    Example("a clock is never trusted beyond a second", 10, Propagation.NONE, 5, 3, uncertainty=0.01),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.says)
def test_how_much_life_is_left_when_rotation_begins(example: Example) -> None:
    """The rule gives the figures of the documentation."""
    lead = lead_for(
        lifetime=example.life, propagation=example.propagation, clock_uncertainty=example.uncertainty
    )
    assert lead.left == pytest.approx(example.left)
    assert (lead.lifetime, lead.covered, lead.sufficient) == (
        example.life,
        example.covered,
        example.sufficient,
    )


def test_a_life_that_is_too_short_says_the_arithmetic_and_the_remedy() -> None:
    """The message holds the life, what it would have to cover, and the smallest life that would do."""
    lead = lead_for(lifetime=60, propagation=Propagation.KUBELET, clock_uncertainty=1)
    assert smallest_lifetime(lead) == 114
    assert too_short_message(lead) == (
        "60 s of life cannot cover 91 s of propagation and clock uncertainty, so readers can have an expired token;"
        " use delivery.propagation PodAnnotation, or set lifetimeSeconds to 114 or more."
    )


def test_no_life_is_named_that_the_api_does_not_grant() -> None:
    """Where even the longest life would be too short, only the other remedy is named."""
    lead = lead_for(lifetime=600, propagation=Propagation.KUBELET, clock_uncertainty=6000)
    assert smallest_lifetime(lead) > 7200
    assert "lifetimeSeconds" not in too_short_message(lead)


def test_the_spread_is_the_objects_own() -> None:
    """The golden value of a UID: it must not change with a release, or every rotation would move."""
    assert spread(UID) == spread(UID)
    assert spread("a") == pytest.approx(0.7913743, abs=1e-7)
    assert spread("b") == pytest.approx(0.2427354, abs=1e-7)


def test_the_rotation_time_is_a_whole_second() -> None:
    """600 s of life with 200 s left: rotation at 400 s, earlier by the spread, to the second, and never past the 400."""
    due = rotation_time(issued_at=NOW, expires_at=NOW + 600, left=200, spread=spread("b"))
    assert isinstance(due, int)
    assert abs(due - (NOW + 400 - 0.2427354 * 0.05 * 600)) < 1
    assert rotation_time(issued_at=NOW, expires_at=NOW + 10, left=5, spread=spread("b")) <= NOW + 5


DELAYS = [
    ("the first attempt follows within a second", 1, 600.0, None, 0.1, 1.0),
    ("the second within two", 2, 600.0, None, 0.2, 2.0),
    ("never more than half a minute", 30, 6000.0, None, 3.0, 30.0),
    ("never more than 5 s without a token", 30, 0.0, None, 0.5, 5.0),
    ("an expired token is none", 30, -100.0, None, 0.5, 5.0),
    ("a quarter of the life that is left", 30, 20.0, None, 0.5, 5.0),
    ("never less than a tenth of a second when the life is nearly over", 30, 0.01, None, 0.1, 1.0),
    ("the provider's wish is a minimum", 1, 600.0, 45.0, 45.0, 45.0),
    ("a wish that is shorter changes nothing", 30, 6000.0, 0.0, 3.0, 30.0),
]


@pytest.mark.parametrize(
    ("attempt", "life_left", "retry_after", "least", "most"),
    [row[1:] for row in DELAYS],
    ids=[row[0] for row in DELAYS],
)
def test_how_soon_another_attempt_follows(
    attempt: int, life_left: float, retry_after: float | None, least: float, most: float
) -> None:
    """The delay grows, stays within the life that is left, and obeys the provider."""
    delay = retry_delay(attempt=attempt, life_left=life_left, uid=UID, retry_after=retry_after)
    assert least <= delay <= most


def test_the_jitter_is_full() -> None:
    """Many sessions that fail together do not come back together."""
    delays = {retry_delay(attempt=5, life_left=6000, uid=f"uid-{n}", retry_after=None) for n in range(200)}
    assert min(delays) < 3.0
    assert max(delays) > 14.0


def test_people_are_probed_every_five_to_fifteen_minutes() -> None:
    """A failure that people mend is probed seldom, each session at moments of its own."""
    delays = [probe_delay(attempt=n, uid=UID) for n in range(1, 200)]
    assert PROBE_MIN_S <= min(delays) < PROBE_MIN_S + 60
    assert PROBE_MAX_S - 60 < max(delays) < PROBE_MAX_S

"""The bench's arithmetic, by example."""

from __future__ import annotations

import random

import pytest

from bench.arithmetic import (
    median_of,
    minimum_exposure,
    minimum_in_turns,
    needed_rate,
    per,
    range_of,
    unevenness,
)
from bench.settings import Settings


def test_moments_spread_evenly_are_even() -> None:
    """A thousand moments at equal distances deviate by one of a thousand."""
    assert unevenness((100 + 0.04 * index for index in range(1000)), 40) == pytest.approx(0.001)


def test_moments_that_come_together_are_uneven() -> None:
    """All at once is nearly 1; all in one half of the period is a half; random ones are what chance makes them."""
    dice = random.Random(7)
    assert unevenness([13.0] * 50, 40) == pytest.approx(1)
    assert unevenness((0.02 * index for index in range(1000)), 40) == pytest.approx(0.5, abs=0.01)
    assert unevenness((dice.uniform(0, 40) for _ in range(1000)), 40) < 0.08


def test_where_the_period_begins_does_not_matter() -> None:
    """The same moments, seen from another beginning, are as uneven."""
    moments = [1.0, 2.0, 3.5, 9.0, 30.0]
    assert unevenness((moment + 17 for moment in moments), 40) == pytest.approx(unevenness(moments, 40))


def test_no_moments_are_not_uneven() -> None:
    """Nothing is due: nothing is wrong."""
    assert unevenness([], 40) == 0


def test_what_is_needed_follows_from_the_plans() -> None:
    """Issue times are cut to the second, so a plan of 40.5 s is one rotation each 40 s."""
    assert needed_rate([(1000.0, 1040.5)] * 1000) == pytest.approx(25)
    assert needed_rate([(1000.0, 1030.5), (1000.0, 1050.5)]) == pytest.approx(2 / 40)
    assert needed_rate([]) == 0


def test_the_least_exposure_counts_from_expiry_to_the_first_possible_token() -> None:
    """Of an outage from 100 to 160: expired at 130 costs 30 s, before it 60 s, after it nothing."""
    assert minimum_exposure([130.0], begin=100, possible_at=160) == 30
    assert minimum_exposure([90.0], begin=100, possible_at=160) == 60
    assert minimum_exposure([161.0], begin=100, possible_at=160) == 0
    assert minimum_exposure([130.0, 90.0, 161.0], begin=100, possible_at=160) == 90


def test_with_places_the_first_expired_come_first_and_the_others_wait() -> None:
    """Two at a time, a second each: at 161 those of 90 and 130, at 162 that of 140; that of 170 never expires."""
    expiries = [170.0, 140.0, 90.0, 130.0]
    assert minimum_in_turns(expiries, begin=100, back=160, latency=1, places=2) == 61 + 31 + 22
    at_once = minimum_in_turns(expiries, begin=100, back=160, latency=1, places=4)
    assert at_once == minimum_exposure(expiries, begin=100, possible_at=161)


def test_a_share_of_nothing_is_none() -> None:
    """Without rotations there is no cost per rotation."""
    assert per(3.0, 2) == 1.5
    assert per(3.0, 0) is None
    assert per(None, 2) is None


def test_runs_are_taken_together_by_their_medians() -> None:
    """A figure that a run does not have does not count; one that none has stays None."""
    runs = [{"a": 3.0, "b": None, "c": 1}, {"a": 1.0, "b": None, "c": None}, {"a": 2.0, "b": None, "c": 5}]
    assert median_of(runs) == {"a": 2.0, "b": None, "c": 3.0}
    assert range_of(runs) == {"a": (1.0, 3.0), "b": None, "c": (1, 5)}


def test_the_expected_period_is_the_rules() -> None:
    """A minute, read through the API: 20 s left, 1.5 s spread, a second for tick and cut."""
    assert Settings(lifetime=60).period == pytest.approx(37.5)
    assert Settings(lifetime=60, settle=5).settling == 5

"""The provider's clock, from its Date headers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.provider_clock import DRIFT, UNKNOWN_MARGIN_S, ProviderClock
from tests.support.builders import NOW


def test_nothing_is_known_before_the_first_answer() -> None:
    """Before any Date the provider is assumed to be within 2.5 s of us, either way."""
    clock = ProviderClock()
    assert clock.uncertainty == 2 * UNKNOWN_MARGIN_S
    assert clock.latest(NOW) == NOW + 2.5
    assert clock.earliest_local(NOW) == NOW - 2.5
    assert clock.likely_local(NOW) == NOW


def test_one_answer_narrows_it_to_a_second_and_the_round_trip() -> None:
    """The interval is the Date's second plus the time between sending and receiving."""
    clock = ProviderClock().after_answer(date=NOW + 100, sent_at=NOW, received_at=NOW + 0.25)
    assert (clock.low, clock.high) == (99.75, 101)
    assert clock.uncertainty == 1.25
    assert clock.likely_local(NOW + 100.375) == NOW


def test_a_far_first_answer_is_believed() -> None:
    """The margin assumed before the first answer is a guess and does not contradict it."""
    clock = ProviderClock().after_answer(date=NOW - 3600, sent_at=NOW, received_at=NOW)
    assert (clock.low, clock.high) == (-3600, -3599)


def test_answers_are_intersected() -> None:
    """Two answers at different parts of a second leave what both allow."""
    first = ProviderClock().after_answer(date=NOW, sent_at=NOW + 0.1, received_at=NOW + 0.2)
    both = first.after_answer(date=NOW, sent_at=NOW + 0.8, received_at=NOW + 0.9)
    assert both.low == pytest.approx(-0.2 - 0.7 * DRIFT)
    assert both.high == pytest.approx(0.2)
    assert both.seen_at == NOW + 0.9


def test_a_clock_that_was_set_is_followed() -> None:
    """An answer that contradicts all before it stands alone."""
    before = ProviderClock().after_answer(date=NOW, sent_at=NOW, received_at=NOW + 0.1)
    after = before.after_answer(date=NOW + 50, sent_at=NOW + 10, received_at=NOW + 10.1)
    assert (after.low, after.high) == pytest.approx((39.9, 41))


def test_an_old_interval_grows_by_the_drift() -> None:
    """After ten hours without an answer 3.6 s of drift are allowed for, so a drifted clock is no contradiction."""
    before = ProviderClock(low=-0.05, high=0.05, seen_at=NOW)
    later = NOW + 36_000
    after = before.after_answer(date=math.floor(later + 3), sent_at=later, received_at=later + 0.1)
    assert after.low == pytest.approx(2.9)
    assert after.high == pytest.approx(0.05 + 36_000.1 * DRIFT)


requests = st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 5), st.floats(0, 1)), min_size=1, max_size=30)


@given(st.floats(-1e5, 1e5), requests)
def test_the_interval_always_holds_the_truth(
    offset: float, exchanges: list[tuple[float, float, float]]
) -> None:
    """Whatever the offset, the pauses, the latencies and the moment at which Date is stamped: the truth is inside."""
    clock, local = ProviderClock(), NOW
    for pause, latency, part in exchanges:
        local += pause
        date = float(math.floor(local + latency * part + offset))
        clock = clock.after_answer(date=date, sent_at=local, received_at=local + latency)
        local += latency
        assert clock.low - 1e-3 <= offset <= clock.high + 1e-3
        assert 0 <= clock.uncertainty <= 1 + latency + 1e-6


@given(st.floats(-1e5, 1e5), requests, st.floats(-DRIFT / 2, DRIFT / 2))
def test_the_interval_holds_the_truth_of_a_drifting_clock(
    offset: float, exchanges: list[tuple[float, float, float]], drift: float
) -> None:
    """The same where the provider's clock runs a little fast or slow."""
    clock, local = ProviderClock(), NOW
    for pause, latency, part in exchanges:
        local += pause
        stamped = local + latency * part
        date = float(math.floor(stamped + offset + drift * (stamped - NOW)))
        clock = clock.after_answer(date=date, sent_at=local, received_at=local + latency)
        local += latency
        true_offset = offset + drift * (local - NOW)
        assert clock.low - 1e-3 <= true_offset <= clock.high + 1e-3

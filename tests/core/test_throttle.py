"""How fast a provider may be asked, before, at and after its 429s."""

from __future__ import annotations

import pytest

from realtime_operator.core.throttle import PAUSE_MAX_S, REGAIN_FIRST_S, REGAIN_S, Throttle
from tests.support.builders import NOW


def throttled(configured: float | None = None, *, granted: int = 60, **refusal: float) -> Throttle:
    """A throttle after so many answers in the last minute, and one 429."""
    throttle = Throttle(configured)
    for number in range(granted):
        throttle.granted(NOW - 60 + number * 60 / granted)
    throttle.refused(NOW, row=1, **refusal)
    return throttle


def test_without_a_429_only_the_object_limits() -> None:
    """Any moment will do, or those that the configured rate leaves."""
    free, limited = Throttle(None), Throttle(60)
    assert free.is_open(NOW)
    assert free.per_minute(NOW) is None
    assert free.next_moment(NOW, NOW) == NOW
    assert not limited.is_open(NOW)
    assert limited.next_moment(NOW, NOW) == NOW + 1
    assert (free.narrowed(NOW), limited.narrowed(NOW)) == (None, None)


def test_a_429_narrows_to_nine_tenths_of_what_was_granted() -> None:
    """Under a configured limit: from what the last minute really brought; it is regained in two minutes, and goes beyond later."""
    throttle = throttled(600)
    rates = [throttle.per_minute(NOW + after) for after in (0, REGAIN_S, 2 * REGAIN_S, 899, 901)]
    assert rates == pytest.approx([54, 60, 66, 600, 600])
    assert throttle.narrowed(NOW + 901) is None
    growing = [throttle.per_minute(NOW + after) or 0.0 for after in range(0, 900, 10)]
    assert growing == sorted(growing)


def test_without_a_limit_twice_as_much_is_believed_at_first() -> None:
    """A provider that was never asked for more may grant more; what is too much shows soon."""
    throttle = throttled()
    assert throttle.per_minute(NOW) == pytest.approx(108)
    assert throttle.per_minute(NOW + REGAIN_FIRST_S) == pytest.approx(120)
    throttle.granted(NOW + 5)
    throttle.refused(NOW + 6, row=1)
    assert throttle.per_minute(NOW + 6) == pytest.approx(0.9 * 55)


def test_the_limits_own_headers_help() -> None:
    """Where it is told how fast requests come back, a burst that was too small to tell does not mislead."""
    assert throttled(granted=4, refill=60.0).per_minute(NOW) == pytest.approx(54)
    assert throttled(30, granted=30, refill=6000.0).per_minute(NOW) == pytest.approx(27)
    assert throttled(granted=1).per_minute(NOW) == pytest.approx(18)


def test_a_429_before_anything_was_granted() -> None:
    """Nothing is known of the limit then: one a second until something is granted, and soon as fast as anybody may want."""
    throttle = throttled(granted=0)
    assert throttle.next_moment(NOW + 1, NOW + 1) == pytest.approx(NOW + 2, abs=0.2)
    first = NOW + 40
    throttle.granted(first)
    rates = [throttle.per_minute(first + after) or 0.0 for after in (0, 10, 30, 60)]
    assert [round(rate) for rate in rates] == [54, 66, 810, 8046]
    throttle.refused(first + 20, row=1)
    assert throttle.per_minute(first + 20) == pytest.approx(0.9 * 20)


@pytest.mark.parametrize(("configured", "rate"), [(6000, 54), (30, 27)])
def test_a_429_before_anything_was_granted_within_a_configured_rate(configured: float, rate: float) -> None:
    """The object's own limit still holds."""
    assert throttled(configured, granted=0).per_minute(NOW) == pytest.approx(rate)


def test_a_429_after_a_minute_without_demand() -> None:
    """What was known before is halved, not forgotten: that nothing was asked for tells nothing of the limit."""
    throttle = throttled(600)
    throttle.granted(NOW + 2)
    throttle.refused(NOW + 130, row=1)
    assert throttle.per_minute(NOW + 130) == pytest.approx(27, abs=0.2)


def test_a_pause_after_a_429() -> None:
    """A second, doubled while nothing is granted; then one request a second until something is."""
    throttle, now, pauses = throttled(6000, granted=6000), NOW, list[float]()
    for _ in range(7):
        pauses.append(throttle.paused_until - now)
        now = throttle.paused_until
        throttle.refused(now, row=1)
    assert pauses == [1, 2, 4, 8, 16, PAUSE_MAX_S, PAUSE_MAX_S]
    now = throttle.paused_until
    assert throttle.next_moment(now, now) == now + 1
    throttle.granted(now)
    assert throttle.next_moment(now, now) < now + 1


def test_a_429_in_a_row_narrows_once() -> None:
    """As long as nothing is granted in between, there is no more to learn about the rate."""
    throttle = throttled(600)
    for _ in range(5):
        throttle.refused(throttle.paused_until, row=1)
    assert throttle.per_minute(NOW) == pytest.approx(54)


def test_echoes_change_nothing() -> None:
    """What was sent before the pause began is refused, or granted, without further meaning."""
    throttle = throttled(6000, granted=6000)
    until = throttle.paused_until
    throttle.refused(NOW + 0.2, row=1, wish=600)
    throttle.granted(NOW + 0.3)
    assert throttle.paused_until == until
    assert throttle.next_moment(NOW, NOW + 0.3) == until
    assert throttle.next_moment(until, until) == until + 1


@pytest.mark.parametrize(("wish", "pauses"), [(3, [3, 3]), (600, [4, 8]), (0, [1, 2])])
def test_a_wish_binds_everybody_for_a_while(wish: float, pauses: list[float]) -> None:
    """Up to four times the pause there would be without it: it may have been meant for one model alone."""
    throttle = throttled(wish=wish)
    seen = [throttle.paused_until - NOW]
    throttle.refused(throttle.paused_until, row=1, wish=wish)
    assert [*seen, throttle.paused_until - NOW - seen[0]] == pauses


def test_who_is_refused_alone_tells_only_of_itself() -> None:
    """A session's third 429 in a row, while others are granted, slows nobody down."""
    throttle = Throttle(600)
    throttle.granted(NOW)
    throttle.refused(NOW, row=3)
    assert throttle.per_minute(NOW) == 600
    assert throttle.next_moment(NOW, NOW) == pytest.approx(NOW + 0.1)


def test_slow_answers_make_longer_pauses() -> None:
    """Until the echoes are in, nothing can be learned."""
    assert throttled(latency=3.0).paused_until == NOW + 6


def test_what_another_process_knew() -> None:
    """Its rate holds and widens from there; its pause is kept, though a clock that was set cannot make it endless."""
    throttle = Throttle(None)
    throttle.resume(paused_until=NOW + 9, per_minute=54, narrowed_at=NOW - 30, now=NOW)
    assert throttle.per_minute(NOW) == pytest.approx(54)
    assert throttle.next_moment(float("-inf"), NOW) == NOW + 9
    throttle.resume(paused_until=NOW + 9e9, per_minute=None, narrowed_at=NOW, now=NOW)
    assert throttle.paused_until == NOW + PAUSE_MAX_S
    throttle.forget()
    assert throttle.is_open(NOW)


@pytest.mark.parametrize(("age", "rate"), [(30, 54), (REGAIN_S, 54), (2 * REGAIN_S, 59.4), (899, None)])
def test_a_rate_of_another_process_is_as_old_as_it_is(age: float, rate: float | None) -> None:
    """It has widened since as it would have here, and is forgotten as late."""
    throttle = Throttle(None)
    throttle.resume(paused_until=float("-inf"), per_minute=54, narrowed_at=NOW - age, now=NOW)
    assert rate is None or throttle.per_minute(NOW) == pytest.approx(rate)
    assert throttle.per_minute(NOW + 901 - age) is None or age < REGAIN_S

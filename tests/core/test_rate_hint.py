"""What a provider's rate-limit headers tell."""

from __future__ import annotations

import pytest

from realtime_operator.core.provider_refusal import refusal
from realtime_operator.core.rate_hint import duration_of, refill_of
from tests.support.builders import an_answer

DURATIONS = [
    ("12ms", 0.012),
    ("1s", 1),
    ("8.64s", 8.64),
    ("1m30s", 90),
    ("6m0s", 360),
    ("1h0m1s", 3601),
    ("2d", 172_800),
    ("59", 59),
    (" 1.5 ", 1.5),
    ("", None),
    ("soon", None),
    ("1m soon", None),
    ("-5s", None),
    ("1e9s", None),
    ("9" * 400 + "s", None),
    (None, None),
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations(text: str | None, seconds: float | None) -> None:
    """As the API writes them, and as plain seconds; anything else tells nothing."""
    assert duration_of(text) == (pytest.approx(seconds) if seconds is not None else None)


def headers(limit: str, left: str, reset: str) -> dict[str, str]:
    """The three headers."""
    return {
        "x-ratelimit-limit-requests": limit,
        "x-ratelimit-remaining-requests": left,
        "x-ratelimit-reset-requests": reset,
    }


@pytest.mark.parametrize(
    ("limit", "left", "reset", "per_minute"),
    [
        ("60", "0", "60s", 60),
        ("60", "59", "1s", 60),
        ("10000", "9999", "8.64s", 6.944),
        ("60", "0", "1m0s", 60),
        ("999999999", "0", "1ms", 60_000),
        ("10000", "0", "1s", 60_000),
        ("60", "60", "0s", None),
        ("60", "61", "1s", None),
        ("60", "0", "0s", None),
        ("many", "0", "1s", None),
        ("60", "-1", "1s", None),
        ("60", "0", "later", None),
    ],
)
def test_how_fast_requests_come_back(limit: str, left: str, reset: str, per_minute: float | None) -> None:
    """What was used, over the time until it is whole again, whatever the limit's own period."""
    expected = pytest.approx(per_minute, abs=1e-3) if per_minute is not None else None
    assert refill_of(headers(limit, left, reset)) == expected
    assert refusal(an_answer(status=429, headers=headers(limit, left, reset))).refill == expected


def test_without_the_headers_nothing_is_told() -> None:
    """They are optional, each of them."""
    assert refill_of({}) is None
    for name in headers("60", "0", "60s"):
        assert (
            refill_of({key: value for key, value in headers("60", "0", "60s").items() if key != name}) is None
        )

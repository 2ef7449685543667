"""Times as the API writes them: UTC, whole seconds, cut and never rounded up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.timestamps import LATEST, from_http_date, from_rfc3339, to_rfc3339
from tests.support.builders import NOW


def test_written_in_whole_seconds() -> None:
    """Parts of a second are cut off, so no expiry is shown too late."""
    assert to_rfc3339(NOW) == "2025-11-24T16:00:00Z"
    assert to_rfc3339(NOW + 0.999) == "2025-11-24T16:00:00Z"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2025-11-24T16:00:00Z", NOW),
        ("2025-11-24T17:00:00+01:00", NOW),
        ("2025-11-24T16:00:00.250000Z", NOW + 0.25),
        ("2025-11-24T16:00:00", None),
        ("2025-11-24", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("1764000000", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_rfc3339(text: str | None, seconds: float | None) -> None:
    """A moment needs its offset, and must be one that can be written again; all else is None."""
    assert from_rfc3339(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Mon, 24 Nov 2025 16:00:00 GMT", NOW),
        ("Monday, 24-Nov-25 16:00:00 GMT", NOW),
        ("Mon, 24 Nov 2025 16:00:00", NOW),
        ("Mon, 99 Nov 2025 16:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +9999999999", None),
        ("2025-11-24T16:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_http_dates(text: str | None, seconds: float | None) -> None:
    """Dates of RFC 9110 are read; what is none, or beyond the calendar, is None."""
    assert from_http_date(text) == seconds


@given(st.integers(0, int(LATEST) - 1))
def test_whole_seconds_come_back(seconds: int) -> None:
    """What is written is read again, to the second."""
    assert from_rfc3339(to_rfc3339(seconds)) == seconds


@given(st.text(max_size=40))
def test_no_text_is_a_surprise(text: str) -> None:
    """Any text is a moment that can be written again, or None."""
    for moment in (from_rfc3339(text), from_http_date(text)):
        if moment is not None:
            assert to_rfc3339(moment + 7260)

"""Times as the API stores them: RFC 3339 in UTC, whole seconds. The only place where time is rounded."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

LATEST = 253_370_764_800.0
"""The year 9999: what comes later could not be written with four digits, nor could a token's expiry soon after it."""


def to_rfc3339(seconds: float) -> str:
    """Write a moment, in seconds since the epoch, cut to the whole second."""
    return _written(math.floor(seconds))


@lru_cache(maxsize=1024)  # a token's times are written three times, and those of a tick's tokens are alike
def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[: -len("+00:00")] + "Z"


def from_rfc3339(text: str | None) -> float | None:
    """Read an RFC 3339 moment with its offset into seconds since the epoch; None for anything else."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _within(moment.timestamp()) if moment.tzinfo is not None else None


@lru_cache(maxsize=16)  # all answers of a second say the same
def from_http_date(text: str | None) -> float | None:
    """Read an RFC 9110 ``Date`` value into seconds since the epoch; None for anything else."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _within(moment.timestamp())


def _within(seconds: float) -> float | None:
    return seconds if 0 <= seconds < LATEST else None

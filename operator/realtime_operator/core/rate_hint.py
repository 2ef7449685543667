"""What ``x-ratelimit-*`` headers tell of a provider's own limit, where they are present.

They hold the limit, what is left of it, and the time until it is whole again (``12ms``, ``1m30s``, or plain seconds). The limit's own
period is not told, and may be a day; what is used, over the time in which it comes back, is the rate at which requests are allowed anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|h|m|s|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_COUNT = re.compile(r"\d{1,9}")

MINUTE_S = 60.0

BELIEVED_PER_MINUTE = 60_000.0
"""More is not believed: a thousand a second is no limit that anybody meets, and a 429 that claims it would narrow nothing."""


def refill_of(headers: Mapping[str, str]) -> float | None:
    """Requests a minute that come back, or None where the headers do not tell.

    Args:
        headers: of the answer, by names in lower case.
    """
    limit = _count(headers.get("x-ratelimit-limit-requests"))
    left = _count(headers.get("x-ratelimit-remaining-requests"))
    reset = duration_of(headers.get("x-ratelimit-reset-requests"))
    if limit is None or left is None or not reset or left >= limit:
        return None
    return min((limit - left) / reset * MINUTE_S, BELIEVED_PER_MINUTE)


def duration_of(text: str | None) -> float | None:
    """Seconds of a duration such as ``1m30s`` or ``12ms``, or of plain seconds; None for anything else."""
    if text is None or len(text) > 64:  # noqa: PLR2004 - five parts of twelve characters
        return None
    text = text.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _count(text: str | None) -> int | None:
    digits = (text or "").strip()
    return int(digits) if _COUNT.fullmatch(digits) else None

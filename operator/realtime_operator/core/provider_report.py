"""The status of a provider: whether its key is at hand, whether it is in trouble, and how it is spared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from realtime_operator.api.conditions import ConditionType
from realtime_operator.core.dated_condition import Verdict, dated_condition
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.provider_standing import Standing
from realtime_operator.core.reasons import Reason
from realtime_operator.core.timestamps import from_rfc3339, to_rfc3339

SHOWN_PAUSE_S = 3.0
"""A shorter pause is over before anybody could read of it."""

CLOCK_WRONG_S, CLOCK_RIGHT_S, CLOCK_MOVED_S = 2.0, 1.5, 2.0
"""From where on a clock is shown as wrong, below which not any more, and how far it moves before it is shown anew.

What a new process assumes before the first answer is half a second wider: else a token whose status the process before could not write any
more would be due by a clock that it was not minted by."""

RATE_MOVED = 0.1
"""A narrowed rate is shown anew when it has moved by such a share; it widens all the time."""

URGENT_PAUSE_S, CALM_PAUSE_S = 5.0, 30.0
"""The least time between two writes: where something came or went, and where only a figure moved."""


def provider_status(
    *,
    generation: int,
    trouble: ProviderNotReady | None,
    standing: Standing,
    before: Mapping[str, Any],
    now: float,
) -> dict[str, Any]:
    """The status document of a provider.

    Args:
        generation: of the object.
        trouble: what keeps it from being used, or None.
        standing: how it stands with it.
        before: the status so far, for what did not change much.
        now: local time.
    """
    last = next((c for c in before.get("conditions") or () if c["type"] == ConditionType.READY), None)
    if trouble is not None:
        verdict = Verdict(ConditionType.READY, "False", trouble.reason, str(trouble))
    elif standing.down is not None:
        verdict = Verdict(ConditionType.READY, "False", standing.down.reason, str(standing.down))
    else:
        verdict = Verdict(ConditionType.READY, "True", Reason.KEY_READY, "The provider key is at hand.")
    document: dict[str, Any] = {
        "observedGeneration": generation,
        "conditions": [dated_condition(verdict, last, generation=generation, now=now)],
    }
    figures = {
        "throttledUntil": _pause(standing, before, now),
        "requestsPerMinute": _rate(standing, before),
        "lastThrottledTime": _narrowed_at(standing),
        "clockOffsetSeconds": _clock(standing, before),
        "lastError": _error(standing) or before.get("lastError"),
    }
    return document | {name: value for name, value in figures.items() if value is not None}


def pause_before(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Seconds that have to pass since the write before, until this status is written."""
    return URGENT_PAUSE_S if _gist(before) != _gist(after) else CALM_PAUSE_S


def _gist(status: Mapping[str, Any]) -> Any:
    """What somebody may wait for: the conditions, and what is there at all."""
    conditions = [(c["type"], c["status"], c["reason"]) for c in status.get("conditions") or ()]
    return conditions, status.get("observedGeneration"), status.keys()


def _pause(standing: Standing, before: Mapping[str, Any], now: float) -> str | None:
    if standing.paused_until - now >= SHOWN_PAUSE_S:
        return to_rfc3339(math.ceil(standing.paused_until))
    shown: str | None = before.get("throttledUntil")
    return shown if (from_rfc3339(shown) or 0.0) > now else None


def _rate(standing: Standing, before: Mapping[str, Any]) -> int | None:
    if standing.narrowed is None:
        return None
    rate = max(1, round(standing.narrowed))
    shown: int | None = before.get("requestsPerMinute")
    return shown if shown is not None and abs(rate - shown) <= RATE_MOVED * shown else rate


def _narrowed_at(standing: Standing) -> str | None:
    is_known = standing.narrowed is not None and math.isfinite(standing.narrowed_at)
    return to_rfc3339(standing.narrowed_at) if is_known else None


def _clock(standing: Standing, before: Mapping[str, Any]) -> int | None:
    offset = standing.clock_offset
    shown: int | None = before.get("clockOffsetSeconds")
    if offset is None:
        return shown
    if shown is not None and abs(offset) > CLOCK_RIGHT_S and abs(offset - shown) < CLOCK_MOVED_S:
        return shown
    # A provider that answers slowly leaves it open by how much its clock is off, and whether at all.
    is_off = standing.clock.low > 0 or standing.clock.high < 0
    return round(offset) if is_off and abs(offset) > CLOCK_WRONG_S else None


def _error(standing: Standing) -> dict[str, Any] | None:
    error = standing.last_error
    if error is None:
        return None
    status = {"httpStatus": error.status} if error.status is not None else {}
    return {"reason": error.reason, "time": to_rfc3339(error.at)} | status

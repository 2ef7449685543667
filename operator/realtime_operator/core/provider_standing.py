"""How it stands with one provider, for its status and its metrics, and what a new process takes up of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.core.errors import FailureClass, ProviderDown
from realtime_operator.core.provider_clock import ProviderClock, clock_of
from realtime_operator.core.reasons import Reason
from realtime_operator.core.timestamps import from_rfc3339

_DOWN_REASONS = {
    Reason.PROVIDER_UNAVAILABLE: FailureClass.SOON,
    Reason.PROVIDER_THROTTLED: FailureClass.SOON,
    Reason.PROVIDER_UNREADABLE: FailureClass.SOON,
    Reason.PROVIDER_BILLING: FailureClass.PEOPLE,
}


@dataclass(frozen=True, slots=True)
class LastError:
    """The last mint that ended without a token: when, why, and with which HTTP status."""

    at: float
    reason: str
    status: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known at one moment; times are local.

    Attributes:
        down: what it is in trouble with, so that only probes are sent; None while anybody may ask.
        paused_until: nothing is sent before this.
        narrowed: requests a minute that its 429s leave; None where they narrow nothing.
        narrowed_at: when one of them last narrowed the rate.
        per_minute: requests a minute at most, for whatever reason; None for any number.
        last_error: or None.
        clock: its clock, as far as its answers tell.
    """

    down: ProviderDown | None = None
    paused_until: float = -math.inf
    narrowed: float | None = None
    narrowed_at: float = -math.inf
    per_minute: float | None = None
    last_error: LastError | None = None
    clock: ProviderClock = field(default_factory=ProviderClock)

    @property
    def clock_offset(self) -> float | None:
        """Its clock minus ours, in seconds, at the likeliest; None before the first answer."""
        return (self.clock.low + self.clock.high) / 2 if self.clock.seen_at is not None else None


def standing_of(status: Mapping[str, Any], *, generation: int) -> Standing:
    """What another process wrote into the status of the same generation; of another one nothing is known."""
    if status.get("observedGeneration") != generation:
        return Standing()
    ready: Mapping[str, Any] = next((c for c in status.get("conditions") or () if c["type"] == "Ready"), {})
    down = None
    if ready.get("status") == "False" and ready.get("reason") in _DOWN_REASONS:
        failure_class = _DOWN_REASONS[ready["reason"]]
        down = ProviderDown(ready["reason"], ready.get("message", ""), failure_class=failure_class)
    narrowed_at = from_rfc3339(status.get("lastThrottledTime"))
    return Standing(
        down=down,
        paused_until=from_rfc3339(status.get("throttledUntil")) or -math.inf,
        # A rate without its age is not believed: it may be of last year.
        narrowed=status.get("requestsPerMinute") if narrowed_at is not None else None,
        narrowed_at=narrowed_at if narrowed_at is not None else -math.inf,
        clock=clock_of(status.get("clockOffsetSeconds") or 0.0),
    )

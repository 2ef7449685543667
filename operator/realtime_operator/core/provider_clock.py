"""The provider's clock, seen through the ``Date`` headers of its answers.

A token expires on the provider's clock. ``Date`` has a resolution of one second, so an answer that was sent for at ``t0`` and came
at ``t1`` with ``D`` says that provider minus local lies in ``[D - t1, D + 1 - t0]``. Successive answers are intersected, which
narrows the interval to about a round trip.
"""

from __future__ import annotations

from realtime_operator.core.value_type import value_type

UNKNOWN_MARGIN_S = 2.5
"""Half the interval assumed before any Date was seen: hosts that run NTP at all agree better than this."""

DRIFT = 1e-4
"""How much two clocks may drift apart, seconds a second. Quartz is within 5e-5; twice that, so an old interval never lies."""


@value_type(frozen=True, slots=True)
class ProviderClock:
    """An interval that holds provider time minus local time, in seconds.

    Attributes:
        low: the smallest difference the answers allow.
        high: the largest difference the answers allow.
        seen_at: local time of the answer that last narrowed it, or None before the first.
    """

    low: float = -UNKNOWN_MARGIN_S
    high: float = UNKNOWN_MARGIN_S
    seen_at: float | None = None

    @property
    def uncertainty(self) -> float:
        """The interval's width in seconds."""
        return self.high - self.low

    def latest(self, now: float) -> float:
        """The latest time the provider's clock may show at local time ``now``."""
        return now + self.high

    def earliest_local(self, provider_time: float) -> float:
        """The earliest local time at which the provider's clock may show ``provider_time``."""
        return provider_time - self.high

    def likely_local(self, provider_time: float) -> float:
        """The local time at which the provider's clock most likely shows ``provider_time``; off by half the uncertainty at most."""
        return provider_time - (self.low + self.high) / 2

    def after_answer(self, *, date: float, sent_at: float, received_at: float) -> ProviderClock:
        """Take in one answer.

        An interval that does not meet the one known means that a clock was set: the new one stands alone.

        Args:
            date: the answer's Date, seconds since the epoch.
            sent_at: local time at which the request was sent.
            received_at: local time at which the answer came.
        """
        low, high = date - received_at, date + 1.0 - sent_at
        if self.seen_at is None:
            return ProviderClock(low, high, received_at)
        drift = max(0.0, received_at - self.seen_at) * DRIFT
        met_low, met_high = max(low, self.low - drift), min(high, self.high + drift)
        if met_low > met_high:
            return ProviderClock(low, high, received_at)
        return ProviderClock(met_low, met_high, received_at)


def clock_of(offset: float) -> ProviderClock:
    """A clock of which only is known that it was about ``offset`` seconds ahead of ours; the first answer says better."""
    return ProviderClock(offset - UNKNOWN_MARGIN_S, offset + UNKNOWN_MARGIN_S)

"""How fast a provider may be asked: its configured rate, narrowed by its own 429s, and for this provider alone.

A 429 that is not the echo of an earlier one takes the rate to 90 % of what the provider has granted in the last minute. From there it
grows back in two minutes, and beyond faster and faster (the curve of CUBIC, RFC 9438): slowly where the limit is known to be near, fast
where it has gone. Around the limit that costs one refused request in about two minutes. After a 429 nothing is sent for a moment; then one
request a second, until one is granted.
"""

from __future__ import annotations

import math
from collections import deque

from realtime_operator.core.rate_hint import MINUTE_S

DECREASE = 0.1
"""How much of the granted rate is given up: a tenth is enough not to be refused again at once, and costs little of a tight limit."""

REGAIN_S, REGAIN_FIRST_S = 120.0, 30.0
"""From the narrowed rate back to the granted one; sooner the first time, when a burst is all that is known of the provider."""

FORGOTTEN_AFTER_S = 900.0
"""Without another 429 the rate has grown 28-fold by then, and there is nothing left to narrow."""

LEAST_PER_MINUTE = 6.0
"""A provider that grants nothing at all is still asked so often: otherwise nobody would learn that it does again."""

PAUSE_FIRST_S, PAUSE_MAX_S = 1.0, 30.0
"""After a 429; doubled while nothing is granted."""

WISH_SHARE = 4.0
"""A wish is obeyed by everybody up to so many times the pause: the limit may be that of one model or one tenant, and only another session's
request shows it. Who was told to wait longer waits longer by itself."""

HEADROOM = 2.0
"""A provider whose rate was not limited before granted what was asked for and perhaps more: so much more is believed at first."""

TRIAL_EVERY_S = 1.0
"""After a pause, until something is granted."""

ROW_THAT_TELLS = 2
"""A session that is refused more often in a row, while others are granted, tells only of itself."""


class Throttle:
    """The rate of one provider; times are local.

    Attributes:
        configured: requests a minute at most, as the object says; None for any number.
        paused_until: nothing is sent before this.
    """

    def __init__(self, configured: float | None) -> None:
        """Begin with nothing narrowed."""
        self.configured = configured
        self.paused_until = -math.inf
        self._level = math.inf
        self._since = -math.inf
        self._regain = REGAIN_S
        self._row = 0
        self._granted: deque[tuple[int, int]] = deque()

    def narrowed(self, now: float) -> float | None:
        """Requests a minute that its 429s leave; None where they narrow nothing."""
        age = now - self._since
        if age > FORGOTTEN_AFTER_S:
            return None
        rate = self._level * (1 + DECREASE * ((age - self._regain) / self._regain) ** 3)
        return rate if self.configured is None or rate < self.configured else None

    def per_minute(self, now: float) -> float | None:
        """Requests a minute at most, at this moment; None for any number."""
        narrowed = self.narrowed(now)
        return narrowed if narrowed is not None else self.configured

    def next_moment(self, last_at: float, now: float) -> float:
        """The earliest moment of the next request, when the one before left at ``last_at``."""
        rate = self.per_minute(now)
        pause = MINUTE_S / rate if rate is not None else 0.0
        if self._row:
            pause = max(pause, TRIAL_EVERY_S)
        return max(last_at + pause, self.paused_until)

    def is_open(self, now: float) -> bool:
        """Whether anybody may ask at any moment."""
        return self.per_minute(now) is None and not self._row

    def granted(self, now: float) -> None:
        """An answer came that was no 429."""
        if now >= self.paused_until:
            self._row = 0
        second = int(now)
        if self._granted and self._granted[-1][0] == second:
            second, count = self._granted.pop()
            self._granted.append((second, count + 1))
        else:
            self._forget_before(now - MINUTE_S)
            self._granted.append((second, 1))

    def refused(
        self, now: float, *, row: int, wish: float = 0.0, refill: float | None = None, latency: float = 0.0
    ) -> None:
        """A 429 came.

        Args:
            now: when.
            row: how often this session has been refused in a row.
            wish: seconds that the answer asks to wait.
            refill: requests a minute that the answer says come back, or None.
            latency: seconds that an answer usually takes.
        """
        if row > ROW_THAT_TELLS and not self._row:
            return
        if now < self.paused_until:
            return  # it was sent before the pause began, and says the same
        self._row += 1
        pause = PAUSE_FIRST_S * 2.0 ** min(self._row - 1, 16)
        pause = min(max(pause, min(wish, WISH_SHARE * pause)), PAUSE_MAX_S)
        self.paused_until = now + max(pause, 2 * latency)
        if self._row == 1:
            self._narrow(now, refill or 0.0)

    def resume(self, *, paused_until: float, per_minute: float | None, now: float) -> None:
        """Take up what another process knew of it."""
        if per_minute is not None:
            self._level, self._since, self._regain = (
                max(per_minute, LEAST_PER_MINUTE),
                now - REGAIN_S,
                REGAIN_S,
            )
        if paused_until > now:
            self.paused_until, self._row = min(paused_until, now + PAUSE_MAX_S), 1

    def forget(self) -> None:
        """The provider is another one: nothing is known of its limits."""
        self.paused_until, self._level, self._since, self._row = -math.inf, math.inf, -math.inf, 0
        self._granted.clear()

    def _narrow(self, now: float, refill: float) -> None:
        self._forget_before(now - MINUTE_S)
        in_a_minute = float(sum(count for _, count in self._granted))
        so_far = self.per_minute(now)
        self._regain = REGAIN_S
        if so_far is None:
            in_a_minute *= HEADROOM
            self._regain = REGAIN_FIRST_S
        level = max(in_a_minute, refill, LEAST_PER_MINUTE)
        self._level, self._since = min(level, so_far) if so_far is not None else level, now

    def _forget_before(self, moment: float) -> None:
        while self._granted and self._granted[0][0] < moment:
            self._granted.popleft()

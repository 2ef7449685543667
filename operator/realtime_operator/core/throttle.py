"""How fast a provider may be asked: its configured rate, narrowed by its own 429s, and for this provider alone.

A 429 that is not the echo of an earlier one takes the rate to 90 % of what the provider has granted in the last minute. From there it
grows back in two minutes, and beyond faster and faster (the curve of CUBIC, RFC 9438): slowly where the limit is known to be near, fast
where it has gone. Around the limit that costs one refused request in about two minutes. After a 429 nothing is sent for a moment; then one
request a second, until one is granted.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from realtime_operator.core.rate_hint import MINUTE_S

DECREASE = 0.1
"""How much of the granted rate is given up: a tenth is enough not to be refused again at once, and costs little of a tight limit."""

REGAIN_S, REGAIN_FIRST_S, REGAIN_UNKNOWN_S = 120.0, 30.0, 5.0
"""From the narrowed rate back to the granted one; sooner the first time, when a burst is all that is known of the provider, and at once
where it is not even that: counted from its first grant, the rate is twelvefold after half a minute."""

FORGOTTEN_AFTER_S = 900.0
"""Without another 429 the rate has grown 28-fold by then, and there is nothing left to narrow."""

LEAST_PER_MINUTE, LEAST_AT_FIRST = 6.0, 20.0
"""A provider is still asked so often: otherwise nobody would learn that it grants more. Little demand tells little of a limit, at first."""

UNKNOWN_PER_MINUTE = 60.0
"""Where nothing was granted before the first 429, nothing is known of the limit: others may have used it up."""

IN_USE_SHARE = 0.8
"""Who was granted so much of its rate in the last minute is near its limit."""

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

    def __init__(self, configured: float | None, *, granted: Iterable[tuple[int, int]] = ()) -> None:
        """Begin with nothing narrowed.

        Args:
            configured: requests a minute at most, or None.
            granted: seconds of the last minute, with how many requests were granted in each.
        """
        self.configured = configured
        self.paused_until = -math.inf
        self._level = math.inf
        self._since = self._narrowed_at = -math.inf
        self._regain = REGAIN_S
        self._row = 0
        self._granted = deque(granted)

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

    @property
    def narrowed_at(self) -> float:
        """When a 429 last narrowed it; minus infinity for never."""
        return self._narrowed_at

    @property
    def in_trial(self) -> bool:
        """Whether nothing has been granted since a 429 came."""
        return self._row > 0

    def is_in_use(self, now: float) -> bool:
        """Whether its 429s have told a rate, and that is nearly used up."""
        narrowed = self.narrowed(now)
        return narrowed is not None and self._in_a_minute(now) >= IN_USE_SHARE * narrowed

    def is_open(self, now: float) -> bool:
        """Whether anybody may ask at any moment."""
        return self.per_minute(now) is None and not self._row

    def granted(self, now: float) -> None:
        """An answer came that was no 429."""
        if now >= self.paused_until:
            if self._row and self._regain == REGAIN_UNKNOWN_S:
                self._since = now
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

    def stood_still(self, *, since: float, now: float) -> None:
        """Nobody could ask since then, so that nothing was learned of the limit: a rate narrowed before has not grown meanwhile."""
        if self._since < since:
            self._since += now - since

    def resume(
        self, *, paused_until: float, per_minute: float | None, narrowed_at: float, now: float
    ) -> None:
        """Take up what another process knew of it: its rate, as far as that has not widened or been forgotten since ``narrowed_at``."""
        self._narrowed_at = narrowed_at
        if per_minute is not None:
            self._level, self._since, self._regain = (
                max(per_minute, LEAST_PER_MINUTE),
                min(narrowed_at, now - REGAIN_S),
                REGAIN_S,
            )
        if paused_until > now:
            self.paused_until, self._row = min(paused_until, now + PAUSE_MAX_S), 1

    def forget(self) -> None:
        """The provider is another one: nothing is known of its limits."""
        self._widen()
        self._granted.clear()

    def handed_over(self) -> Throttle:
        """What its 429s told, as another throttle's; this one is as if there had been none, though it knows what was granted."""
        other = Throttle(None)
        other.paused_until, other._row = self.paused_until, self._row
        other._level, other._since, other._regain = self._level, self._since, self._regain
        other._narrowed_at = self._narrowed_at
        self._widen()
        return other

    def _widen(self) -> None:
        self.paused_until, self._level, self._row = -math.inf, math.inf, 0
        self._since = self._narrowed_at = -math.inf

    def _narrow(self, now: float, refill: float) -> None:
        granted, so_far = self._in_a_minute(now), self.per_minute(now)
        is_first = self.narrowed(now) is None or self._regain == REGAIN_UNKNOWN_S
        if is_first and not granted and not refill:
            level, self._regain = UNKNOWN_PER_MINUTE, REGAIN_UNKNOWN_S
        elif is_first and self.configured is None:
            level, self._regain = max(HEADROOM * granted, refill, LEAST_AT_FIRST), REGAIN_FIRST_S
        else:
            # Where nothing was asked for, half is as good a guess as any.
            known = granted or (so_far or 0.0) / 2
            level, self._regain = max(known, refill, LEAST_PER_MINUTE), REGAIN_S
        self._level, self._since = min(level, so_far) if so_far is not None else level, now
        self._narrowed_at = now

    def _in_a_minute(self, now: float) -> float:
        self._forget_before(now - MINUTE_S)
        return float(sum(count for _, count in self._granted))

    def _forget_before(self, moment: float) -> None:
        while self._granted and self._granted[0][0] < moment:
            self._granted.popleft()

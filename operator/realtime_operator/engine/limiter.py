"""A provider's rate limit: never more requests in any minute than allowed, evenly spread, the most urgent first."""

from __future__ import annotations

import asyncio

from realtime_operator.core.throttle import Throttle
from realtime_operator.engine.turns import Turns, Urgency
from realtime_operator.ports import Clock


class RateLimiter:
    """Hands out moments that are as far apart as the throttle says."""

    def __init__(self, clock: Clock, throttle: Throttle) -> None:
        self._clock = clock
        self._throttle = throttle
        self._last_at = float("-inf")
        self._waiting: Turns[asyncio.Future[None]] = Turns()
        self._timer: asyncio.TimerHandle | None = None

    async def admitted(self, urgency: Urgency) -> None:
        """Wait for a moment; returns at once where there is no limit."""
        if self._throttle.is_open(self._clock.now()):
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.push(urgency, turn)
        if self._timer is None:
            self.changed()
        await turn

    def changed(self) -> None:
        """Give all moments that have come, and see to the next; whoever waits goes by the throttle as it is now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while len(self._waiting):
            now = self._clock.now()
            # By the moment that was really given: what is late is not made up for, or a minute would hold one too many.
            wait = self._throttle.next_moment(self._last_at, now) - now
            if wait > 0:
                self._timer = asyncio.get_running_loop().call_later(wait, self.changed)
                return
            turn = self._waiting.pop(now)
            if turn is not None and not turn.done():  # done is who was cancelled while it waited
                turn.set_result(None)
                self._last_at = now

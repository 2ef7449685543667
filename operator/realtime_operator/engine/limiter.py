"""A provider's rate limit: never more requests in any minute than allowed, evenly spread, the most urgent first."""

from __future__ import annotations

import asyncio

from realtime_operator.engine.turns import Lane, Turns
from realtime_operator.ports import Clock

MINUTE_S = 60.0


class RateLimiter:
    """Hands out moments that are at least ``60 / per_minute`` seconds apart."""

    def __init__(self, clock: Clock, per_minute: int | None) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._last_at = float("-inf")
        self._waiting: Turns[asyncio.Future[None]] = Turns()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def per_minute(self) -> int | None:
        """How many requests a minute may have; None for any number. Whoever waits goes by the new limit at once."""
        return self._per_minute

    @per_minute.setter
    def per_minute(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        if len(self._waiting):
            self._hand_out()

    async def admitted(self, lane: Lane, urgency: float) -> None:
        """Wait for a moment; returns at once where there is no limit."""
        if self._per_minute is None:
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.push(lane, urgency, turn)
        if self._timer is None:
            self._hand_out()
        await turn

    def _hand_out(self) -> None:
        """Give all moments that have come, and see to the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while len(self._waiting):
            if self._per_minute is not None:
                # By the moment that was really given: what is late is not made up for, or a minute would hold one too many.
                wait = self._last_at + MINUTE_S / self._per_minute - self._clock.now()
                if wait > 0:
                    self._timer = asyncio.get_running_loop().call_later(wait, self._hand_out)
                    return
            turn = self._waiting.pop()
            if turn is not None and not turn.done():  # done is who was cancelled while it waited
                turn.set_result(None)
                self._last_at = self._clock.now()

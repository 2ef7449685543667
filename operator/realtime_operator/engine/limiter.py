"""A provider's rate limit: never more requests in any minute than allowed, evenly spread, first come first served."""

from __future__ import annotations

import asyncio

from realtime_operator.ports import Clock

MINUTE_S = 60.0


class RateLimiter:
    """Hands out moments that are at least ``60 / per_minute`` seconds apart."""

    def __init__(self, clock: Clock, per_minute: int | None) -> None:
        self._clock = clock
        self._next_at = 0.0
        self.per_minute = per_minute

    async def admitted(self) -> None:
        """Wait for the next moment; returns at once where there is no limit."""
        if self.per_minute is None:
            return
        now = self._clock.now()
        mine = max(now, self._next_at)
        self._next_at = mine + MINUTE_S / self.per_minute
        if mine > now:
            await asyncio.sleep(mine - now)

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
        self._waiting: Turns[asyncio.Future[bool]] = Turns()
        self._turns: dict[str, asyncio.Future[bool]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def admitted(self, urgency: Urgency, *, uid: str = "") -> bool:
        """Wait for a moment; at once where there is no limit. Says whether one came, or it was let go without.

        Args:
            urgency: where it stands among those that wait.
            uid: by which it can be let go.
        """
        if self._throttle.is_open(self._clock.now()):
            return True
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._turns[uid] = turn
        self._waiting.push(urgency, turn)
        if self._timer is None:
            self.changed()
        try:
            return await turn
        finally:
            if self._turns.get(uid) is turn:
                del self._turns[uid]

    def next_moment(self) -> float:
        """Local time of the next moment at the earliest."""
        return self._throttle.next_moment(self._last_at, self._clock.now())

    def let_go(self, uid: str) -> None:
        """Let one that waits go without a moment, since it wants something else now."""
        turn = self._turns.get(uid)
        if turn is not None and not turn.done():
            turn.set_result(False)

    def let_all_go(self) -> None:
        """Let all that wait go without a moment: what they wanted to ask is no question any more."""
        for uid in list(self._turns):
            self.let_go(uid)

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
            if turn is not None and not turn.done():  # done is who was cancelled, or let go, while it waited
                turn.set_result(True)
                self._last_at = now

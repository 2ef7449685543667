"""Providers that grant so many mints a minute and no more, each in its own way of counting."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from realtime_operator.core.exchange import MintAnswer, MintCall
from tests.engine.outage import LATENCY_S, Request, model_of
from tests.engine.world import World
from tests.support.builders import an_answer, minted

MINUTE_S = 60.0


class Window(Protocol):
    """A way to count."""

    def grants(self, now: float) -> bool:
        """Whether one more is within the limit now; counts it if so."""
        ...

    def back_in(self, now: float) -> float:
        """Seconds until one more would be."""
        ...


@dataclass(slots=True)
class Sliding:
    """So many in any minute."""

    limit: int
    taken: deque[float] = field(default_factory=deque)

    def grants(self, now: float) -> bool:
        """See ``Window``."""
        while self.taken and self.taken[0] <= now - MINUTE_S:
            self.taken.popleft()
        if len(self.taken) >= self.limit:
            return False
        self.taken.append(now)
        return True

    def back_in(self, now: float) -> float:
        """See ``Window``."""
        return max(0.0, self.taken[0] + MINUTE_S - now)


@dataclass(slots=True)
class Fixed:
    """So many in each minute of the clock."""

    limit: int
    minute: int = -1
    taken: int = 0

    def grants(self, now: float) -> bool:
        """See ``Window``."""
        if int(now // MINUTE_S) != self.minute:
            self.minute, self.taken = int(now // MINUTE_S), 0
        self.taken += self.taken < self.limit + 1
        return self.taken <= self.limit

    def back_in(self, now: float) -> float:
        """See ``Window``."""
        return (self.minute + 1) * MINUTE_S - now


@dataclass(slots=True)
class Bucket:
    """So many a minute, and a burst."""

    limit: int
    burst: float = 10.0
    level: float = math.nan
    at: float = math.nan

    def grants(self, now: float) -> bool:
        """See ``Window``."""
        if math.isnan(self.at):
            self.level, self.at = self.burst, now
        self.level = min(self.burst, self.level + (now - self.at) * self.limit / MINUTE_S)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True

    def back_in(self, now: float) -> float:
        """See ``Window``."""
        return max(0.0, (1 - self.level) * MINUTE_S / self.limit - (now - self.at))


@dataclass(slots=True)
class Limited:
    """A provider that answers 429 beyond its limit.

    Attributes:
        window: how it counts.
        life: of its tokens.
        wishes: whether a 429 says when to come again.
        granted: the requests that got a token.
        refused: the moments of those that got none.
    """

    world: World
    window: Window
    life: float = 600.0
    wishes: bool = False
    granted: list[Request] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    async def mint(self, call: MintCall) -> MintAnswer:
        """Answer after the usual latency."""
        request = Request(model_of(call), self.world.clock.now())
        await asyncio.sleep(LATENCY_S)
        now = self.world.clock.now()
        if not self.window.grants(now):
            self.refused.append(now)
            wish = {"retry-after": str(math.ceil(self.window.back_in(now)))} if self.wishes else {}
            return an_answer(status=429, headers=wish, at=now, took=LATENCY_S)
        self.granted.append(request)
        request.given_at, request.expires_at = now, math.floor(now + self.life)
        return minted(f"ek_{len(self.granted)}_{request.model}", at=now, life=self.life)

    def refused_share(self, begin: float, end: float = math.inf) -> float:
        """The share of requests that were refused in a stretch of time."""
        no = sum(begin <= at < end for at in self.refused)
        yes = sum(begin <= each.given_at < end for each in self.granted)
        return no / (no + yes) if no + yes else 0.0

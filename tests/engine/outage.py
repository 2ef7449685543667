"""Providers with hours of trouble, and the arithmetic of what that must cost."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.api import group
from realtime_operator.core.exchange import MintAnswer, MintCall
from tests.engine.world import World
from tests.support.builders import an_answer, minted

LATENCY_S = 0.15
LIFE_S = 60


def model_of(call: MintCall) -> str:
    """The model that a request names, which names the session."""
    return str(json.loads(call.body)["session"]["model"])


def a_provider(name: str = "default", **limits: int) -> dict[str, Any]:
    """A provider's object in namespace hotel, with its limits."""
    return {
        "kind": group.KIND_PROVIDER,
        "metadata": {"name": name, "uid": f"uid-{name}", "generation": 1, "namespace": "hotel"},
        "spec": {
            "baseURL": f"https://{name}.test/v1",
            "auth": {"secretRef": {"name": "openai"}},
            "limits": limits,
        },
    }


@dataclass(slots=True)
class Request:
    """One mint that the provider was asked for.

    Attributes:
        model: names the session.
        at: when it came, in local time.
        expires_at: of the token given; None for none.
        given_at: when it was given.
    """

    model: str
    at: float
    expires_at: float | None = None
    given_at: float = math.nan


@dataclass(slots=True)
class Troubled:
    """What all providers of a world do, told apart by their host.

    Attributes:
        down: the hosts that answer 503 now.
        headers: what such an answer carries.
        hanging: how many of the next requests to a host that is down never end.
        poisoned: models for which no token is given, ever.
        poison: the status of the answer to them.
        poisoned_at: the hosts that give none for these models; empty for all.
        wishes: Retry-After of the refusals of single models.
        page: what comes instead of a refusal, with 200, while a host is down; None for 503.
        requests: all that came.
        urls: where each was sent.
        most_at_once: the most requests that were in flight at once.
    """

    world: World
    down: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)
    hanging: int = 0
    poisoned: set[str] = field(default_factory=set)
    poison: int = 500
    poisoned_at: set[str] = field(default_factory=set)
    wishes: dict[str, str] = field(default_factory=dict)
    page: bytes | None = None
    requests: list[Request] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0

    async def mint(self, call: MintCall) -> MintAnswer:
        """Answer after the usual latency."""
        request = Request(model_of(call), self.world.clock.now())
        self.requests.append(request)
        self.urls.append(call.url)
        down = any(f"//{host}." in call.url for host in self.down)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if down and self.hanging:
                self.hanging -= 1
                await asyncio.Event().wait()
            await asyncio.sleep(LATENCY_S)
        finally:
            self.at_once -= 1
        now = self.world.clock.now()
        if down and self.page is not None:
            return an_answer(body=self.page, headers=self.headers, at=now, took=LATENCY_S)
        here = not self.poisoned_at or any(f"//{host}." in call.url for host in self.poisoned_at)
        if down or (here and request.model in self.poisoned):
            status = 503 if down else self.poison
            wish = {"retry-after": self.wishes[request.model]} if request.model in self.wishes else {}
            return an_answer(status=status, headers=self.headers | wish, at=now, took=LATENCY_S)
        answer = minted(f"ek_{len(self.requests)}_{request.model}", at=now, life=LIFE_S)
        request.given_at, request.expires_at = now, math.floor(now + LIFE_S)
        return answer

    def sent(self, begin: float, end: float = math.inf) -> list[Request]:
        """The requests of a stretch of time."""
        return [request for request in self.requests if begin <= request.at < end]

    def exposure(self, begin: float, back: float) -> tuple[float, float, float]:
        """Seconds over all sessions in which a token was expired, the least that they could be, and when the last was fresh again."""
        actual = least = last = 0.0
        for model in {request.model for request in self.requests}:
            own = [r for r in self.requests if r.model == model and r.expires_at is not None]
            held = max((r.expires_at or 0.0 for r in own if r.given_at < back), default=begin)
            fresh_at = min((r.given_at for r in own if r.given_at >= back), default=math.inf)
            actual += max(0.0, fresh_at - max(held, begin))
            least += max(0.0, back + LATENCY_S - max(held, begin))
            last = max(last, fresh_at)
        return actual, least, last


def a_world(
    providers: Sequence[dict[str, Any]] = (), *, before: World | None = None
) -> tuple[World, Troubled]:
    """A world with real providers, whose tokens live a minute."""
    world = World(providers=providers or [a_provider()], before=before)
    troubled = Troubled(world)
    world.provider.always = troubled.mint
    return world, troubled


def add(world: World, number: int, **fields: Any) -> None:
    """Let there be a session that is named by its model, and whose readers use the API."""
    body = {"type": "realtime", "model": f"m{number}"}
    usual: dict[str, Any] = {
        "lifetimeSeconds": LIFE_S,
        "session": body,
        "delivery": {"propagation": "None"},
    }
    world.apply(number, **(usual | fields))


async def spread_out(world: World, sessions: int, *, over: float = 38.0) -> None:
    """Create sessions evenly over one period, and let them settle for another."""
    for number in range(sessions):
        add(world, number)
        await asyncio.sleep(over / sessions)
    await asyncio.sleep(over)

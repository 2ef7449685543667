"""Five hundred sessions on a provider that grants sixty mints a minute and tells nobody so beforehand. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.limited import Bucket, Fixed, Limited, Sliding, Window
from tests.engine.outage import a_provider
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World

SESSIONS, LIFE_S = 500, 600


def a_world(window: Window, *, wishes: bool = False, **limits: int) -> tuple[World, Limited]:
    """A world with one provider that counts so."""
    world = World(providers=[a_provider("default", **limits)])
    limited = Limited(world, window, wishes=wishes)
    world.provider.always = limited.mint
    return world, limited


def add(world: World, number: int, **fields: Any) -> None:
    """Let there be a session, named by its model, whose readers use the API."""
    body = {"type": "realtime", "model": f"m{number}"}
    usual: dict[str, Any] = {"lifetimeSeconds": LIFE_S, "session": body, "delivery": {"propagation": "None"}}
    world.apply(number, **(usual | fields))


def first_of(limited: Limited) -> dict[str, float]:
    """When each session got its first token."""
    first: dict[str, float] = {}
    for each in limited.granted:
        first.setdefault(each.model, each.given_at)
    return first


@pytest.mark.parametrize(
    ("window", "wishes"),
    [
        (lambda: Sliding(60), False),
        (lambda: Fixed(60), False),
        (lambda: Fixed(60), True),
        (lambda: Bucket(60), False),
        (lambda: Bucket(60, burst=60), True),
    ],
    ids=["any minute", "the clock's minute", "the same, with Retry-After", "a small burst", "a burst of 60"],
)
@virtually
async def test_five_hundred_sessions_on_sixty_mints_a_minute(
    window: Callable[[], Window],
    wishes: bool,  # noqa: FBT001 - a column
) -> None:
    """No storm of refusals, first mints first, everybody gets a token as soon as that can be, and nobody's ever expires."""
    world, limited = a_world(window(), wishes=wishes)
    async with world:
        begin = world.clock.now()
        for number in range(SESSIONS):
            add(world, number)
        await asyncio.sleep(30 * 60)
        first = first_of(limited)
        assert limited.refused_share(begin + 60) < 0.02
        assert len(first) == SESSIONS
        # At best after 500 s; but from 385 s on rotations have every other moment, and more where tokens would expire.
        assert max(first.values()) - begin < 800
        assert world.expired_seconds == 0
        early = [
            each
            for each in limited.granted
            if first[each.model] < each.given_at < max(first.values())
            and each.at < first[each.model] + LIFE_S / 2
        ]
        assert early == []


@virtually
async def test_first_mints_go_before_rotations_that_can_wait() -> None:
    """People ask for new tokens of a hundred sessions, then twenty new ones come: those are served first, the others nonetheless."""
    world, limited = a_world(Sliding(60), requestsPerMinute=60)
    async with world:
        for number in range(100):
            add(world, number)
        await asyncio.sleep(110)
        begin = world.clock.now()
        for number in range(100):
            add(world, number, generation=2, lifetimeSeconds=590)
        await asyncio.sleep(3)
        for number in range(100, 120):
            add(world, number)
        await asyncio.sleep(125)
        served = [each.model for each in limited.granted if each.given_at > begin]
        assert {f"m{number}" for number in range(100, 120)} <= set(served[:30])
        assert {f"m{number}" for number in range(100)} <= set(served)
        assert limited.refused_share(0) < 0.02


@virtually
async def test_a_limit_that_goes_away() -> None:
    """What was narrowed widens again: an hour later a hundred new sessions are served at once."""
    world, limited = a_world(Sliding(60))
    async with world:
        for number in range(200):
            add(world, number)
        await asyncio.sleep(600)
        limited.window = Sliding(100_000)
        await asyncio.sleep(3600)
        begin = world.clock.now()
        for number in range(1000, 1100):
            add(world, number)
        await asyncio.sleep(2)
        assert len([each for each in limited.granted if each.given_at > begin]) >= 100


@virtually
async def test_a_crowd_that_waits_for_its_first_token_delays_no_look() -> None:
    """A Secret that somebody deletes is there again within a minute, though three hundred sessions wait for the provider."""
    world, limited = a_world(Sliding(60))
    async with world:
        for number in range(300):
            add(world, number)
        await asyncio.sleep(80)
        held = [name for name in first_of(limited) if limited.granted][:20]
        for model in held:
            world.secrets.delete(f"s{model[1:]}")
        await asyncio.sleep(62)
        assert len(limited.granted) < 200
        assert [model for model in held if ("hotel", f"s{model[1:]}") not in world.secrets.stored] == []

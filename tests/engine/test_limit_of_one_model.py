"""A provider that limits one model, beside sessions of other models: those keep their pace. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from realtime_operator.core.exchange import MintAnswer, MintCall
from tests.engine.limited import Limited, Sliding
from tests.engine.outage import LATENCY_S, Troubled, a_world, add, model_of, spread_out
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World
from tests.support.builders import an_answer

HEALTHY = 200
SETTLED_S, WATCHED_S = 76.0, 400.0


def add_limited(world: World, number: int, *, model: str = "limited") -> None:
    """Let there be a session of the model that is refused."""
    add(world, 1000 + number, session={"type": "realtime", "model": model})


def tail_of(world: World) -> tuple[float, float]:
    """The 99th percentile of the lateness of rotations, and the worst."""
    late = sorted(world.metrics.late)
    return late[int(len(late) * 0.99)], late[-1]


async def watched(world: World, troubled: Troubled, failing: int) -> tuple[float, float]:
    """Let so many sessions be refused for ever beside those that are well; gives the lateness of these."""
    await asyncio.sleep(
        -world.clock.now() % 1
    )  # so that the ticks stand to the clock's seconds as in every other story
    async with world:
        await spread_out(world, HEALTHY)
        world.metrics.late.clear()
        troubled.poisoned, troubled.poison = {"limited"}, 429
        for number in range(failing):
            add_limited(world, number)
        await asyncio.sleep(WATCHED_S)
        return tail_of(world)


@pytest.mark.parametrize("failing", [2, 10, 50])
@virtually
async def test_sessions_of_one_model_that_are_refused_for_ever(failing: int) -> None:
    """Two hundred of other models lose not a second, and are as punctual as without them; those that are refused ask seldom."""
    alone, worst = await watched(*a_world(), 0)
    world, troubled = a_world()
    begin = world.clock.now() + SETTLED_S
    late, latest = await watched(world, troubled, failing)
    assert world.expired_seconds == 0
    assert late <= alone + 0.01
    assert latest <= worst + 0.1
    asked = [request for request in troubled.sent(begin) if request.model == "limited"]
    assert len(asked) <= 40 + 2 * failing
    assert "throttledUntil" not in world.shown_of_provider()
    assert "requestsPerMinute" not in world.shown_of_provider()


@pytest.mark.parametrize("models", [2, 10])
@virtually
async def test_several_models_that_are_refused_for_ever(models: int) -> None:
    """They begin in one moment, which looks like the provider's limit for a second or two; nobody else loses a token."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, HEALTHY)
        world.metrics.late.clear()
        troubled.poisoned, troubled.poison = {f"limited-{number}" for number in range(models)}, 429
        for number in range(3 * models):
            add_limited(world, number, model=f"limited-{number % models}")
        await asyncio.sleep(WATCHED_S)
        assert world.expired_seconds == 0
        assert tail_of(world)[1] < 5


@pytest.mark.parametrize("failing", [2, 10])
@virtually
async def test_sessions_that_are_refused_for_ever_among_others_of_their_model(failing: int) -> None:
    """As tenants behind a gateway may be: the others lose no token, and are late by two seconds at most, and not for long."""
    world, troubled = a_world()

    async def mint(call: MintCall) -> MintAnswer:
        if b"a poor tenant" not in call.body:
            return await troubled.mint(call)
        await asyncio.sleep(LATENCY_S)
        return an_answer(status=429, at=world.clock.now(), took=LATENCY_S)

    world.provider.always = mint
    async with world:
        for number in range(HEALTHY):
            add(world, number, session={"type": "realtime", "model": "one"})
            await asyncio.sleep(38 / HEALTHY)
        await asyncio.sleep(38)
        world.metrics.late.clear()
        for number in range(failing):
            body = {"type": "realtime", "model": "one", "instructions": "You are a poor tenant."}
            add(world, 1000 + number, session=body)
        await asyncio.sleep(WATCHED_S)
        assert world.expired_seconds == 0
        assert tail_of(world)[1] < 5
        assert len(world.metrics.late) > 1900


@pytest.mark.parametrize("failing", [2, 50])
@virtually
async def test_sessions_that_are_refused_from_the_first_request_on(failing: int) -> None:
    """All begin at once: that a model is refused before others are granted anything costs these seconds, and no token."""
    world, troubled = a_world()
    troubled.poisoned, troubled.poison = {"limited"}, 429
    async with world:
        for number in range(failing):
            add_limited(world, number)
        for number in range(HEALTHY):
            add(world, number)
        await asyncio.sleep(6)
        assert {r.model for r in troubled.requests if r.expires_at} == {f"m{n}" for n in range(HEALTHY)}
        await asyncio.sleep(400)
        assert world.expired_seconds == 0


@virtually
async def test_a_model_whose_limit_goes_away() -> None:
    """Its fifty sessions are served within the pause that a 429 may last, and a minute more."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 20)
        troubled.poisoned, troubled.poison = {"limited"}, 429
        for number in range(50):
            add_limited(world, number)
        await asyncio.sleep(200)
        troubled.poisoned = set()
        await asyncio.sleep(90)
        assert all(entry.memory.failure is None for entry in world.table)


@virtually
async def test_two_models_with_a_limit_each() -> None:
    """Three hundred sessions on sixty mints a minute for their model: all get a token, next to none is refused, nobody else waits."""
    world, troubled = a_world()
    limited = Limited(world, Sliding(60), life=600)

    async def mint(call: MintCall) -> MintAnswer:
        return await limited.mint(call) if model_of(call) == "slow" else await troubled.mint(call)

    world.provider.always = mint
    async with world:
        await spread_out(world, 60)
        world.metrics.late.clear()
        begin = world.clock.now()
        for number in range(300):
            body = {"type": "realtime", "model": "slow"}
            add(world, 1000 + number, session=body, lifetimeSeconds=600)
        await asyncio.sleep(370)
        assert tail_of(world)[0] < 0.3  # none of the others has rotated yet
        await asyncio.sleep(50)
        assert len(limited.granted) >= 300
        assert len({key for key in world.secrets.stored if key[1].startswith("s1")}) >= 300
        assert limited.refused_share(begin + 60) < 0.03
        assert world.expired_seconds == 0

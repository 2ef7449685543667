"""A provider that goes down while sessions wait at a limit of it: a probe waits for nobody else's moment there. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from realtime_operator.core.exchange import MintAnswer, MintCall
from tests.engine.limited import Limited, Sliding
from tests.engine.outage import a_world, add, model_of, spread_out
from tests.engine.test_dispatcher import virtually

OTHERS, WAITING, BENCHED = 20, 800, 50


@pytest.mark.parametrize("others", [OTHERS, 0])
@virtually
async def test_sessions_that_wait_at_the_gate_of_their_model(others: int) -> None:
    """All of them come to wait for the end of the outage; it is found out, and the model's rate is used again from then on."""
    world, troubled = a_world()
    limited = Limited(world, Sliding(60), life=6000)

    async def mint(call: MintCall) -> MintAnswer:
        is_limited = model_of(call) == "slow" and not troubled.down
        return await limited.mint(call) if is_limited else await troubled.mint(call)

    world.provider.always = mint
    async with world:
        await spread_out(world, OTHERS)
        for number in range(WAITING):
            add(world, 1000 + number, session={"type": "realtime", "model": "slow"}, lifetimeSeconds=6000)
        await asyncio.sleep(30)
        for number in range(others, OTHERS):
            world.intake.gone(f"uid-{number}")
        troubled.down = {"default"}
        begin = world.clock.now()
        await asyncio.sleep(60)
        assert len(troubled.sent(begin)) > 30
        troubled.down = set()
        granted, refused = len(limited.granted), len(limited.refused)
        await asyncio.sleep(120)
        assert len(limited.granted) - granted > 100
        assert len(limited.refused) - refused < 20


@virtually
async def test_sessions_that_were_all_refused_before() -> None:
    """Everybody sits on the bench until somebody else is the trial; a probe is that trial."""
    world, troubled = a_world()
    troubled.poisoned, troubled.poison = {f"m{number}" for number in range(BENCHED)}, 429
    async with world:
        for number in range(BENCHED):
            add(world, number)
        await asyncio.sleep(100)
        troubled.down = {"default"}
        await asyncio.sleep(60)
        troubled.down, troubled.poisoned = set(), set()
        await asyncio.sleep(40)
        assert len(world.secrets.stored) == BENCHED


@pytest.mark.parametrize("refusing", [0, 30], ids=["503 to the end", "429 in the last half minute"])
@virtually
async def test_a_limit_that_was_known_before(refusing: int) -> None:
    """What ten minutes of outage do not tell of a limit is not believed of it: it is kept from the first moment on, and used."""
    world, troubled = a_world()
    window = Sliding(60)
    limited = Limited(world, window)

    async def mint(call: MintCall) -> MintAnswer:
        return await (troubled if troubled.down else limited).mint(call)

    world.provider.always = mint
    async with world:
        for number in range(400):
            add(world, number, lifetimeSeconds=600)
        await asyncio.sleep(900)
        troubled.down = {"default"}
        await asyncio.sleep(600 - refusing)
        if refusing:
            troubled.down, window.limit = set(), 0
            await asyncio.sleep(refusing)
            window.limit = 60
        troubled.down = set()
        granted, refused = len(limited.granted), len(limited.refused)
        await asyncio.sleep(180)
        assert len(limited.granted) - granted > 120
        assert len(limited.refused) - refused < 10

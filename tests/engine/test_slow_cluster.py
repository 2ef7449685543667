"""An API server that takes its time, while a provider's moments come sooner than a Secret is read. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.engine.lanes import STORING_LEAST
from tests.engine.limited import Limited, Sliding
from tests.engine.outage import LATENCY_S, a_provider, a_world, add, model_of, spread_out
from tests.engine.test_dispatcher import virtually

SESSIONS = 50


@pytest.mark.parametrize("reading", [0.1, 0.3, 1.2, 3.0])
@virtually
async def test_probes_reach_a_provider_that_is_down(reading: float) -> None:
    """Nobody has a token, so that every probe reads its Secret first; the end of the outage is found out all the same."""
    world, troubled = a_world()
    world.secrets.latency = reading
    troubled.down = {"default"}
    async with world:
        for number in range(SESSIONS):
            add(world, number)
        await asyncio.sleep(20)
        begin = world.clock.now()
        await asyncio.sleep(60)
        pace = max(reading, 0.25)
        assert 60 / (pace + 0.25) - 2 <= len(troubled.sent(begin)) <= 60 / min(pace, 2.0) + 2
        troubled.down = set()
        # The probe after the next slot, its own mint, and what the others read and mint then.
        await asyncio.sleep(2 * reading + 2 * LATENCY_S + 2.5)
        assert len(world.secrets.stored) == SESSIONS


@virtually
async def test_a_provider_does_not_wait_for_the_cluster() -> None:
    """While a token is written another session may ask: places are for requests. A few tokens may wait for their writing, and no more."""
    world, troubled = a_world([a_provider(maxInFlight=2)])
    world.secrets.writing = 2.0
    async with world:
        for number in range(40):
            add(world, number)
        await asyncio.sleep(2.0)
        assert (
            STORING_LEAST <= len(troubled.requests) < STORING_LEAST + 2
        )  # two may have asked when the last place was taken
        await asyncio.sleep(40 / STORING_LEAST * (2.0 + 2 * LATENCY_S) - 2.0)
        assert len(world.secrets.stored) == 40
        moments = [request.at for request in troubled.requests]
        at_once = max(sum(at <= other < at + 0.99 * LATENCY_S for other in moments) for at in moments)
        assert at_once <= 2


@pytest.mark.parametrize("reading", [0.1, 0.3, 1.2])
@virtually
async def test_a_model_with_a_limit_of_its_own(reading: float) -> None:
    """Its moments are a tenth of a second apart; they are used, although who is given one comes later than the next one is given."""
    world, troubled = a_world()
    world.secrets.latency = reading
    limited = Limited(world, Sliding(600), life=600)

    async def mint(call: MintCall) -> MintAnswer:
        return await limited.mint(call) if model_of(call) == "slow" else await troubled.mint(call)

    world.provider.always = mint
    async with world:
        await spread_out(world, 20)
        for number in range(1800):
            add(world, 1000 + number, session={"type": "realtime", "model": "slow"}, lifetimeSeconds=600)
        await asyncio.sleep(360)
        assert len(limited.granted) == 1800
        assert len(limited.refused) < 100


@pytest.mark.parametrize("reading", [0.1, 1.2, 3.0])
@virtually
async def test_trials_after_all_were_refused(reading: float) -> None:
    """Everybody sits on the bench; that the limit is gone is found out within the longest pause."""
    world, troubled = a_world()
    world.secrets.latency = reading
    troubled.poisoned, troubled.poison = {f"m{number}" for number in range(SESSIONS)}, 429
    async with world:
        for number in range(SESSIONS):
            add(world, number)
        await asyncio.sleep(300)
        troubled.poisoned = set()
        await asyncio.sleep(90)
        assert len(world.secrets.stored) == SESSIONS

"""A provider that never answers, beside one that does: the other's sessions notice nothing. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import Reason
from tests.engine.outage import Troubled, a_provider, a_world, add, spread_out
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World

SESSIONS = 200
DEADLINE_S = 12.0


def p99(world: World) -> float:
    """The lateness that one rotation in a hundred exceeds."""
    return sorted(world.metrics.late)[int(len(world.metrics.late) * 0.99)]


def hangs(world: World, troubled: Troubled, host: str) -> None:
    """Let every call to a host end by the adapter's deadline, without an answer."""

    async def mint(call: MintCall) -> MintAnswer:
        if f"//{host}." not in call.url:
            return await troubled.mint(call)
        await asyncio.sleep(DEADLINE_S)
        raise ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "The provider gave no answer: none came.")

    world.provider.always = mint


@pytest.mark.parametrize("limits", [{}, {"maxInFlight": 4}, {"requestsPerMinute": 60}])
@virtually
async def test_a_provider_that_hangs_on_every_call(limits: dict[str, int]) -> None:
    """Lateness beside it is what it is alone, for new sessions of it as well as for rotations."""
    world, troubled = a_world([a_provider("default"), a_provider("other", **limits)])
    hangs(world, troubled, "other")
    async with world:
        await spread_out(world, SESSIONS)
        world.metrics.late.clear()
        await asyncio.sleep(120)
        alone = p99(world)
        world.metrics.late.clear()
        for number in range(SESSIONS):
            add(world, 1000 + number, providerRef={"name": "other"})
        await asyncio.sleep(120)
        assert len(world.metrics.late) >= SESSIONS * 2
        assert p99(world) <= alone + 0.01
        assert max(world.metrics.late) <= 0.3
        begin = world.clock.now()
        add(world, 500)
        await asyncio.sleep(1)
        [first] = [each for each in troubled.requests if each.model == "m500"]
        assert first.given_at - begin < 0.5

"""A provider that answers nothing for a while, neither with a token nor with an error. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import Reason
from tests.engine.outage import a_world, spread_out
from tests.engine.test_dispatcher import virtually

SESSIONS = 30


@pytest.mark.parametrize("seconds", [5, 11, 14.8])
@virtually
async def test_no_token_expires_for_a_hang_that_is_shorter_than_what_is_left_at_rotation(
    seconds: float,
) -> None:
    """Rotation begins with some 20 s left. A request sent right before the end of the hang must not wait on while others are answered."""
    world, troubled = a_world()
    until = 0.0

    async def mint(call: MintCall) -> MintAnswer:
        if world.clock.now() >= until:
            return await troubled.mint(call)
        await asyncio.sleep(call.deadline)
        raise ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "The provider gave no answer: none came.")

    world.provider.always = mint
    async with world:
        await spread_out(world, SESSIONS)
        for _ in range(20):
            until = world.clock.now() + seconds
            await asyncio.sleep(77)
        assert world.expired_seconds == 0

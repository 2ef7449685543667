"""Where pods may not be told, a token is rotated early enough for kubelets that find out by themselves."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.pods import FORBIDDEN, a_world, add_pod, delivered, told_session
from tests.engine.test_dispatcher import virtually


@virtually
async def test_without_the_right_a_token_is_rotated_by_the_kubelets_pace() -> None:
    """Its pods find out by themselves, for which 5 s are not enough; with the right, it is rotated by the pods' pace again."""
    world = a_world()
    world.provider.life = 300
    add_pod(world, "voice-0")
    async with world:
        told_session(world, lifetimeSeconds=300)
        await asyncio.sleep(5)
        fast = world.memory().rotation_at
        world.pods.away = FORBIDDEN
        told_session(world, lifetimeSeconds=300, annotations={"realtime-operator.io/rotate": "1"})
        await asyncio.sleep(5)
        assert delivered(world) == ("False", "PodsForbidden")
        slow = world.memory().rotation_at
        assert fast is not None
        assert slow is not None
        assert slow - fast == pytest.approx(5 - 51, abs=16), "151 s left instead of 100, and the spread"
        world.pods.away = None
        told_session(world, lifetimeSeconds=300, annotations={"realtime-operator.io/rotate": "2"})
        await asyncio.sleep(5)
        assert delivered(world) == ("True", "WithinPropagation")
        again = world.memory().rotation_at
        assert again is not None
        assert again - fast == pytest.approx(10, abs=16)

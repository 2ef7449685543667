"""How many pods are listed and told at a time, and who comes first."""

from __future__ import annotations

import asyncio

from realtime_operator.engine.pod_round import TOLD_AT_ONCE, TOLD_AT_ONCE_BY_ONE
from tests.engine.pods import HANGS, a_world, add_pod, delivered, token_id, told_session, until
from tests.engine.test_dispatcher import virtually


@virtually
async def test_a_session_of_slow_pods_does_not_keep_the_places_of_others() -> None:
    """Hundreds behind a webhook that hangs cost the others nothing; each list asks a few of them and leaves the rest."""
    world = a_world()
    for number in range(300):
        add_pod(world, f"slow-{number}")
        world.pods.slow[f"slow-{number}"] = HANGS
    for number in range(1, 6):
        add_pod(world, f"voice-{number}", number)
    async with world:
        for number in range(6):
            told_session(world, number)
        await asyncio.sleep(1)
        told = world.pods.told()
        assert all(told[f"voice-{number}"] == token_id(world, number) for number in range(1, 6))
        await asyncio.sleep(100)
        assert world.expired_seconds == 0
        assert delivered(world) == ("False", "PodsBehind")


@virtually
async def test_how_many_are_told_at_a_time() -> None:
    """A few of one session, so that hundreds of one leave room for others, and not many more of all."""
    world = a_world()
    world.pods.latency = 0.01
    for number in range(10):
        for pod in range(60 if number else 300):
            add_pod(world, f"voice-{number}-{pod}", number)
    async with world:
        told_session(world)
        await asyncio.sleep(1.5)
        assert world.pods.most_running == TOLD_AT_ONCE_BY_ONE
        assert len(world.pods.tellings) == 300, "300 pods within 3 s, and of a page more than one"
        for number in range(1, 10):
            told_session(world, number)
        await asyncio.sleep(1.5)
        assert world.pods.most_running == TOLD_AT_ONCE
        assert "" not in world.pods.told().values()


@virtually
async def test_a_first_list_goes_before_the_later_ones_of_others() -> None:
    """Hundreds of sessions that were rotated at once list again and again for seconds; whoever is rotated then is told at once."""
    world = a_world()
    world.provider.life = 600
    world.pods.list_latency = 0.1
    many = 400
    for number in range(many + 2):
        add_pod(world, f"voice-{number}", number)
    async with world:
        for number in range(many):
            told_session(world, number, lifetimeSeconds=600)
        await asyncio.sleep(7)
        for number in (many, many + 1):
            lists = world.pods.calls["page"]
            told_session(world, number, lifetimeSeconds=600)
            await until(lambda it=number: ("hotel", f"s{it}") in world.secrets.stored)  # type: ignore[misc] # bound now
            written = world.clock.now()
            await until(lambda it=number: world.pods.told()[f"voice-{it}"] != "")  # type: ignore[misc] # bound now
            assert world.clock.now() - written < 0.3, "a list that is under way, and its own"
            assert world.pods.calls["page"] - lists >= 8, "others were listing"
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        assert "" not in world.pods.told().values()
        assert len(world.pod_lane) == 0

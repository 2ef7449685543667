"""What was refused and is mended: while the operator was away, or within seconds while a gateway is rolled out. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.outage import Troubled, a_provider, a_world, add, spread_out
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World

SESSIONS = 60


async def refused_and_away(poison: int, *, away: float) -> tuple[World, Troubled]:
    """All sessions are refused, then the operator ends, is away for a while, and finds the provider mended."""
    world, troubled = a_world()
    async with world:
        troubled.poisoned, troubled.poison = {f"m{number}" for number in range(SESSIONS)}, poison
        await spread_out(world, SESSIONS)
        await asyncio.sleep(30)
    await asyncio.sleep(away)
    return a_world(before=world)


def hears(world: World, kind: str) -> None:
    """The watch lists all objects of a kind, as at a start."""
    for key, body in list(world.objects.documents.items()):
        if key[0] == kind and kind == "RealtimeSession":
            world.intake.seen(body)
        elif key[0] == kind and world.providers is not None:
            world.providers.seen(kind, body, listed=True)


@pytest.mark.parametrize("poison", [400, 401, 403, 404, 405, 422, 501])
@virtually
async def test_a_refusal_that_was_mended_while_the_operator_was_away(poison: int) -> None:
    """Every session is tried once more within a minute, not all in one second, and those that are served stay served."""
    again, later = await refused_and_away(poison, away=600)
    async with again:
        begin = again.clock.now()
        hears(again, "RealtimeSession")
        await asyncio.sleep(62)
        moments = [request.at - begin for request in later.requests]
        assert {request.model for request in later.requests} == {f"m{number}" for number in range(SESSIONS)}
        assert max(sum(at <= other < at + 1 for other in moments) for at in moments) <= SESSIONS / 6
        assert all(entry.memory.failure is None for entry in again.table)


@pytest.mark.parametrize("poison", [400, 401])
@virtually
async def test_a_refusal_that_was_not_mended(poison: int) -> None:
    """One request for each session, however often the operator starts within a minute; afterwards as before."""
    again, later = await refused_and_away(poison, away=600)
    requests = 0
    for _ in range(3):
        async with again:
            later.poisoned, later.poison = {f"m{number}" for number in range(SESSIONS)}, poison
            hears(again, "RealtimeSession")
            hears(again, "RealtimeProvider")
            await asyncio.sleep(70)
        requests += len(later.requests)
        begin = again.clock.now()
        again, later = a_world(before=again)
        async with again:
            later.poisoned, later.poison = {f"m{number}" for number in range(SESSIONS)}, poison
            hears(again, "RealtimeSession")
            await asyncio.sleep(1)
            assert len(later.requests) <= SESSIONS / 6
            assert again.clock.now() - begin < 2
        await asyncio.sleep(300)
        again, later = a_world(before=again)
    assert requests <= 3 * SESSIONS


@virtually
async def test_a_provider_that_is_heard_of_after_its_sessions_is_no_reason_to_ask_at_once() -> None:
    """At a start the order is anybody's guess: who was refused before has its own moment either way."""
    again, later = await refused_and_away(401, away=600)
    directory = again.providers
    assert directory is not None
    directory.gone("RealtimeProvider", "uid-default")
    async with again:
        hears(again, "RealtimeSession")
        hears(again, "RealtimeProvider")
        await asyncio.sleep(2)
        assert len(later.requests) <= SESSIONS / 6


@virtually
async def test_a_token_that_lives_and_is_not_due_is_no_reason_to_ask_after_a_restart() -> None:
    """The retries of a start are for those who wait for a token, and for nobody else."""
    world, troubled = a_world()
    async with world:
        for number in range(20):
            add(world, number, lifetimeSeconds=600)
        await asyncio.sleep(5)
        troubled.poisoned, troubled.poison = {"m3"}, 401
        add(world, 3, generation=2, lifetimeSeconds=500)
        await asyncio.sleep(3)
    again, later = a_world(before=world)
    async with again:
        hears(again, "RealtimeSession")
        await asyncio.sleep(25)
        assert later.requests == []


@pytest.mark.parametrize("status", [404, 405, 501])
@virtually
async def test_a_gateway_that_is_rolled_out(status: int) -> None:
    """For five seconds nothing is at its path: everybody is Stalled with the remedy, and is served soon after it is back."""
    world, troubled = a_world([a_provider()])
    async with world:
        troubled.poisoned, troubled.poison = {f"m{number}" for number in range(20)}, status
        for number in range(20):
            add(world, number)
        await asyncio.sleep(5)
        stalled = [c for c in world.shown(7)["conditions"] if c["type"] == "Stalled"]
        assert [(c["status"], c["reason"]) for c in stalled] == [("True", "ProviderRejected")]
        assert "correct" in stalled[0]["message"] or "choose" in stalled[0]["message"]
        assert len(troubled.requests) == 20
        troubled.poisoned = set()
        await asyncio.sleep(12)
        assert all(entry.memory.failure is None for entry in world.table)


@virtually
async def test_a_path_that_is_never_there_is_asked_for_seldom() -> None:
    """An hour of it: six requests in the first minutes, then one every 5 to 15."""
    world, troubled = a_world([a_provider()])
    async with world:
        troubled.poisoned, troubled.poison = {"m0"}, 404
        add(world, 0)
        await asyncio.sleep(3600)
        assert 10 <= len(troubled.requests) <= 18

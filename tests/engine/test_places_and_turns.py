"""Who waits for a provider waits by what it wants now, and never takes more places than there are. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from realtime_operator.engine.directory import LOOK_AT_KEYS_S
from realtime_operator.reference_ports import KeyDocument
from tests.engine.outage import Troubled, a_provider, a_world, add, spread_out
from tests.engine.test_dispatcher import virtually


def hangs_for(troubled: Troubled, seconds: float) -> None:
    """Let every mint take so long."""
    world, usual = troubled.world, troubled.mint

    async def mint(call: object) -> object:
        troubled.at_once += 1
        troubled.most_at_once = max(troubled.most_at_once, troubled.at_once)
        await asyncio.sleep(seconds)
        troubled.at_once -= 1
        return await usual(call)  # type: ignore[arg-type]

    world.provider.always = mint  # type: ignore[assignment]


@virtually
async def test_looks_that_find_a_mint_needed_wait_for_a_place() -> None:
    """Twenty Secrets were deleted while the operator was away: two at a time are minted for, as the provider's limit says."""
    world, _ = a_world()
    async with world:
        for number in range(20):
            add(world, number, lifetimeSeconds=600)
        await asyncio.sleep(5)
    for number in range(20):
        world.secrets.delete(f"s{number}")
    again, later = a_world([a_provider(maxInFlight=2)], before=world)
    directory = again.providers
    assert directory is not None
    directory.gone("RealtimeProvider", "uid-default")
    directory.seen("RealtimeProvider", a_provider(maxInFlight=2))
    hangs_for(later, 8.0)
    async with again:
        for key, body in list(again.objects.documents.items()):
            if key[0] == "RealtimeSession":
                again.intake.seen(body)
        await asyncio.sleep(150)
        assert len({request.model for request in later.requests}) == 20
        assert later.most_at_once <= 2


@pytest.mark.parametrize("how", ["another key", "another spec"])
@virtually
async def test_first_mints_that_wait_while_the_provider_changes_are_not_dropped(how: str) -> None:
    """Six a minute are allowed, and the provider changes while three wait: each is served in its turn, no moment is lost."""
    world, troubled = a_world([a_provider(requestsPerMinute=6)])
    directory = world.providers
    assert directory is not None
    async with world:
        begin = world.clock.now()
        for number in range(4):
            add(world, number)
        await asyncio.sleep(1)
        if how == "another key":
            key = KeyDocument("2", {"realtime-operator.io/provider-key": "true"}, {"api-key": "sk-other"})
            world.references.secrets["hotel", "openai"] = key
            await asyncio.sleep(LOOK_AT_KEYS_S)
        else:
            elsewhere = a_provider(requestsPerMinute=6)
            elsewhere["metadata"]["generation"] = 2
            elsewhere["spec"]["headers"] = {"X-Team": "voice"}
            directory.seen(elsewhere["kind"], elsewhere)
        await asyncio.sleep(begin + 32 - world.clock.now())
        assert len({request.model for request in troubled.requests}) == 4


@virtually
async def test_a_corrected_spec_does_not_stand_behind_for_what_the_one_before_was_refused() -> None:
    """Sixty mints a minute are half of what is needed: who has been expired for long is served as soon as its spec is mended."""
    world, troubled = a_world([a_provider(requestsPerMinute=60)])
    async with world:
        await spread_out(world, 30)
        add(world, 500)
        await asyncio.sleep(5)
        troubled.poisoned, troubled.poison = {"m500"}, 500
        await asyncio.sleep(100)
        for number in range(30, 100):
            add(world, number)
        await asyncio.sleep(200)
        mended_at = world.clock.now()
        add(world, 500, generation=2, session={"type": "realtime", "model": "mended"})
        await asyncio.sleep(10)
        assert [request for request in troubled.sent(mended_at) if request.model == "mended"]

"""A provider that is away for a minute: what that costs while it lasts, and how soon all is fresh again. In virtual time."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from realtime_operator.engine.directory import LOOK_AT_KEYS_S
from realtime_operator.reference_ports import KeyDocument
from tests.engine.outage import LATENCY_S, Troubled, a_provider, a_world, add, spread_out
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World

MANY = 1000


async def outage(world: World, troubled: Troubled, seconds: float, *hosts: str) -> tuple[float, float]:
    """Let providers be away for so long; gives when it began and ended."""
    begin = world.clock.now()
    troubled.down = set(hosts) or {"default"}
    await asyncio.sleep(seconds)
    troubled.down = set()
    return begin, world.clock.now()


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.6, 0.9])
@virtually
async def test_an_outage_of_a_minute_for_a_thousand_sessions_of_a_minute(phase: float) -> None:
    """Few requests and few statuses while it lasts; then all is fresh as soon as 128 mints at a time can do it, the first expired first."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, MANY)
        await asyncio.sleep(phase)
        told = world.submitted
        begin, back = await outage(world, troubled, 60)
        assert len(troubled.sent(begin, back)) <= 200
        # The rotation that fails, the expiry, and what the probes add.
        assert world.submitted - told <= 2 * MANY + 200
        troubled.most_at_once = 0
        await asyncio.sleep(40)
        actual, least, last = troubled.exposure(begin, back)
        first = next(r for r in troubled.sent(back) if r.expires_at is not None)
        waves = MANY / 128 * LATENCY_S
        found_after = first.given_at - back
        assert found_after <= 0.25 + 2 * LATENCY_S
        assert last - back <= 2.0
        # On average half of the waves, after the probe; the least counts one latency already.
        assert actual - least <= MANY * (found_after + waves / 2 + 0.05)
        assert actual <= least * (1.04 + max(0.0, found_after - LATENCY_S) * MANY / least)
        assert troubled.most_at_once <= 128


@virtually
async def test_after_an_outage_the_first_expired_is_the_first_served() -> None:
    """And nobody's mint is sent twice."""
    world, troubled = a_world([a_provider(maxInFlight=4)])
    async with world:
        await spread_out(world, 100)
        begin, back = await outage(world, troubled, 70)
        await asyncio.sleep(8)
        fresh = [r for r in troubled.sent(back) if r.expires_at is not None]
        probe, served = fresh[0].model, [r.model for r in fresh[1:100]]
        expired = {r.model: r.expires_at or 0.0 for r in troubled.sent(0, begin) if r.expires_at is not None}
        assert len({probe, *served}) == 100
        assert served == sorted(served, key=lambda model: expired[model])
        assert troubled.most_at_once <= 4


@virtually
async def test_a_rate_limit_holds_after_an_outage() -> None:
    """Never more than the limit in any minute, however many wait; the most urgent first, and no more in flight than is of use."""
    world, troubled = a_world([a_provider(requestsPerMinute=600)])
    async with world:
        await spread_out(world, 200)
        _, back = await outage(world, troubled, 60)
        troubled.most_at_once = 0
        await asyncio.sleep(60)
        moments = [request.at for request in troubled.sent(back)]
        for number, moment in enumerate(moments):
            assert sum(moment <= later < moment + 60 for later in moments[number:]) <= 600
        assert min(b - a for a, b in pairwise(moments)) >= 0.1 - 1e-6
        assert sum(moment < back + 1 + 200 * 0.1 + 1 for moment in moments) >= 200
        assert troubled.most_at_once <= 3


@virtually
async def test_a_poisoned_session_stops_nobody() -> None:
    """A session whose requests alone provoke 500 is retried by itself, and the others rotate as ever."""
    world, troubled = a_world()
    async with world:
        troubled.poisoned = {"m3"}
        await spread_out(world, 20)
        await asyncio.sleep(300)
        assert max(world.metrics.late) < 0.3
        assert world.expired_seconds == 0
        assert world.shown(3)["conditions"][0]["reason"] == "ProviderUnavailable"
        begin = world.clock.now()
        await outage(world, troubled, 90)
        await asyncio.sleep(3)
        fresh = {r.model for r in troubled.sent(begin + 90) if r.expires_at is not None}
        assert len(fresh) == 19


@virtually
async def test_three_poisoned_sessions_cannot_keep_a_provider_down() -> None:
    """They may have it declared down; the next that is due shows that it is not."""
    world, troubled = a_world()
    async with world:
        troubled.poisoned = {"m3", "m4", "m5"}
        await spread_out(world, 40)
        await asyncio.sleep(300)
        assert world.expired_seconds == 0
        assert max(world.metrics.late) < 6


@virtually
async def test_a_provider_that_asks_for_a_pause() -> None:
    """Nothing is sent before the time that Retry-After names."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 60)
        troubled.headers = {"retry-after": "25"}
        begin, _ = await outage(world, troubled, 50)
        moments = [request.at for request in troubled.sent(begin, begin + 50)]
        declared = moments[2] + LATENCY_S
        assert not [at for at in moments if declared + 0.01 < at < declared + 24.9]
        assert [at for at in moments if at > declared + 24.9]


@virtually
async def test_a_probe_that_hangs_does_not_stop_the_next() -> None:
    """The provider is found to be back at once although earlier probes never end."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 60)
        troubled.down = {"default"}
        await asyncio.sleep(50)
        troubled.hanging = 3
        await asyncio.sleep(20)
        troubled.down = set()
        back = world.clock.now()
        await asyncio.sleep(3)
        given = [r for r in troubled.sent(back) if r.expires_at is not None]
        assert min(r.at for r in given) <= back + 0.26
        assert len({r.model for r in given}) == 57


@virtually
async def test_one_of_two_providers_is_down() -> None:
    """The other's rotations are as punctual as before."""
    world, troubled = a_world([a_provider(), a_provider("other")])
    async with world:
        for number in range(100, 200):
            add(world, number, providerRef={"name": "other"})
        await spread_out(world, 100)
        world.metrics.late.clear()
        begin, back = await outage(world, troubled, 60, "other")
        assert max(world.metrics.late) < 0.3
        assert len(world.metrics.late) >= 100
        mine = [r for r in troubled.sent(begin, back) if r.expires_at is None]
        assert len(mine) <= 300
        await asyncio.sleep(3)
        assert all(memory.memory.expires_at > world.clock.now() for memory in world.table)


@virtually
async def test_the_only_session_there_is() -> None:
    """It is probed as often, so it is fresh soon after the provider is back."""
    world, troubled = a_world()
    async with world:
        add(world, 0)
        await asyncio.sleep(5)
        begin, back = await outage(world, troubled, 100.37)
        assert len(troubled.sent(begin, back)) <= 270
        await asyncio.sleep(2)
        _, _, last = troubled.exposure(begin, back)
        assert last - back <= 0.25 + 2 * LATENCY_S


@virtually
async def test_a_restart_during_an_outage() -> None:
    """What is remembered is found true again with few requests; afterwards all is fresh at once, and nothing is minted without a reason."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 300)
        await outage(world, troubled, 60)
    again, later = a_world(before=world)
    later.down = {"default"}
    async with again:
        for body in list(again.objects.documents.values()):
            again.intake.seen(body)
        await asyncio.sleep(20)
        assert len(later.requests) <= 128 + 80
        back = again.clock.now()
        later.down = set()
        await asyncio.sleep(2.5)
        assert len([r for r in later.sent(back) if r.expires_at is not None]) == 300
        assert all(entry.memory.failure is None for entry in again.table)


@virtually
async def test_a_spec_that_changes_while_the_provider_is_down() -> None:
    """It is shown as its own, sends nothing but a probe in its turn, and is served with the others."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 30)
        troubled.down = {"default"}
        await asyncio.sleep(62)
        before = len(troubled.requests)
        for number in range(10):
            add(world, number, generation=2, lifetimeSeconds=55)
        await asyncio.sleep(3)
        assert len(troubled.requests) - before <= 13
        assert world.shown(4)["observedGeneration"] == 2
        assert world.shown(4)["failures"]["lastReason"] == "ProviderUnavailable"
        troubled.down = set()
        await asyncio.sleep(3)
        assert {entry.memory.confirmed_generation for entry in world.table} == {1, 2}
        assert all(entry.memory.failure is None for entry in world.table)


@virtually
async def test_sessions_that_are_suspended_or_deleted_while_the_provider_is_down() -> None:
    """Nothing is sent for them, during the outage or at its end; when nobody waits any more, nothing is sent at all."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 6)
        troubled.down = {"default"}
        await asyncio.sleep(62)
        for number in range(3):
            add(world, number, generation=2, suspend=True)
            world.intake.gone(f"uid-{number + 3}")
        await asyncio.sleep(1)
        sent = len(troubled.requests)
        await asyncio.sleep(30)
        assert world.shown(1)["conditions"][0]["reason"] == "Suspended"
        troubled.down = set()
        await asyncio.sleep(30)
        assert len(troubled.requests) == sent
        add(world, 1, generation=3)
        await asyncio.sleep(1.5)
        assert world.shown(1)["conditions"][0]["status"] == "True"


@pytest.mark.parametrize("how", ["another spec", "another key", "gone and made anew"])
@virtually
async def test_a_provider_that_becomes_another_one(how: str) -> None:
    """What was known of its trouble is not held against it: all that waited is tried at once."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 40)
        troubled.down = {"default"}
        await asyncio.sleep(62)
        sent = len(troubled.requests)
        directory = world.providers
        assert directory is not None
        if how == "another spec":
            elsewhere = a_provider()
            elsewhere["metadata"]["generation"] = 2
            elsewhere["spec"]["baseURL"] = "https://elsewhere.test/v1"
            directory.seen(elsewhere["kind"], elsewhere)
        elif how == "another key":
            key = KeyDocument("2", {"realtime-operator.io/provider-key": "true"}, {"api-key": "sk-other"})
            world.references.secrets["hotel", "openai"] = key
            await asyncio.sleep(LOOK_AT_KEYS_S)
        else:
            directory.gone("RealtimeProvider", "uid-default")
            directory.seen("RealtimeProvider", a_provider())
        await asyncio.sleep(0.05)
        moments = [request.at for request in troubled.requests[sent:]]
        at_once = max(sum(first <= at < first + 0.1 for at in moments) for first in moments)
        assert at_once >= 39  # one may have been asking just then


@virtually
async def test_sigterm_while_a_provider_is_down() -> None:
    """There is nothing to wait for: it ends at once, and what it knows is shown."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 40)
        troubled.down = {"default"}
        await asyncio.sleep(50.5)
        now = world.clock.now()
    assert world.clock.now() - now < 1
    failures: list[Any] = [world.shown(number)["failures"] for number in range(40)]
    assert {each["lastReason"] for each in failures} == {"ProviderUnavailable"}

"""Sessions whose own requests fail for ever, beside others that are well: the others lose nothing. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.outage import Troubled, a_provider, a_world, add, spread_out
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World

HEALTHY = 20


def expired(world: World, troubled: Troubled, begin: float) -> float:
    """Seconds since a moment in which healthy sessions had no living token, added up."""
    end, total = world.clock.now(), 0.0
    for number in range(HEALTHY):
        given = [r for r in troubled.requests if r.model == f"m{number}" and r.expires_at is not None]
        lives = sorted((r.given_at, float(r.expires_at or 0)) for r in given)
        for (_, expiry), (next_at, _) in zip(lives, [*lives[1:], (end, 0.0)], strict=True):
            total += max(0.0, min(next_at, end) - max(expiry, begin))
    return total


@pytest.mark.parametrize(
    ("failing", "limits"),
    [
        (30, {}),
        (100, {}),
        (5, {"maxInFlight": 4}),
        (10, {"maxInFlight": 8}),
        (3, {"requestsPerMinute": 240}),
    ],
)
@pytest.mark.parametrize("begins", ["at their first mint", "later"])
@virtually
async def test_sessions_that_fail_for_ever_cost_the_others_nothing(
    failing: int, limits: dict[str, int], begins: str
) -> None:
    """They may have the provider declared down once; whoever was well shows that it is not, before its token expires."""
    provider = a_provider()
    provider["spec"]["limits"] = limits
    world, troubled = a_world([provider])
    async with world:
        await spread_out(world, HEALTHY)
        begin, models = world.clock.now(), {f"m{100 + number}" for number in range(failing)}
        if begins == "at their first mint":
            troubled.poisoned = models
        for number in range(failing):
            add(world, 100 + number)
        if begins == "later":
            await asyncio.sleep(60)
            troubled.poisoned = models
        await asyncio.sleep(400)
        assert expired(world, troubled, begin) == 0


@virtually
async def test_a_crowd_that_fails_leaves_the_others_nearly_all_of_their_time() -> None:
    """A hundred of them keep eight places busy, each with the right of whose token has expired; the others lose 1 % at most."""
    world, troubled = a_world([a_provider(maxInFlight=8)])
    async with world:
        await spread_out(world, HEALTHY)
        for number in range(100):
            add(world, 100 + number)
        await asyncio.sleep(60)
        begin, troubled.poisoned = world.clock.now(), {f"m{100 + number}" for number in range(100)}
        await asyncio.sleep(400)
        assert expired(world, troubled, begin) <= 0.01 * HEALTHY * 400


@pytest.mark.parametrize(("failing", "per_minute"), [(5, 60), (30, 240)])
@virtually
async def test_sessions_that_fail_for_ever_do_not_use_up_a_rate(failing: int, per_minute: int) -> None:
    """Their tokens expired long ago, yet the moments that a rate leaves go to the others first, who lose 5 % at most."""
    world, troubled = a_world([a_provider(requestsPerMinute=per_minute)])
    async with world:
        await spread_out(world, HEALTHY)
        for number in range(failing):
            add(world, 100 + number)
        await asyncio.sleep(60)
        begin, troubled.poisoned = world.clock.now(), {f"m{100 + number}" for number in range(failing)}
        await asyncio.sleep(400)
        assert expired(world, troubled, begin) <= 0.05 * HEALTHY * 400
        asked = {r.model for r in troubled.sent(world.clock.now() - 120)}
        assert asked >= troubled.poisoned


@virtually
async def test_a_limit_for_one_model_stops_no_other() -> None:
    """Three sessions are told to wait for ten minutes; nobody else does."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, HEALTHY)
        begin = world.clock.now()
        troubled.poisoned, troubled.poison = {"m100", "m101", "m102"}, 429
        troubled.headers = {"retry-after": "600"}
        for number in range(100, 103):
            add(world, number)
        await asyncio.sleep(400)
        assert expired(world, troubled, begin) == 0
        assert len([r for r in troubled.sent(begin) if r.model in troubled.poisoned]) == 3


@virtually
async def test_one_session_told_to_wait_an_hour_does_not_prolong_an_outage() -> None:
    """The provider is back after some seconds, and so is everybody else."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, HEALTHY)
        begin = world.clock.now()
        troubled.down, troubled.wishes = {"default"}, {"m0": "3600"}
        while "m0" not in {r.model for r in troubled.sent(begin)}:  # noqa: ASYNC110 - it asks when it is due
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        troubled.down = set()
        await asyncio.sleep(4)
        assert expired_of(troubled, HEALTHY, world.clock.now(), world.clock.now() + 1) == 0
        await asyncio.sleep(120)
        assert expired(world, troubled, begin) == 0


@virtually
async def test_a_page_instead_of_a_token_is_an_outage_too() -> None:
    """A maintenance page that is answered with 200 must not be asked for by everybody all the time."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 300)
        begin = world.clock.now()
        troubled.down, troubled.page = {"default"}, b"<html>back soon</html>"
        await asyncio.sleep(60)
        assert len(troubled.sent(begin)) <= 200


@pytest.mark.parametrize("answer", [401, 429])
@virtually
async def test_what_a_provider_said_before_it_was_changed_holds_nobody_back(answer: int) -> None:
    """A mint was under way with the old address when the new one came: its refusal is nothing to wait for."""
    world, troubled = a_world()
    directory = world.providers
    assert directory is not None
    async with world:
        await spread_out(world, 4)
        troubled.poisoned, troubled.poison = {f"m{number}" for number in range(4)}, answer
        troubled.poisoned_at = {"default"}
        troubled.headers = {"retry-after": "3600"}
        while not troubled.at_once:  # noqa: ASYNC110 - somebody is due soon
            await asyncio.sleep(0.01)
        elsewhere = a_provider()
        elsewhere["metadata"]["generation"] = 2
        elsewhere["spec"]["baseURL"] = "https://elsewhere.test/v1"
        directory.seen(elsewhere["kind"], elsewhere)
        changed_at = world.clock.now()
        await asyncio.sleep(60)
        assert expired_of(troubled, 4, changed_at, world.clock.now()) == 0


@virtually
async def test_who_waits_for_its_moment_asks_the_provider_as_it_is_then() -> None:
    """A rate limit keeps mints waiting; the address is corrected meanwhile: nothing more goes to the old one."""
    world, troubled = a_world([a_provider(requestsPerMinute=6)])
    directory = world.providers
    assert directory is not None
    async with world:
        for number in range(3):
            add(world, number)
        await asyncio.sleep(1)
        elsewhere = a_provider(requestsPerMinute=6)
        elsewhere["metadata"]["generation"] = 2
        elsewhere["spec"]["baseURL"] = "https://elsewhere.test/v1"
        directory.seen(elsewhere["kind"], elsewhere)
        await asyncio.sleep(58)
        assert len(troubled.urls) > 1
        assert all(url.startswith("https://elsewhere.test/") for url in troubled.urls[1:])


def expired_of(troubled: Troubled, sessions: int, begin: float, end: float) -> float:
    """Seconds since a moment in which the first so many sessions had no living token, added up."""
    total = 0.0
    for number in range(sessions):
        given = [r for r in troubled.requests if r.model == f"m{number}" and r.expires_at is not None]
        held = max(float(r.expires_at or 0) for r in given if r.given_at < begin)
        again = min((r.given_at for r in given if r.given_at >= begin), default=end)
        total += max(0.0, again - max(held, begin))
    return total

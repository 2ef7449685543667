"""More sessions than a limit carries: the figures say so, and who loses its token is told why, once. In virtual time."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import Reason
from realtime_operator.engine.capacity import Capacity
from tests.engine.limited import Bucket, Sliding, Window
from tests.engine.test_dispatcher import virtually
from tests.engine.test_tight_limit import a_world, add
from tests.engine.world import CPU_PER_MINT_S, PROVIDER, World
from tests.support.builders import an_answer

SESSIONS = 90


def ready(world: World) -> Counter[str]:
    """How many sessions have which reason of Ready."""
    shown = (world.shown(number)["conditions"] for number in range(SESSIONS))
    return Counter(c["reason"] for conditions in shown for c in conditions if c["type"] == "Ready")


async def away(_: MintCall) -> MintAnswer:
    """Answer as a provider that is in trouble."""
    return an_answer(status=503, headers={})


def message_of(world: World, reason: Reason) -> str:
    """What Ready says of a session with this reason."""
    shown = (c for number in range(SESSIONS) for c in world.shown(number)["conditions"])
    return next(str(c["message"]) for c in shown if c["type"] == "Ready" and c["reason"] == reason)


@virtually
async def test_what_is_needed_is_told_as_shares() -> None:
    """Ninety tokens of two minutes, read by the API, are rotated every 77 s: 70 a minute, of 140 that are allowed."""
    world, limited = a_world(Sliding(1000), requestsPerMinute=140)
    limited.life = 120
    async with world:
        for number in range(SESSIONS):
            add(world, number, lifetimeSeconds=120)
        await asyncio.sleep(150)
        assert world.capacity is not None
        shares = world.capacity.shares[PROVIDER]
        assert shares.needed_per_minute == pytest.approx(70.1, abs=0.1)
        assert shares.rate == pytest.approx(0.5, abs=0.01)
        assert world.providers is not None
        assert shares.places == pytest.approx(70.1 / 60 * world.providers.latency() / 128, rel=0.01)
        assert world.capacity.core == pytest.approx(70.1 / 60 * CPU_PER_MINT_S, rel=0.1)
        assert world.expired_seconds == 0
        assert ready(world) == {Reason.ISSUED: SESSIONS}


@virtually
async def test_suspended_sessions_need_nothing() -> None:
    """Nor do those that are gone."""
    world, _ = a_world(Sliding(1000), requestsPerMinute=140)
    async with world:
        for number in range(3):
            add(world, number)
        await asyncio.sleep(5)
        add(world, 0, generation=2, suspend=True)
        world.intake.gone("uid-1")
        await asyncio.sleep(30)
        assert world.capacity is not None
        assert world.capacity.shares[PROVIDER].needed_per_minute == pytest.approx(60 / 385, rel=0.01)


@pytest.mark.parametrize(
    ("window", "limits", "said"),
    [
        (
            lambda: Sliding(1000),
            {"requestsPerMinute": 30},
            r"spec\.limits\.requestsPerMinute of RealtimeProvider default is 30, and its",
        ),
        # a 429 takes a tenth off what it has found out, so it is about thirty at any time
        (lambda: Bucket(30), {}, r"RealtimeProvider default grants about (2[7-9]|3[0-4]) mints"),
    ],
    ids=["configured", "found out"],
)
@virtually
async def test_who_loses_its_token_is_told_which_limit_is_short(
    window: Callable[[], Window], limits: dict[str, Any], said: str
) -> None:
    """Ninety tokens of two minutes on thirty mints a minute: a third has none at any time, and each of those says why."""
    world, limited = a_world(window(), **limits)
    limited.life = 120
    async with world:
        for number in range(SESSIONS):
            add(world, number, lifetimeSeconds=120)
        await asyncio.sleep(900)
        reasons = ready(world)
        assert reasons[Reason.CAPACITY_EXCEEDED] >= 15
        assert reasons[Reason.EXPIRED] <= 3
        assert reasons[Reason.ISSUED] >= 50
        assert re.search(said, message_of(world, Reason.CAPACITY_EXCEEDED))
        assert "need 70 a minute" in message_of(world, Reason.CAPACITY_EXCEEDED)
        about = [notice for notice in world.notices if notice.reason == Reason.CAPACITY_EXCEEDED]
        assert {notice.about.kind for notice in about} == {"RealtimeProvider"}
        assert len(about) <= 2


@virtually
async def test_a_session_that_is_told_is_told_once_a_token() -> None:
    """While it waits, figures may move and rounds go by: its status stays, and changes once when the token is there."""
    world, limited = a_world(Sliding(1000), requestsPerMinute=30)
    limited.life = 120
    async with world:
        for number in range(SESSIONS):
            add(world, number, lifetimeSeconds=120)
        await asyncio.sleep(600)
        seen: list[list[str]] = [[] for _ in range(SESSIONS)]
        for _ in range(600):
            await asyncio.sleep(1)
            for number in range(SESSIONS):
                seen[number].append(
                    next(c["reason"] + c["message"] for c in world.shown(number)["conditions"])
                )
        changes = [sum(old != new for old, new in pairwise(each)) for each in seen]
        # In 600 s each gets a token every 180 s, so that it has one and lacks one at most four times each.
        assert max(changes) <= 8
        assert min(changes) >= 2


@virtually
async def test_once_the_limit_is_raised_all_are_well() -> None:
    """While it lasts only the provider has events about it; a minute after it has ended everybody has a token."""
    world, limited = a_world(Sliding(1000), requestsPerMinute=30)
    limited.life = 120
    async with world:
        for number in range(SESSIONS):
            add(world, number, lifetimeSeconds=120)
        await asyncio.sleep(300)
        world.notices.clear()  # within the first minute of a shortage tokens expire without its being known as one
        await asyncio.sleep(300)
        assert {notice.about.kind for notice in world.notices if notice.warning} <= {"RealtimeProvider"}
        assert world.providers is not None
        body = dict(world.objects.documents["RealtimeProvider", "hotel", "default"])
        body["metadata"] = body["metadata"] | {"generation": 2}
        body["spec"] = body["spec"] | {"limits": {"requestsPerMinute": 600}}
        world.objects.put(body)
        world.providers.seen("RealtimeProvider", body)
        await asyncio.sleep(60)
        assert ready(world) == {Reason.ISSUED: SESSIONS}


@virtually
async def test_a_limit_that_suffices_is_blamed_for_nothing() -> None:
    """After an outage tokens are expired and sessions wait for their turns, but the limit carries them: nobody speaks of capacity."""
    world, limited = a_world(Sliding(1000), requestsPerMinute=100)
    limited.life = 120
    async with world:
        for number in range(SESSIONS):
            add(world, number, lifetimeSeconds=120)
        await asyncio.sleep(200)
        world.provider.always = away
        await asyncio.sleep(150)
        # Most of them wait for their turn in the limit all the while, so that no pass would notice.
        assert ready(world) == {Reason.EXPIRED: SESSIONS}
        world.provider.always = limited.mint
        said = set()
        for _ in range(120):
            await asyncio.sleep(1)
            said |= set(ready(world))
        assert Reason.CAPACITY_EXCEEDED not in said
        assert ready(world) == {Reason.ISSUED: SESSIONS}


@virtually
async def test_an_outage_does_not_make_mints_dear() -> None:
    """What the process does while nothing can be minted is no cost of the mints after it."""
    world, limited = a_world(Sliding(1000), requestsPerMinute=100)
    limited.life = 120
    used, counted = 0.0, 0
    async with world:
        assert world.providers is not None
        capacity = Capacity(
            clock=world.clock,
            gate=world.gate,
            table=world.table,
            directory=world.providers,
            cpu_seconds=lambda: used,
            minted=lambda: counted,
            report=lambda *_: None,
        )
        for number in range(SESSIONS):
            add(world, number, lifetimeSeconds=120)
        await asyncio.sleep(60)
        shares = []
        for second in range(1200):
            await asyncio.sleep(1)
            used += 0.2
            counted += 0 if 300 <= second < 900 else 1
            await capacity.look()
            if capacity.core is not None:
                shares.append(capacity.core)
        assert shares
        assert max(shares) < 0.4

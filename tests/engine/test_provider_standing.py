"""What people see of a provider in trouble, at what cost, and what a restart remembers of it. In virtual time."""

from __future__ import annotations

import asyncio
import json
from email.utils import formatdate
from typing import Any

import pytest

from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.timestamps import from_rfc3339
from tests.engine.limited import Fixed, Limited, Sliding
from tests.engine.outage import LATENCY_S, Troubled, a_provider, a_world, add, model_of, spread_out
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World
from tests.support.builders import an_answer

PROVIDER_UID = "uid-default"


def ready_of(world: World) -> tuple[str, str]:
    """Status and reason of the provider's Ready."""
    [ready] = world.shown_of_provider()["conditions"]
    return ready["status"], ready["reason"]


def writes(world: World) -> int:
    """How often the provider's status was written."""
    return sum(uid == PROVIDER_UID for uid, _ in world.objects.patches)


def hear_all(world: World) -> None:
    """Let the watch list all sessions, as at a start."""
    for key, body in list(world.objects.documents.items()):
        if key[0] == "RealtimeSession":
            world.intake.seen(body)


@virtually
async def test_an_outage_is_shown_on_the_provider() -> None:
    """Once when it begins and once when it ends, with an event each; sessions that did not ask post none."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 100)
        assert ready_of(world) == ("True", "KeyReady")
        assert not [each for each in world.notices if each.about.kind == "RealtimeProvider"]
        told, before = len(world.notices), writes(world)
        troubled.down = {"default"}
        await asyncio.sleep(15)
        assert ready_of(world) == ("False", "ProviderUnavailable")
        status = world.shown_of_provider()
        assert (status["lastError"]["reason"], status["lastError"]["httpStatus"]) == (
            "ProviderUnavailable",
            503,
        )
        new = world.notices[told:]
        assert [each.reason for each in new if each.about.kind == "RealtimeProvider"] == [
            "ProviderUnavailable"
        ]
        assert len([each for each in new if each.about.kind == "RealtimeSession"]) <= 15
        await asyncio.sleep(60)
        troubled.down = set()
        await asyncio.sleep(30)
        assert ready_of(world) == ("True", "KeyReady")
        assert writes(world) - before <= 6
        assert [n.reason for n in world.notices if n.about.uid == PROVIDER_UID][-1] == "KeyReady"


@virtually
async def test_a_restart_while_a_provider_is_down() -> None:
    """It is known to be down: three hundred sessions with expired tokens send four requests a second, and all is fresh at its return."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 300)
        troubled.down = {"default"}
        await asyncio.sleep(70)
    again, later = a_world(before=world)
    later.down = {"default"}
    async with again:
        begin = again.clock.now()
        hear_all(again)
        await asyncio.sleep(10)
        assert len(later.requests) <= 41
        assert ready_of(again) == ("False", "ProviderUnavailable")
        later.down = set()
        await asyncio.sleep(3)
        assert len({each.model for each in later.sent(begin) if each.expires_at is not None}) == 300


@virtually
async def test_a_restart_after_the_provider_is_back() -> None:
    """What was known is found untrue with one request, and nobody waits for long."""
    world, troubled = a_world()
    async with world:
        await spread_out(world, 100)
        troubled.down = {"default"}
        await asyncio.sleep(70)
    again, later = a_world(before=world)
    async with again:
        hear_all(again)
        await asyncio.sleep(2)
        assert len({each.model for each in later.requests if each.expires_at is not None}) == 100
        await asyncio.sleep(6)
        assert ready_of(again) == ("True", "KeyReady")


@virtually
async def test_a_restart_while_a_provider_throttles() -> None:
    """The narrowed rate holds from the first request on, and a pause that was asked for is kept."""
    world = World(providers=[a_provider()])
    world.provider.always = Limited(world, Sliding(60)).mint
    async with world:
        for number in range(200):
            world.apply(number, session={"type": "realtime", "model": f"m{number}"})
        await asyncio.sleep(125)
        shown = world.shown_of_provider()["requestsPerMinute"]
        assert 40 <= shown <= 80
    again = World(providers=[a_provider()], before=world)
    limited = Limited(again, Sliding(60))
    again.provider.always = limited.mint
    async with again:
        hear_all(again)
        await asyncio.sleep(10)
        assert 5 <= len(limited.granted) <= 14
        assert limited.refused == []


@virtually
async def test_a_pause_is_shown_and_kept_by_a_restart() -> None:
    """Status tells until when nothing is sent."""
    world = World(providers=[a_provider()])
    limited = Limited(world, Fixed(5), wishes=True)
    world.provider.always = limited.mint
    async with world:
        for number in range(40):
            world.apply(number, session={"type": "realtime", "model": f"m{number}"})
        until = 0.0
        for _ in range(600):
            await asyncio.sleep(0.5)
            until = from_rfc3339(world.shown_of_provider().get("throttledUntil")) or 0.0
            if until - world.clock.now() >= 5:
                break
        assert until - world.clock.now() >= 5
    again = World(providers=[a_provider()], before=world)
    later = Limited(again, Sliding(100))
    again.provider.always = later.mint
    async with again:
        hear_all(again)
        await asyncio.sleep(until - again.clock.now() + 8)
        assert later.granted
        assert min(each.at for each in later.granted) >= until - 1
        assert "throttledUntil" not in again.shown_of_provider()


@virtually
async def test_a_provider_that_throttles_costs_few_writes() -> None:
    """Half an hour at the limit: at most two writes of the provider's status a minute."""
    world = World(providers=[a_provider()])
    world.provider.always = Limited(world, Sliding(60)).mint
    async with world:
        for number in range(300):
            world.apply(number, session={"type": "realtime", "model": f"m{number}"})
        await asyncio.sleep(1800)
        assert writes(world) <= 62
        assert ready_of(world) == ("True", "KeyReady")


@virtually
async def test_a_session_that_fails_for_ever_costs_few_writes() -> None:
    """The provider's last error is told at most twice a minute, however often there is a new one."""
    world, troubled = a_world()
    async with world:
        troubled.poisoned = {"m3"}
        await spread_out(world, 20)
        before = writes(world)
        await asyncio.sleep(600)
        assert 10 <= writes(world) - before <= 21
        assert world.shown_of_provider()["lastError"]["httpStatus"] == 500


def without_credit(troubled: Troubled) -> Any:
    """A provider whose account is empty."""

    async def mint(call: MintCall) -> MintAnswer:
        if not troubled.down:
            return await troubled.mint(call)
        troubled.urls.append(model_of(call))
        await asyncio.sleep(LATENCY_S)
        body = json.dumps({"error": {"code": "insufficient_quota", "type": "insufficient_quota"}}).encode()
        return an_answer(status=429, body=body, at=troubled.world.clock.now(), took=LATENCY_S)

    return mint


@pytest.mark.parametrize("restarts", [False, True])
@virtually
async def test_an_empty_account_is_told_once(restarts: bool) -> None:  # noqa: FBT001 - a column
    """On the provider, with an event; two hundred sessions cost a dozen requests in ten minutes, and go on as soon as one is granted."""
    world, troubled = a_world()
    world.provider.always = without_credit(troubled)
    async with world:
        await spread_out(world, 200)
        troubled.urls.clear()
        told, troubled.down = len(world.notices), {"default"}
        await asyncio.sleep(600)
        assert len(troubled.urls) <= 30
        assert ready_of(world) == ("False", "ProviderBilling")
        events = [each for each in world.notices[told:] if each.reason == "ProviderBilling"]
        assert len(events) <= 20
        stalled = [c for c in world.shown(7)["conditions"] if c["type"] == "Stalled"]
        assert [(c["status"], c["reason"]) for c in stalled] == [("True", "ProviderBilling")]
    if restarts:
        again, troubled = a_world(before=world)
        troubled.down = {"default"}
        again.provider.always = without_credit(troubled)
    else:
        return
    async with again:
        hear_all(again)
        await asyncio.sleep(60)
        assert len(troubled.urls) <= 8
        troubled.down = set()
        await asyncio.sleep(70)
        assert all(entry.memory.expires_at > again.clock.now() for entry in again.table)
        assert ready_of(again) == ("True", "KeyReady")


@virtually
async def test_a_clock_that_is_wrong_is_shown() -> None:
    """Over two seconds of difference stand in the provider's status."""
    world, troubled = a_world()

    async def ahead(call: MintCall) -> MintAnswer:
        answer = await troubled.mint(call)
        now = world.clock.now()
        date = {"date": formatdate(now + 40, usegmt=True)}
        return MintAnswer(answer.status, date, answer.body, answer.sent_at, answer.received_at)

    async with world:
        add(world, 0)
        await asyncio.sleep(3)
        assert "clockOffsetSeconds" not in world.shown_of_provider()
        world.provider.always = ahead
        await asyncio.sleep(60)
        assert world.shown_of_provider()["clockOffsetSeconds"] in {39, 40, 41}

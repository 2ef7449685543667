"""Pods that cannot be told, or keep their token: the session says so, and nobody else notices."""

from __future__ import annotations

import asyncio

import pytest

from sim.secrets import unavailable
from tests.engine.pods import FORBIDDEN, HANGS, a_world, add_pod, delivered, token_id, told_session
from tests.engine.test_dispatcher import virtually
from tests.support.pods import by_variable


@virtually
async def test_a_pod_that_cannot_be_told_delays_nobody() -> None:
    """One hangs, one is refused, one is gone: the others, another session and the next token do not notice."""
    world = a_world()
    for number in range(20):
        add_pod(world, f"voice-{number:02}")
    add_pod(world, "beside", 1)
    world.pods.slow["voice-00"] = HANGS
    world.pods.refused["voice-01"] = unavailable()

    async def go() -> None:
        world.pods.stored.pop("voice-02", None)

    world.pods.slow["voice-02"] = go
    async with world:
        told_session(world)
        told_session(world, 1)
        await asyncio.sleep(0.5)
        wanted = {f"voice-{number:02}": token_id(world) for number in range(3, 20)}
        assert wanted.items() <= world.pods.told().items()
        assert world.pods.told()["beside"] == token_id(world, 1)
        assert world.metrics.pods_by["gone"] == 1
        await asyncio.sleep(1)
        assert "pods" not in world.shown(), "what fails once may be a moment's"
        await asyncio.sleep(30)
        assert delivered(world) == ("False", "PodsBehind")
        message = next(c["message"] for c in world.shown()["conditions"] if c["type"] == "Delivered")
        assert "2 of 19 pods could not be told" in message
        assert world.shown()["pods"] == {"consuming": 19, "notified": 17}
        world.pods.slow.clear()
        world.pods.refused.clear()
        await asyncio.sleep(60)
        assert delivered(world) == ("True", "WithinPropagation")
        assert world.shown()["pods"] == {"consuming": 19, "notified": 19}
        assert world.expired_seconds == 0
    warned = [notice.reason for notice in world.notices if notice.warning and notice.about.name == "s0"]
    assert warned == ["PodsBehind"]


@pytest.mark.parametrize("list_too", [True, False], ids=["neither listed nor told", "not told"])
@virtually
async def test_without_the_right_the_session_says_so_at_once(list_too: bool) -> None:  # noqa: FBT001 - a case
    """One condition names what is missing; tokens go on being rotated; with the right all is well again."""
    world = a_world()
    add_pod(world, "voice-0")
    world.pods.away = FORBIDDEN if list_too else None
    world.pods.refused = {} if list_too else {"voice-0": FORBIDDEN}
    async with world:
        told_session(world)
        await asyncio.sleep(1.5)
        assert delivered(world) == ("False", "PodsForbidden")
        await asyncio.sleep(100)
        assert world.shown()["rotations"] >= 2
        assert [n.reason for n in world.notices if n.warning] == ["PodsForbidden"]
        world.pods.away, world.pods.refused = None, {}
        await asyncio.sleep(60)
        assert delivered(world) == ("True", "WithinPropagation")
        assert world.shown()["pods"] == {"consuming": 1, "notified": 1}


@virtually
async def test_a_list_that_fails_is_made_again() -> None:
    """An API server that is away for a second costs the pods two."""
    world = a_world()
    add_pod(world, "voice-0")
    world.pods.away = unavailable()
    async with world:
        told_session(world)
        await asyncio.sleep(1)
        world.pods.away = None
        await asyncio.sleep(2)
        assert world.pods.told() == {"voice-0": token_id(world)}
        assert delivered(world) == ("True", "WithinPropagation")
    assert [n for n in world.notices if n.warning] == []


@virtually
async def test_the_owner_of_pods_that_keep_their_token_hears_of_it_once() -> None:
    """However often the token is rotated, and although the pods stay what they are."""
    world = a_world()
    add_pod(world, "voice-0")
    add_pod(world, "old-0", container=by_variable("s0"))
    async with world:
        told_session(world)
        await asyncio.sleep(200)
        assert delivered(world) == ("False", "EnvConsumer")
        assert world.shown()["pods"] == {"consuming": 2, "notified": 1}
        add_pod(world, "old-1", container=by_variable("s0"))
        await asyncio.sleep(60)
        assert world.shown()["pods"] == {"consuming": 3, "notified": 1}
    warned = [(n.about.kind, n.about.name, n.api_version) for n in world.notices if n.warning]
    assert sorted(warned) == [
        ("Pod", "old-0", "v1"),
        ("RealtimeSession", "s0", "realtime-operator.io/v1alpha1"),
    ]


@virtually
async def test_an_operator_that_does_not_tell_pods() -> None:
    """Rotation is by the kubelet's pace, and the session says how to have it otherwise; told to tell, it is by the pods' pace at once."""
    before = a_world(tells_pods=False)
    before.provider.life = 300
    add_pod(before, "voice-0")
    async with before:
        told_session(before, lifetimeSeconds=300)
        await asyncio.sleep(10)
        assert delivered(before) == ("False", "PodAnnotationOff")
        assert before.pods.calls["page"] == 0
        slow = before.memory().rotation_at
    world = a_world(before=before)
    async with world:
        told_session(world, lifetimeSeconds=300)
        await asyncio.sleep(5)
        assert delivered(world) == ("True", "WithinPropagation")
        fast = world.memory().rotation_at
        assert slow is not None
        assert fast is not None
        assert fast - slow == pytest.approx(51, abs=16), "100 s left instead of 151, and the spread"


@virtually
async def test_trouble_is_told_also_where_tokens_follow_each_other_faster_than_lists() -> None:
    """A life of 10 s is rotated every 2 s: the second list never comes, so what the first found is told when the next token ends it."""
    world = a_world()
    world.provider.life = 10
    add_pod(world, "voice-0")
    world.pods.refused["voice-0"] = unavailable()
    async with world:
        told_session(world, lifetimeSeconds=10)
        await asyncio.sleep(10)
        assert delivered(world) == ("False", "PodsBehind")
        world.pods.refused.clear()
        await asyncio.sleep(10)
        assert delivered(world) == ("True", "WithinPropagation")
        assert world.expired_seconds == 0

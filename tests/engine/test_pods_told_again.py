"""A kubelet that looked before it knew the Secret's new version is told once more, where anything says so, and nobody else is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime_operator.core.errors import ClusterForbidden
from realtime_operator.core.reasons import Reason
from sim.secrets import unavailable
from tests.engine.pods import a_world, add_pod, delivered, token_id, told_session
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World

HELD = "realtime-operator.io/held-token-id"
TOLD = "realtime-operator.io/token-id"


def notes(world: World, name: str) -> dict[str, Any]:
    """A pod's annotations."""
    found: dict[str, Any] = world.pods.stored[name]["metadata"].setdefault("annotations", {})
    return found


def values(world: World, name: str) -> list[str]:
    """What a pod was told, in order."""
    return [value for told, value, _ in world.pods.tellings if told == name]


async def a_session_that_is_told(world: World) -> str:
    """Told of a first token by 1 s; gives its id."""
    told_session(world, lifetimeSeconds=600)
    await asyncio.sleep(1)
    return token_id(world)


@pytest.mark.parametrize(
    ("holds_after", "suffixes"),
    [(1.5, []), (5.0, ["-2"]), (60.0, ["-2", "-3"])],
    ids=["in time", "at the second look", "never"],
)
@virtually
async def test_a_pod_that_says_that_it_holds_another_token(holds_after: float, suffixes: list[str]) -> None:
    """Each later list changes its annotation once more, until it holds the token; all the time it counts as told."""
    world = a_world()
    world.provider.life = 600
    add_pod(world, "voice-0")
    add_pod(world, "silent")
    notes(world, "voice-0")[HELD] = "that-of-before"
    async with world:
        wanted = await a_session_that_is_told(world)

        def hold() -> None:
            notes(world, "voice-0")[HELD] = wanted

        asyncio.get_running_loop().call_later(holds_after - 1, hold)
        await asyncio.sleep(30)
        assert values(world, "voice-0") == [wanted, *(f"{wanted}{suffix}" for suffix in suffixes)]
        assert values(world, "silent") == [wanted]
        assert world.shown()["pods"] == {"consuming": 2, "notified": 2, "confirmed": holds_after < 10}
        assert (world.metrics.pods_by["told"], world.metrics.pods_by["again"]) == (2, len(suffixes))
        assert delivered(world) == ("True", "WithinPropagation")


@virtually
async def test_after_a_list_that_failed_all_are_told_once_more() -> None:
    """An API server that was away for the operator was perhaps away for kubelets, and they look at the Secret's version of before."""
    world = a_world()
    world.provider.life = 600
    add_pod(world, "voice-0")
    world.pods.away = unavailable()
    async with world:
        wanted = await a_session_that_is_told(world)
        world.pods.away = None
        await asyncio.sleep(5)
        assert values(world, "voice-0") == [wanted]
        await asyncio.sleep(25)
        assert values(world, "voice-0") == [wanted, f"{wanted}-3"]
        told_session(world, lifetimeSeconds=600, annotations={"realtime-operator.io/rotate": "1"})
        await asyncio.sleep(30)
        assert values(world, "voice-0")[2:] == [token_id(world)], "the next token is told as ever"


@virtually
async def test_a_second_word_that_is_refused_says_nothing() -> None:
    """As by a policy of an older installation, which knows no such value: the pod was told, and that is what counts."""
    world = a_world()
    world.provider.life = 600
    add_pod(world, "voice-0")
    notes(world, "voice-0")[HELD] = "that-of-before"
    async with world:
        wanted = await a_session_that_is_told(world)
        world.pods.refused["voice-0"] = ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "a policy refuses")
        await asyncio.sleep(30)
        assert notes(world, "voice-0")[TOLD] == wanted
        assert world.shown()["pods"] == {"consuming": 1, "notified": 1, "confirmed": 0}
        assert delivered(world) == ("True", "WithinPropagation")


@virtually
async def test_a_pod_that_is_gone_before_its_second_word_ends_nothing() -> None:
    """Though it has the token in a variable, too: the later lists are made, and say what they find."""
    world = a_world()
    world.provider.life = 600
    also = {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s0", "key": "token"}}}]}
    add_pod(world, "voice-0", container=also | {"volumeMounts": [{"name": "token", "mountPath": "/token"}]})
    add_pod(world, "voice-1")
    notes(world, "voice-0")[HELD] = "that-of-before"
    async with world:
        await a_session_that_is_told(world)

        async def goes() -> None:
            del world.pods.stored["voice-0"]

        world.pods.slow["voice-0"] = goes
        await asyncio.sleep(30)
        assert world.metrics.pods_by["gone"] == 1
        assert world.shown()["pods"] == {"consuming": 1, "notified": 1}


@virtually
async def test_the_next_process_knows_whom_the_one_before_told_again() -> None:
    """Its first list tells nobody of a token that was told in either way."""
    before = a_world()
    before.provider.life = 600
    add_pod(before, "voice-0")
    notes(before, "voice-0")[HELD] = "that-of-before"
    async with before:
        wanted = await a_session_that_is_told(before)
        await asyncio.sleep(20)
        assert notes(before, "voice-0")[TOLD] == f"{wanted}-3"
    notes(before, "voice-0")[HELD] = wanted
    told = len(before.pods.tellings)
    world = a_world(before=before)
    async with world:
        told_session(world, lifetimeSeconds=600)
        await asyncio.sleep(30)
        assert world.pods.calls["page"] > 3
        assert len(world.pods.tellings) == told

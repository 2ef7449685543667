"""Where Secrets are watched nobody looks at them, and what somebody does to one is put right in a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from realtime_operator.core.errors import ClusterForbidden
from realtime_operator.core.reasons import Reason
from realtime_operator.engine.secret_watch import LONGEST_PAUSE_S, SHORTEST_PAUSE_S
from realtime_operator.secret_writer import LOOK_AGAIN_S
from sim.virtual_time import run_virtually
from tests.engine.world import World

A_WHILE_S = 6 * LOOK_AGAIN_S
"""Less than a token of 600 s is held before its rotation."""

LIFETIME_S = 60
SOON_S = 2.0
"""A tick of the watch, and a read and a write."""


def edit(world: World) -> None:
    """Somebody writes another token into the Secret."""
    document = world.secrets.stored["hotel", "s0"]
    world.secrets.overwrite({**document, "data": {**document["data"], "token": "b3RoZXI="}})


def delete(world: World) -> None:
    """Somebody deletes it."""
    world.secrets.delete("s0")


def strip(world: World) -> None:
    """Somebody takes its labels away, and with them the watch's word of it."""
    document = world.secrets.stored["hotel", "s0"]
    world.secrets.overwrite({**document, "metadata": {**document["metadata"], "labels": {}}})


def test_nobody_looks() -> None:
    """Rotations come and go, their own writes are told of before the answer has come, and no Secret is ever read or looked at."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.provider.life = LIFETIME_S
            for number in range(20):
                world.apply(number, lifetimeSeconds=LIFETIME_S)
            await asyncio.sleep(5)
            reads = world.secrets.calls["read"]
            before, others = world.memory(7).rotations, world.directory.resolved - len(world.provider.calls)
            world.secrets.answering = 0.7
            await asyncio.sleep(A_WHILE_S)
            assert world.memory(7).rotations >= before + A_WHILE_S / LIFETIME_S
            assert world.secrets.calls["look"] == 0
            assert world.secrets.calls["read"] == reads
            assert world.directory.resolved - len(world.provider.calls) == others, "passes without a mint"
            assert world.expired_seconds == 0

    run_virtually(story())


def test_a_session_at_rest_has_no_pass() -> None:
    """The watch vouches for its Secret each time that it would have been looked at."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.apply()
            await asyncio.sleep(5)
            await asyncio.sleep(A_WHILE_S)
            assert world.directory.resolved == 1
            assert world.secrets.calls["look"] == 0

    run_virtually(story())


@pytest.mark.parametrize("change", [edit, delete, strip])
def test_what_is_changed_is_put_right_at_once(change: Callable[[World], None]) -> None:
    """Without a mint, and everything is quiet again afterwards."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.apply()
            await asyncio.sleep(5)
            was = world.secrets.data("s0")
            change(world)
            await asyncio.sleep(SOON_S)
            assert world.secrets.data("s0") == was
            assert world.secrets.stored["hotel", "s0"]["metadata"]["labels"] != {}
            assert len(world.provider.calls) == 1
            looks, reads = world.secrets.calls["look"], world.secrets.calls["read"]
            await asyncio.sleep(A_WHILE_S)
            assert (world.secrets.calls["look"], world.secrets.calls["read"]) == (looks, reads)

    run_virtually(story())


@pytest.mark.parametrize("change", [edit, delete])
def test_what_was_changed_while_nobody_watched_is_found(change: Callable[[World], None]) -> None:
    """The list with which a watch begins anew is compared with what is known."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.apply()
            await asyncio.sleep(5)
            was = world.secrets.data("s0")
            world.secret_feed.break_off()
            await asyncio.sleep(0)
            change(world)
            await asyncio.sleep(SHORTEST_PAUSE_S + SOON_S)
            assert world.secrets.data("s0") == was
            assert world.secret_feed.lists == 2

    run_virtually(story())


def test_without_a_watch_secrets_are_looked_at_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """The right is missing: looks every minute, it is told once, and when the right is there none is looked at again."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.apply()
            await asyncio.sleep(5)
            world.secret_feed.trouble = ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "no right to list secrets")
            world.secret_feed.break_off()
            await asyncio.sleep(A_WHILE_S)
            looks = world.secrets.calls["look"]
            assert looks >= A_WHILE_S / LOOK_AGAIN_S - 1
            assert caplog.text.count("no right to list secrets") == 1
            edit(world)
            await asyncio.sleep(LOOK_AGAIN_S + SOON_S)
            assert world.secrets.data("s0")["token"] != "other"
            world.secret_feed.trouble = None
            await asyncio.sleep(LONGEST_PAUSE_S + 2)
            looks = world.secrets.calls["look"]
            world.apply(1)
            await asyncio.sleep(A_WHILE_S)
            assert world.secrets.calls["look"] == looks
            assert world.secret_feed.lists == 2

    run_virtually(story())


def test_a_delete_that_overtakes_an_answer_is_seen() -> None:
    """What is deleted while the answer to its creation is on its way is made again, with the same token."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.secrets.answering = 0.5
            world.apply()
            await asyncio.sleep(0.3)
            delete(world)
            await asyncio.sleep(2 * SOON_S)
            assert ("hotel", "s0") in world.secrets.stored
            assert len(world.provider.calls) == 1

    run_virtually(story())


def test_an_edit_within_a_slow_write_is_seen() -> None:
    """The answer to our own write says nothing of what somebody did after it."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.provider.life = LIFETIME_S
            world.apply(lifetimeSeconds=LIFETIME_S)
            await asyncio.sleep(5)
            world.secrets.answering = 1.5
            minted = len(world.provider.calls)
            version = world.secrets.version
            while world.secrets.version == version:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.01)
            edit(world)
            await asyncio.sleep(world.secrets.answering + 2 * SOON_S)
            assert world.secrets.data("s0")["token"] == f"ek_{minted + 1}"

    run_virtually(story())


def test_after_a_restart_a_delete_is_seen_at_once() -> None:
    """Though the new process has not looked at the Secret yet."""

    async def story() -> None:
        async with World() as first:
            first.apply()
            await asyncio.sleep(5)
        async with World(before=first, watches_secrets=True) as world:
            world.apply()
            await asyncio.sleep(2)
            world.secrets.delete("s0")
            await asyncio.sleep(SOON_S)
            assert ("hotel", "s0") in world.secrets.stored

    run_virtually(story())


def test_rotations_wake_no_rivals() -> None:
    """Who names a Secret that is another session's is looked at as seldom as without a watch."""

    async def reads(*, watches_secrets: bool) -> int:
        async with World(watches_secrets=watches_secrets) as world:
            world.provider.life = 20.0
            for number in range(10):
                world.apply(number, lifetimeSeconds=20, secret={"name": "shared"})
                await asyncio.sleep(0.1)
            await asyncio.sleep(A_WHILE_S)
            return world.secrets.calls["read"]

    with_it = run_virtually(reads(watches_secrets=True))
    assert with_it <= 1.2 * run_virtually(reads(watches_secrets=False))


def test_a_fight_over_a_secret_gets_slower() -> None:
    """Somebody who puts another value back each time is not answered each second."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.apply()
            await asyncio.sleep(5)
            for _ in range(int(A_WHILE_S)):
                if world.secrets.data("s0")["token"] != "other":
                    edit(world)
                await asyncio.sleep(1)
            assert world.secrets.writes <= 5 + A_WHILE_S / LOOK_AGAIN_S + 8

    run_virtually(story())


def test_a_deleted_session_is_no_more_asked_about() -> None:
    """What is told of its Secret after it has gone concerns nobody."""

    async def story() -> None:
        async with World(watches_secrets=True) as world:
            world.apply()
            await asyncio.sleep(5)
            edit(world)
            world.intake.gone("uid-0")
            await asyncio.sleep(SOON_S)
            calls = dict(world.secrets.calls)
            delete(world)
            await asyncio.sleep(A_WHILE_S)
            assert dict(world.secrets.calls) == calls

    run_virtually(story())

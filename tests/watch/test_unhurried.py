"""The loop that waits for more: what comes closely together is done in one go, and nothing is lost or much later."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from realtime_operator.unhurried import HURRY_S, Hurry, in_step, unhurried_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = 0.5


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop with a pause long enough to be told apart from a busy machine's."""
    made = unhurried_loop(PAUSE)
    yield made
    made.close()


def test_what_comes_within_the_pause_is_done_in_one_turn(loop: asyncio.AbstractEventLoop) -> None:
    """Two sockets that speak one after the other are read in the same turn of the loop."""
    pairs = [socket.socketpair() for _ in range(2)]
    done: list[str] = []

    async def read_both() -> None:
        both = asyncio.Event()

        def read(end: socket.socket) -> None:
            end.recv(1)
            done.append("read")
            loop.call_soon(done.append, "next turn")
            if done.count("read") == len(pairs):
                loop.call_soon(both.set)

        for near, _ in pairs:
            loop.add_reader(near, read, near)
        threading.Thread(target=speak).start()
        await asyncio.wait_for(both.wait(), 60)
        for near, _ in pairs:
            loop.remove_reader(near)

    def speak() -> None:
        for _, far in pairs:
            time.sleep(PAUSE / 10)
            far.send(b"x")

    loop.run_until_complete(read_both())
    assert done == ["read", "read", "next turn", "next turn"]
    for end in (end for pair in pairs for end in pair):
        end.close()


def test_a_loop_that_has_work_never_pauses(loop: asyncio.AbstractEventLoop) -> None:
    """Else a burst would take a pause for each of its steps."""

    async def work() -> float:
        began = time.monotonic()
        for _ in range(1000):
            await asyncio.sleep(0)
        return time.monotonic() - began

    assert loop.run_until_complete(work()) < PAUSE * 100


def test_what_came_while_it_was_busy_is_done_without_a_pause(loop: asyncio.AbstractEventLoop) -> None:
    """It has waited as long as a pause would have made it wait."""

    async def work() -> float:
        near, far = socket.socketpair()
        read = asyncio.Event()
        loop.add_reader(near, read.set)
        await asyncio.sleep(0)
        far.send(b"x")
        time.sleep(1.5 * PAUSE)  # noqa: ASYNC251 - this is what the test is about
        idle = time.monotonic()
        await read.wait()
        loop.remove_reader(near)
        near.close()
        far.close()
        return time.monotonic() - idle

    loop.run_until_complete(asyncio.sleep(PAUSE / 10))  # it has been woken before
    assert loop.run_until_complete(work()) < PAUSE / 2


def test_in_a_hurry_there_is_no_pause() -> None:
    """For a moment, and not for ever."""
    hurry = Hurry()
    loop = unhurried_loop(PAUSE, hurry)
    near, far = socket.socketpair()

    async def heard_after() -> float:
        read = asyncio.Event()
        loop.add_reader(near, read.set)
        await asyncio.sleep(0)
        sent: list[float] = []

        def send() -> None:
            time.sleep(PAUSE / 4)  # the loop sleeps by now
            sent.append(time.monotonic())
            far.send(b"x")

        threading.Thread(target=send).start()
        await read.wait()
        loop.remove_reader(near)
        near.recv(1)
        return time.monotonic() - sent[0]

    hurry()
    assert loop.run_until_complete(heard_after()) < PAUSE / 2
    time.sleep(HURRY_S)
    assert loop.run_until_complete(heard_after()) >= PAUSE
    loop.close()
    near.close()
    far.close()


def test_timers_ring_and_other_threads_are_heard(loop: asyncio.AbstractEventLoop) -> None:
    """A pause late at most."""

    async def wait() -> tuple[float, float]:
        began = time.monotonic()
        await asyncio.sleep(PAUSE / 10)
        slept = time.monotonic() - began
        heard = asyncio.Event()
        threading.Timer(PAUSE / 2, loop.call_soon_threadsafe, [heard.set]).start()
        await asyncio.wait_for(heard.wait(), 60)
        return slept, time.monotonic() - began - slept

    slept, heard = loop.run_until_complete(wait())
    assert PAUSE / 10 <= slept < PAUSE * 40
    assert PAUSE / 2 <= heard < PAUSE * 40


def test_in_step_all_come_as_far_before_one_goes_on(loop: asyncio.AbstractEventLoop) -> None:
    """And the loop makes no pause for it."""
    done: list[int] = []

    async def one() -> None:
        for step in range(3):
            done.append(step)
            await in_step()

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(4)))

    began = time.monotonic()
    loop.run_until_complete(all_of_them())
    assert done == sorted(done)
    assert time.monotonic() - began < PAUSE

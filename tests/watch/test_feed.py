"""The queue between kopf's thread and the engine's loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from realtime_operator.watch.feed import SLICE, Feed

EVENTS = 5 * SLICE + 7


async def test_events_of_another_thread_arrive_in_order_and_in_the_loops_thread() -> None:
    """Nothing is lost, doubled or overtaken, and all of it is delivered where the engine lives."""
    arrived: list[tuple[int, int]] = []
    done = asyncio.Event()

    def take_in(_kind: str, _event: str | None, body: Any) -> None:
        arrived.append((body["n"], threading.get_ident()))
        if len(arrived) == EVENTS:
            done.set()

    feed = Feed(take_in)

    def speak() -> None:
        for number in range(EVENTS):
            feed.put("RealtimeSession", None, {"n": number})

    await asyncio.to_thread(speak)
    async with asyncio.timeout(30):
        await done.wait()
    assert arrived == [(number, threading.get_ident()) for number in range(EVENTS)]


async def test_the_loop_turns_between_slices_of_a_long_list() -> None:
    """While thousands come in at once, others get their turn after each slice."""
    arrived: list[int] = []
    turns: list[int] = []
    feed = Feed(lambda _kind, _event, body: arrived.append(body["n"]))
    for number in range(EVENTS):
        feed.put("RealtimeSession", None, {"n": number})
    while len(arrived) < EVENTS:
        await asyncio.sleep(0)
        turns.append(len(arrived))
    assert all(after - before <= SLICE for before, after in zip([0, *turns], turns, strict=False))
    assert len({*turns} - {0}) == 6


async def test_an_event_that_comes_during_delivery_is_delivered_too() -> None:
    """What is put while the queue is emptied waits for no other event to wake it."""
    arrived: list[int] = []

    def take_in(_kind: str, _event: str | None, body: Any) -> None:
        arrived.append(body["n"])
        if body["n"] < 3:
            feed.put("RealtimeSession", None, {"n": body["n"] + 1})

    feed = Feed(take_in)
    feed.put("RealtimeSession", None, {"n": 0})
    async with asyncio.timeout(30):
        while len(arrived) < 4:  # noqa: ASYNC110 - the queue has no event to wait for
            await asyncio.sleep(0)
    assert arrived == [0, 1, 2, 3]

"""Places: never more than there are, none is lost, and who is urgent comes first."""

from __future__ import annotations

import asyncio

import pytest

from realtime_operator.engine.places import Places


async def hold(places: Places, name: str, order: list[str], *, urgent: bool, until: asyncio.Event) -> None:
    """Take a place, say so, and keep it until the event."""
    async with places.one(urgent=urgent):
        order.append(name)
        await until.wait()


async def turns(count: int = 5) -> None:
    """Let others run."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_urgent_come_first_and_among_equals_who_came_first() -> None:
    """However late they come."""
    places, until = Places(1), asyncio.Event()
    order: list[str] = []
    names = {"holder": False, "later-1": False, "later-2": False, "urgent-1": True, "urgent-2": True}
    tasks = [
        asyncio.create_task(hold(places, name, order, urgent=urgent, until=until))
        for name, urgent in names.items()
    ]
    await turns()
    assert order == ["holder"]
    until.set()
    await asyncio.gather(*tasks)
    assert order == ["holder", "urgent-1", "urgent-2", "later-1", "later-2"]


@pytest.mark.parametrize("moment", ["while it waits", "when it is its turn"])
async def test_whoever_is_called_off_loses_no_place(moment: str) -> None:
    """The place goes to the next one, and afterwards there are as many as before."""
    places, until = Places(1), asyncio.Event()
    order: list[str] = []
    until.set()
    async with places.one(urgent=False):
        first, second = (
            asyncio.create_task(hold(places, name, order, urgent=False, until=until)) for name in "ab"
        )
        await turns()
        if moment == "while it waits":
            first.cancel()
            await turns()
    first.cancel()  # the place was given to it, and it has not woken up yet
    async with asyncio.timeout(5):
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert order == ["b"]
        async with places.one(urgent=False):
            pass


async def test_never_more_than_there_are() -> None:
    """Also when many come and go, some of them called off."""
    places, now, most = Places(3), 0, 0

    async def work(number: int) -> None:
        nonlocal now, most
        async with places.one(urgent=number % 3 == 0):
            now += 1
            most = max(most, now)
            await turns(number % 4)
            now -= 1

    tasks = [asyncio.create_task(work(number)) for number in range(200)]
    await turns()
    for task in tasks[::7]:
        task.cancel()
        await turns(1)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 3

"""What is done every so often, and when it is asked for."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from realtime_operator.engine.rhythm import Rhythm, every
from sim.virtual_time import run_virtually

EVERY_S, QUIET_S = 300.0, 2.0


async def _moments(asked_at: list[float], *, until: float) -> list[float]:
    """When a rhythm acts that is asked at these moments."""
    loop, acted = asyncio.get_running_loop(), list[float]()
    began = loop.time()

    async def act() -> None:
        acted.append(round(loop.time() - began, 3))

    rhythm = Rhythm(EVERY_S, act, quiet=QUIET_S)
    for moment in asked_at:
        loop.call_at(began + moment, rhythm.ask)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(until):
            await rhythm.run()
    return acted


def test_it_is_done_every_so_often() -> None:
    """Nobody asks: it is done at the end of each period."""
    assert run_virtually(_moments([], until=1000)) == [300, 600, 900]


def test_it_is_done_soon_after_it_is_asked_for_and_once_for_many() -> None:
    """A list of thousands asks thousands of times: it is done once, when the list has come."""
    many = [10 + number / 100 for number in range(500)]
    assert run_virtually(_moments([5, *many], until=330)) == [7, 16.99, 316.99]


async def test_a_round_that_fails_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody planned is logged, and the next round comes."""
    rounds: list[int] = []

    async def act() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise ZeroDivisionError

    for run in (every(0.01, act), Rhythm(0.01, act, quiet=0.0).run()):
        rounds.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await run
        assert len(rounds) > 1
    assert [record.message for record in caplog.records] == ["a round failed unexpectedly"] * 2


def test_who_asks_without_end_is_not_put_off_for_ever() -> None:
    """A watch that lists anew every second keeps nobody from comparing."""
    assert run_virtually(_moments([float(each) for each in range(1, 60)], until=40.0))

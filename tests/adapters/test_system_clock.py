"""The clock of the running process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from realtime_operator.adapters.system_clock import SystemClock


class SettableLoop(asyncio.SelectorEventLoop):
    """A loop whose time is shifted at will, as loops with virtual time do."""

    shift = 0.0

    def time(self) -> float:
        """Loop time, shifted."""
        return super().time() + self.shift


@pytest.fixture
def loop() -> Iterator[SettableLoop]:
    """A loop of its own."""
    loop = SettableLoop()
    yield loop
    loop.close()


async def test_it_is_the_wall_clock() -> None:
    """At the start it agrees with the machine."""
    clock, before = SystemClock(), time.time()
    assert before - 0.1 < clock.now() < time.time() + 0.1


def test_it_goes_with_the_loop(loop: SettableLoop) -> None:
    """Where the loop's time is virtual, so is this clock."""

    async def advance() -> float:
        clock = SystemClock()
        before = clock.now()
        loop.shift += 3600.0
        return clock.now() - before

    assert 3600.0 <= loop.run_until_complete(advance()) < 3660.0

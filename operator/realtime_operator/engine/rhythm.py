"""What is done again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

_log = logging.getLogger(__name__)

PATIENCE = 5
"""Quiet moments that are waited for at most, where there never is one."""

Act = Callable[[], Awaitable[None]]


async def every(seconds: float, act: Act) -> None:
    """Act again and again, ``seconds`` after the last time began, or at once where it took longer."""
    loop = asyncio.get_running_loop()
    next_at = loop.time()
    while True:
        next_at = max(next_at + seconds, loop.time())
        await asyncio.sleep(next_at - loop.time())
        await _acted(act)


async def until_stopped(
    stop: asyncio.Event, acts: Sequence[Coroutine[Any, Any, None]], *, at_end: Act
) -> None:
    """Run ``acts`` beside each other until ``stop`` is set or one of them ends; they still run while ``at_end`` does what is left.

    Raises:
        Exception: whatever ended one of them.
    """
    loops = [asyncio.create_task(act) for act in acts]
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopped, *loops], return_when=asyncio.FIRST_COMPLETED)
        await at_end()
        for loop in loops:
            if loop.done():
                loop.result()
    finally:
        for task in (stopped, *loops):
            task.cancel()
        await asyncio.gather(stopped, *loops, return_exceptions=True)


async def _acted(act: Act) -> None:
    """Act; an error that nobody planned costs this round, and never the process."""
    try:
        await act()
    except Exception:  # noqa: BLE001 - said above
        _log.exception("a round failed unexpectedly")


class Rhythm:
    """What is done every so often, and also when it was asked for and nobody has asked again for a moment."""

    def __init__(self, seconds: float, act: Act, *, quiet: float) -> None:
        """Begin with nothing asked.

        Args:
            seconds: from one time to the next.
            act: what is done.
            quiet: seconds without another asking that pass before it is done.
        """
        self._seconds = seconds
        self._act = act
        self._quiet = quiet
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have it done soon."""
        self._asked.set()

    async def run(self) -> None:
        """Act until cancelled."""
        while True:
            if await self._is_asked_within(self._seconds):
                await self._until_quiet()
            await _acted(self._act)

    async def _until_quiet(self) -> None:
        """Wait while others ask, but not for ever: who asks without end may need it most."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + PATIENCE * self._quiet
        while await self._is_asked_within(self._quiet) and loop.time() < patience:
            pass

    async def _is_asked_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return False
        self._asked.clear()
        return True

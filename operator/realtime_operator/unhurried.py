"""An event loop that waits a moment for more when something has come, so that many things are done in one go.

To wake up costs more than what is then done: on an otherwise idle core each time finds its caches cold. What the operator waits for comes
in swarms, as the answers to the mints of one tick do, and none of it minds some milliseconds.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from typing import Any, Final

ENGINE_S: Final = 0.04
"""For the loop of mints and writes: a rotation waits for three answers, a new session for five."""

WATCH_S: Final = 0.1
"""For the loop that watches: a new session is heard of by so much later at most."""


HURRY_S: Final = 0.5
"""A Secret's write, a list of pods and a patch of each take less than half of it where nothing is slow."""


class Hurry:
    """Somebody waits for what is under way: for a moment the loop makes no pause. Called in the loop's own thread."""

    def __init__(self) -> None:
        self._until = -math.inf

    def __call__(self) -> None:
        """From now on."""
        self._until = time.monotonic() + HURRY_S

    @property
    def is_on(self) -> bool:
        """Whether the moment lasts."""
        return time.monotonic() < self._until


def unhurried_loop(pause: float, hurry: Hurry | None = None) -> asyncio.AbstractEventLoop:
    """A loop that, having slept, looks what came only after ``pause`` seconds more; while it is busy it never pauses, nor in a hurry."""
    return asyncio.SelectorEventLoop(_Unhurried(pause, hurry or Hurry()))


async def in_step() -> None:
    """Let all others who are ready come as far, before this goes on with its next step.

    What the swarm of one tick waits for comes together, too. If each then did all that follows, every one would find the caches full of
    the last steps of the one before; 26 times the same step take a twelfth less than 26 times all steps.
    """
    await asyncio.sleep(0)


class _Unhurried(selectors.DefaultSelector):
    def __init__(self, pause: float, hurry: Hurry) -> None:
        super().__init__()
        self._pause = pause
        self._hurry = hurry
        self._woken_at = -math.inf

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        """Timers ring up to a pause late, which lets them ring together."""
        if (timeout is not None and timeout <= 0) or self._hurry.is_on:
            return super().select(timeout)
        if time.monotonic() - self._woken_at >= self._pause and (ready := super().select(0)):
            # It was busy for as long as a pause, and this is what came meanwhile: after an outage there is no end of it.
            self._woken_at = time.monotonic()
            return ready
        ready = super().select(None if timeout is None else max(timeout, self._pause))
        if ready:
            time.sleep(self._pause)
            ready = super().select(0)
        self._woken_at = time.monotonic()
        return ready

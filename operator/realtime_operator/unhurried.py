"""An event loop that waits a moment for more when something has come, so that many things are done in one go.

To wake up costs more than what is then done: on an otherwise idle core each time finds its caches cold. What the operator waits for comes
in swarms, as the answers to the mints of one tick do, and none of it minds some milliseconds.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any, Final

ENGINE_S: Final = 0.04
"""For the loop of mints and writes: a rotation waits for three answers, a new session for five."""

WATCH_S: Final = 0.1
"""For the loop that watches: a new session is heard of by so much later at most."""


def _never() -> bool:
    return False


class UnhurriedLoop(asyncio.SelectorEventLoop):
    """A loop that, having slept, looks what came only after ``pause`` seconds more; while it is busy it never pauses."""

    def __init__(self, pause: float) -> None:
        self._unhurried = _Unhurried(pause)
        super().__init__(self._unhurried)

    def hurry_while(self, hurried: Callable[[], bool]) -> None:
        """Leave the pauses out while ``hurried`` says that each answer is to be followed up at once."""
        self._unhurried.hurried = hurried


class _Unhurried(selectors.DefaultSelector):
    def __init__(self, pause: float) -> None:
        super().__init__()
        self._pause = pause
        self.hurried: Callable[[], bool] = _never

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        """Timers ring up to a pause late, which lets them ring together."""
        if self.hurried() or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        ready = super().select(None if timeout is None else max(timeout, self._pause))
        if not ready:
            return ready
        time.sleep(self._pause)
        return super().select(0)

"""A loop whose time jumps to the next timer when nothing is ready, so that hours pass in no time.

Only where every peer is in-process: a socket that would become ready later is not waited for.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

LOOK_EVERY: Final = 64
"""So many rounds pass between two looks at what other threads and signals want: a look is a system call."""


class _InstantSelector(selectors.DefaultSelector):
    """Looks at what is ready, and lets the loop's time pass instead of waiting."""

    loop: VirtualTimeLoop
    rounds = 0

    def select(self, timeout: float | None = None) -> Any:
        """Answer at once."""
        self.rounds += 1
        is_time = timeout is None or self.rounds % LOOK_EVERY == 0
        ready: Any = super().select(0) if is_time else []
        if not ready and timeout is None:
            raise RuntimeError("the loop would wait for ever: nothing is ready, and no timer is set")
        if not ready and timeout:
            self.loop.passed += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Every wait ends at once; ``time`` tells how long it would have been.

    Attributes:
        passed: virtual seconds since the loop was made.
    """

    def __init__(self) -> None:
        selector = _InstantSelector()
        selector.loop = self
        self.passed = 0.0
        super().__init__(selector)

    def time(self) -> float:
        """The virtual time in seconds."""
        return self.passed


def run_virtually(story: Coroutine[Any, Any, T]) -> T:
    """Run a story to its end on a loop of its own, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(story)

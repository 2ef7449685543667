"""A loop whose time jumps to the next timer when nothing is ready, so that hours pass in no time.

Only where every peer is in-process: a socket that would become ready later is not waited for.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Every wait ends at once; ``time`` tells how long it would have been.

    What is ready runs in turn, as in any loop, but no system is asked for news: there are no sockets, and whoever calls from a thread or a
    signal only adds to what is ready. Timers of the same moment end in the order in which they were set.

    Attributes:
        passed: virtual seconds since the loop was made.
    """

    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(self) -> None:
        self.passed = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = count()
        super().__init__()

    def time(self) -> float:
        """The virtual time in seconds."""
        return self.passed

    def call_soon(  # type: ignore[override]  # the base's has a TypeVarTuple
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """See ``asyncio.loop.call_soon``; without what the base asks for debug mode's sake, twenty times in each rotation."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]  # the same
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """See ``asyncio.loop.call_later``."""
        return self.call_at(self.passed + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]  # the same
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """See ``asyncio.loop.call_at``."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._order), handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It stays where it is until its moment, and is passed over then."""

    def _run_once(self) -> None:
        """Run what is ready; where nothing is, let the time pass up to the next timers."""
        ready, timers = self._ready, self._timers
        if not ready and not self._stopping:
            while timers and timers[0][2].cancelled():
                heapq.heappop(timers)
            if not timers:
                raise RuntimeError("the loop would wait for ever: nothing is ready, and no timer is set")
            self.passed = max(self.passed, timers[0][0])
        while timers and timers[0][0] <= self.passed:
            ready.append(heapq.heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()  # noqa: SLF001 - as the loops of asyncio do


def run_virtually(story: Coroutine[Any, Any, T]) -> T:
    """Run a story to its end on a loop of its own, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(story)

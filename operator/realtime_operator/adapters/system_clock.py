"""The Clock of the running process."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """The wall clock as it was at the start, carried on by the running loop's monotonic time.

    A step of the machine's wall clock therefore moves nothing, and a loop with virtual time takes this
    clock along. Make it inside the running loop.
    """

    def __init__(self) -> None:
        self._loop_time = asyncio.get_running_loop().time
        self._offset = time.time() - self._loop_time()

    def now(self) -> float:
        """Seconds since the epoch; never steps back."""
        return self._offset + self._loop_time()

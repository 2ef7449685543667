"""The operator's clock and the provider's, both made of the loop's own time."""

from __future__ import annotations

import asyncio
from typing import Final

EPOCH: Final = 1_764_000_000.0
"""The moment at which every story begins: a whole second, so that the same seed always tells the same story."""


class VirtualClock:
    """Fulfils ``ports.Clock``. Made inside the running loop."""

    def __init__(self) -> None:
        self._loop_time = asyncio.get_running_loop().time
        self._offset = EPOCH - self._loop_time()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._offset + self._loop_time()

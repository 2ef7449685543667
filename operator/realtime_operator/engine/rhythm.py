"""What is done again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Act again and again, ``seconds`` after the last time began, or at once where it took longer."""
    loop = asyncio.get_running_loop()
    next_at = loop.time()
    while True:
        next_at = max(next_at + seconds, loop.time())
        await asyncio.sleep(next_at - loop.time())
        await act()

"""Leadership: whether this replica may act."""

from __future__ import annotations

import asyncio


class Gate:
    """The one gate in front of the workers; open unless told otherwise."""

    def __init__(self, *, is_open: bool = True) -> None:
        self._event = asyncio.Event()
        if is_open:
            self._event.set()

    def is_open(self) -> bool:
        """Whether work may start now."""
        return self._event.is_set()

    async def opened(self) -> None:
        """Wait until work may start."""
        await self._event.wait()

    def open(self) -> None:
        """Let work start."""
        self._event.set()

    def close(self) -> None:
        """Let no more work start; what runs is finished."""
        self._event.clear()

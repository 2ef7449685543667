"""A wire that can be cut: carries TCP from a port of its own to another one of the loopback, and keeps what clients say."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 65536
HOST = "127.0.0.1"


class Relay:
    """The wire; made by `relay`.

    Attributes:
        port: where clients connect.
        said: all that clients sent, of all connections.
    """

    port: int

    def __init__(self, to_port: int) -> None:
        self.said = bytearray()
        self._to_port = to_port
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._loop: asyncio.AbstractEventLoop
        self._end: asyncio.Event

    def cut(self) -> None:
        """End every connection, and every new one at once, until `mend`; returns when it is so."""
        is_done = threading.Event()
        self._loop.call_soon_threadsafe(self._cut)
        self._loop.call_soon_threadsafe(is_done.set)
        is_done.wait()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def close(self) -> None:
        """End everything."""
        self._loop.call_soon_threadsafe(self._end.set)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Carry until `close`."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._join, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        on_ready()
        await self._end.wait()
        server.close()
        self._cut()
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - connections end one after the other
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # their sockets are closed in the turn after

    def _cut(self) -> None:
        self._is_cut = True
        for writer in self._open:
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._to_port)
        except OSError:
            writer.transport.abort()
            return
        if self._is_cut:  # meanwhile
            writer.transport.abort()
            far_writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._open |= ends
        try:
            await asyncio.gather(
                self._carry(reader, far_writer, keep=True), self._carry(far_reader, writer, keep=False)
            )
        finally:
            self._open -= ends

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keep: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if keep:
                    self.said += chunk
                writer.write(chunk)
                await writer.drain()
        writer.close()


@contextlib.contextmanager
def relay(to_port: int) -> Iterator[Relay]:
    """Carry connections to a port of the loopback for the block."""
    it, ready = Relay(to_port), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(it.run(ready.set)), name="relay")
    thread.start()
    ready.wait()
    try:
        yield it
    finally:
        it.close()
        thread.join()

"""A wire that can be cut: carries TCP from a port of its own to another one of the loopback, and keeps what clients say."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 65536


class Relay:
    """The wire; made by `relay`.

    Attributes:
        port: where clients connect.
        said: all that clients sent, of all connections.
    """

    def __init__(self, to_port: int) -> None:
        self.said = bytearray()
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_cut = False
        self._threads = [threading.Thread(target=self._accept, name="relay")]
        self._threads[0].start()

    def cut(self) -> None:
        """End every connection, and every new one at once, until `mend`."""
        with self._lock:
            self._is_cut = True
            ends, self._ends = self._ends, set()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        """End everything."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._join(client)

    def _join(self, client: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                client.close()
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._to_port))
            except OSError:
                client.close()
                return
            self._ends |= {client, server}
        for source, target in ((client, server), (server, client)):
            thread = threading.Thread(target=self._carry, args=(source, target, source is client))
            self._threads.append(thread)
            thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, keep: bool) -> None:  # noqa: FBT001 - a thread's arguments
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                if keep:
                    self.said += chunk
                target.sendall(chunk)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        if keep:
            return
        # The server's side ends last: both sockets have served.
        with self._lock:
            self._ends -= {source, target}
        source.close()
        target.close()


@contextlib.contextmanager
def relay(to_port: int) -> Iterator[Relay]:
    """Carry connections to a port of the loopback for the block."""
    it = Relay(to_port)
    try:
        yield it
    finally:
        it.close()

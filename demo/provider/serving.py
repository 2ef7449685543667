"""Serves the stand-in with uvicorn: quietly, on a port known before it starts, and ended within a moment."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from demo.provider.app import BASE_PATH, create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from starlette.types import Scope

    from demo.provider.provider import Provider

BACKLOG = 1024  # a thousand sessions may start at once


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a server certificate and its key, PEM."""

    cert: Path
    key: Path


class Serving:
    """One stand-in on one port. The port is bound at once, so `url` holds before `run` is called."""

    def __init__(
        self,
        provider: Provider,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls | None = None,
        open_control: bool = False,
    ) -> None:
        """Bind the port.

        Args:
            provider: what is served.
            host: address to listen on.
            port: 0 picks a free one.
            tls: serve TLS with these files.
            open_control: let others than the loopback use the control API.

        Raises:
            OSError: when the port cannot be bound.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        bound = self._socket.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{shown}:{bound}{BASE_PATH}"
        app = create_app(provider, self._drop, open_control=open_control)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            backlog=BACKLOG,
            server_header=False,
            date_header=False,  # the stand-in keeps its own time
            proxy_headers=False,  # the client's true address guards the control API
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            ssl_certfile=tls.cert if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )
        self._server = QuietServer(config)

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop`, or until SIGTERM or SIGINT in the main thread; `on_ready` is called first."""
        self._server.on_ready = on_ready
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Ask for the end, from any thread; `run` returns within half a second."""
        self._server.should_exit = True

    def _drop(self, scope: Scope) -> None:
        for connection in list(self._server.server_state.connections):
            peer = connection.transport.get_extra_info("peername")
            if peer and tuple(peer[:2]) == scope["client"]:
                connection.transport.close()


class QuietServer(uvicorn.Server):
    """Ends without waiting for requests in flight, which may hang on purpose, and without a word."""

    on_ready: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, and say so."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().startup(sockets)
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection first, so that nothing is left to wait for."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  (uvicorn's signature)
        """Take a signal as a wish to end in order, with exit code 0."""
        self.should_exit = True

"""Answers the kubelet's probes and Prometheus' scrapes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Final, NamedTuple, Self

from aiohttp import web

from realtime_operator.adapters.prometheus import CONTENT_TYPE

SHUTDOWN_S: Final = 1.0
"""How long a scrape in flight may hold up the exit, which is to take two seconds at most."""


class Check(NamedTuple):
    """One thing that must be well; ``why`` says what is wrong, and is empty while nothing is."""

    name: str
    ok: bool
    why: str = ""


Checks = Callable[[], Sequence[Check]]


class CannotListen(Exception):
    """The probes' address cannot be had; the message names it and the remedy."""


class ProbeServer:
    """Serves ``/livez``, ``/readyz`` and ``/metrics``. Use it as an asynchronous context manager.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        live: what must be well, or the process should be restarted.
        ready: what must be well, or the process should not count as available.
        metrics: writes the metrics, in pieces.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        live: Checks,
        ready: Checks,
        metrics: Callable[[], AsyncIterator[bytes]],
    ) -> None:
        self._host = host
        self._port = port
        self._live = live
        self._ready = ready
        self._metrics = metrics
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            CannotListen: the address is taken or is not ours.
        """
        app = web.Application()
        app.add_routes(
            [
                web.get("/livez", self._answer_live),
                web.get("/readyz", self._answer_ready),
                web.get("/metrics", self._answer_metrics),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise CannotListen(
                f"cannot listen on {self._host}:{self._port}; choose another --host or --port"
            ) from error
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    async def _answer_live(self, _: web.Request) -> web.Response:
        return _answer(self._live())

    async def _answer_ready(self, _: web.Request) -> web.Response:
        return _answer(self._ready())

    async def _answer_metrics(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
        await response.prepare(request)
        async for piece in self._metrics():
            await response.write(piece)
        await response.write_eof()
        return response


def _answer(checks: Sequence[Check]) -> web.Response:
    lines = [
        f"[+]{check.name} ok" if check.ok else f"[-]{check.name} failed: {check.why}" for check in checks
    ]
    well = all(check.ok for check in checks)
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(status=status, text="\n".join([*lines, "ok" if well else "failed", ""]))

"""Hostile answers as bytes on a real connection, received by the real adapter."""

from __future__ import annotations

import asyncio
import gzip
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from fuzz.answers import NOW, Example, examples
from fuzz.verdict import Told, judged, tells
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintAnswer, MintCall

DEADLINE_S: Final = 0.3
"""Of the adapter, so that answers that never end do not take the run's time."""

SLACK_S: Final = 5.0
"""On a machine that is busy otherwise."""

Framing = Callable[[Example], bytes]


def _head(example: Example, *lines: bytes) -> bytes:
    named = (f"{name}: {value}".encode("latin-1", "replace") for name, value in example.headers.items())
    return b"\r\n".join([b"HTTP/1.1 %d Odd" % example.status, *named, *lines, b"", b""])


def _sized(example: Example) -> bytes:
    return _head(example, b"content-length: %d" % len(example.body)) + example.body


def _chunked(example: Example) -> bytes:
    chunk = b"%x\r\n%b\r\n" % (len(example.body), example.body) if example.body else b""
    return _head(example, b"transfer-encoding: chunked") + chunk + b"0\r\n\r\n"


def _broken_chunk(example: Example) -> bytes:
    return _head(example, b"transfer-encoding: chunked") + b"zz\r\n" + example.body


def _too_long(example: Example) -> bytes:
    return _head(example, b"content-length: %d" % (len(example.body) + 7)) + example.body


def _to_the_end(example: Example) -> bytes:
    return _head(example, b"connection: close") + example.body


def _twice(example: Example) -> bytes:
    return _sized(example) * 2


def _packed(example: Example) -> bytes:
    body = gzip.compress(example.body + b" " * 1_000_000)
    return _head(example, b"content-encoding: gzip", b"content-length: %d" % len(body)) + body


def _padded(example: Example) -> bytes:
    body = b" " * 300_000 + example.body
    return _head(example, b"content-length: %d" % len(body)) + body


def _two_lengths(example: Example) -> bytes:
    return _head(example, b"content-length: 1", b"content-length: %d" % len(example.body)) + example.body


def _long_header(example: Example) -> bytes:
    return _head(example, b"x-long: " + example.planted.key.encode() * 2000, b"content-length: 0")


def _no_http(example: Example) -> bytes:
    return example.body


def _odd_status(example: Example) -> bytes:
    return b"HTTP/1.1 " + example.planted.key.encode() + b"\r\n\r\n"


FRAMINGS: Final[tuple[Framing, ...]] = (
    *(_sized,) * 6,
    _chunked,
    _broken_chunk,
    _too_long,
    _to_the_end,
    _twice,
    _packed,
    _padded,
    _two_lengths,
    _long_header,
    _no_http,
    _odd_status,
)
"""Right ones first, more often."""

sent = st.tuples(examples, st.sampled_from(FRAMINGS))
"""An example, and how it is put on the connection."""


@dataclass(slots=True)
class _Clock:
    """Stands still, so that examples mean the same on every run."""

    def now(self) -> float:
        return NOW


@dataclass(slots=True)
class _Ear(logging.Handler):
    """Hears all that is logged."""

    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        logging.Handler.__init__(self, logging.DEBUG)
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))

    __hash__ = logging.Handler.__hash__


class Wire:
    """A server that sends what it is given, and the adapter that asks it, on a loop of their own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ear: _Ear) -> None:
        self._loop = loop
        self._ear = ear
        self._reply = b""
        self._port = 0

    async def open(self) -> None:
        """Begin to serve, and to ask."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        self._api = RealtimeApi(_Clock(), deadline=DEADLINE_S)

    async def close(self) -> None:
        """End both."""
        await self._api.__aexit__(None, None, None)
        self._server.close()
        await self._server.wait_closed()

    def judged(self, example: Example, framing: Framing) -> str:
        """Send the example, check what must hold, and say what came."""
        self._reply = framing(example)
        self._ear.heard.clear()
        began = time.monotonic()
        try:
            answer = asyncio.run_coroutine_threadsafe(self._asked(example), self._loop).result(SLACK_S * 2)
        except ProviderUnavailable as error:
            _check_unavailable(example, error)
            came = str(error.reason)
        else:
            came = judged(example, answer)
        if time.monotonic() - began > DEADLINE_S + SLACK_S:
            raise AssertionError("the adapter did not come back in time")
        logged = "\n".join(self._ear.heard)
        for name, secret in (("key", example.planted.key), ("token", example.planted.token)):
            if tells(logged, secret):
                raise Told(f"the log tells the {name}")
        return came

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request, send the reply, and end."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
            await reader.readexactly(length)
            writer.write(self._reply)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _asked(self, example: Example) -> MintAnswer:
        key = example.planted.key
        call = MintCall(
            f"http://127.0.0.1:{self._port}/v1/realtime/client_secrets",
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            b'{"session":{}}',
            secrets=(key,),
        )
        return await self._api.mint(call)


def _check_unavailable(example: Example, error: ProviderUnavailable) -> None:
    if error.__cause__ is not None or error.__context__ is not None:
        raise Told("the client's exception, which holds the request, is still at hand")
    shown = f"{error} {error!r} {error.args} {vars(error)}"
    if tells(shown, example.planted.key) or tells(shown, example.planted.token):
        raise Told("an error of the connection tells a secret")


@contextmanager
def wire() -> Iterator[Wire]:
    """Server and adapter, both ended at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="wire")
    thread.start()
    ear = _Ear()
    root = logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    it = Wire(loop, ear)
    try:
        asyncio.run_coroutine_threadsafe(it.open(), loop).result(SLACK_S)
        yield it
        asyncio.run_coroutine_threadsafe(it.close(), loop).result(SLACK_S)
    finally:
        root.removeHandler(ear)
        root.setLevel(level)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SLACK_S)
        loop.close()

"""Stands between the operator and the API server, so that watches and lists of our kinds can be made to fail.

Plain HTTP/1.1 on the loopback towards the operator, TLS with the operator's own certificate towards the server. While
the server is away, the operator's connections end without an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from observer.kubeconfig import ApiAccess, read_kubeconfig

HOST: Final = "127.0.0.1"
LARGEST_BODY: Final = 8 << 20
CONNECT_S: Final = 5.0
END_S: Final = 0.1
OUR_COLLECTIONS: Final = re.compile(
    r"/apis/realtime-operator\.io/[^/]+/(?:namespaces/[^/]+/)?(?:cluster)?realtime(?:sessions|providers)"
)
OF_ONE_CONNECTION: Final = frozenset(
    {"connection", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "accept-encoding"}
)
"""Headers that are not handed on; without the last one nothing is compressed, so that lines can be told apart."""


class Asked(Enum):
    """What a request is about."""

    WATCH = auto()
    LIST = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """How requests about our kinds are refused.

    Attributes:
        status: the HTTP status that new watches get.
        lists: whether lists get it too.
        told: whether watches that are open are told it by an ERROR event; they are cut without a word otherwise.
    """

    status: int
    lists: bool
    told: bool

    def takes(self, asked: Asked) -> bool:
        """Tell whether a request is refused."""
        return asked is Asked.WATCH or (asked is Asked.LIST and self.lists)

    def document(self) -> dict[str, Any]:
        """Give the body, as the API server words it."""
        reason = {403: "Forbidden", 410: "Expired"}.get(self.status, "InternalError")
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": reason,
            "code": self.status,
        }

    def event(self) -> bytes:
        """Give the same as an event of a watch."""
        return json.dumps({"type": "ERROR", "object": self.document()}).encode() + b"\n"


class Proxy:
    """Hands requests on, except those that it is told to refuse. May be told from any thread.

    Attributes:
        refused: how many requests were refused.
        ended: how many open watches were ended.
    """

    def __init__(self) -> None:
        self.refused = self.ended = 0
        self._refusal: Refusal | None = None
        self._watches: set[aiohttp.ClientResponse] = set()
        self._loop: asyncio.AbstractEventLoop
        self._end: asyncio.Event
        self._access: ApiAccess
        self._client: aiohttp.ClientSession

    def refuse(self, refusal: Refusal) -> None:
        """Refuse from now on, and end the watches that are open."""
        self._refusal = refusal
        self._loop.call_soon_threadsafe(self._end_watches)

    def relent(self) -> None:
        """Hand on everything again."""
        self._refusal = None

    @contextlib.contextmanager
    def in_front_of(self, kubeconfig: Path) -> Iterator[Path]:
        """Serve for the block what a kubeconfig gives access to; give a kubeconfig that leads here.

        Raises:
            observer.KubeconfigError: it cannot be used.
            OSError: there is no port to listen on.
        """
        self._access = read_kubeconfig(kubeconfig)
        port: Future[int] = Future()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(port)), name="proxy")
        thread.start()
        try:
            path = kubeconfig.with_suffix(".proxied")
            path.write_text(_kubeconfig(f"http://{HOST}:{port.result()}"))
            yield path
        finally:
            if port.exception() is None:
                self._loop.call_soon_threadsafe(self._end.set)
            thread.join()

    async def _serve(self, port: Future[int]) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=END_S)
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._access.tls or True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
        )
        async with self._client:
            try:
                await runner.setup()
                await web.TCPSite(runner, HOST, 0).start()
            except OSError as error:
                port.set_exception(error)
            else:
                port.set_result(runner.addresses[0][1])
                await self._end.wait()
            finally:
                await runner.cleanup()

    def _end_watches(self) -> None:
        for watch in self._watches:
            watch.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked, refusal = _asked(request), self._refusal
        if refusal is not None and refusal.takes(asked):
            self.refused += 1
            return web.json_response(refusal.document(), status=refusal.status)
        try:
            return await self._hand_on(request, asked)
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()
            return web.Response()  # nobody gets it

    async def _hand_on(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        async with self._client.request(
            request.method,
            URL(self._access.server + request.raw_path, encoded=True),
            headers=_handed_on(request.headers) | self._access.headers | {"Accept-Encoding": "identity"},
            data=await request.read() or None,
            allow_redirects=False,
        ) as far:
            answer = web.StreamResponse(status=far.status, headers=CIMultiDict(_handed_on(far.headers)))
            await answer.prepare(request)
            if asked is Asked.WATCH:
                await self._watch(far, answer)
            else:
                async for chunk in far.content.iter_any():
                    await answer.write(chunk)
            await answer.write_eof()
            return answer

    async def _watch(self, far: aiohttp.ClientResponse, answer: web.StreamResponse) -> None:
        """Hand on a watch until it ends, or is to be refused from now on."""
        self._watches.add(far)
        is_whole = True
        try:
            async for chunk in far.content.iter_any():
                await answer.write(chunk)
                is_whole = chunk.endswith(b"\n")
        except aiohttp.ClientError:
            refusal = self._refusal
            if refusal is None:
                raise
            self.ended += 1
            if not (refusal.told and is_whole):
                raise
            await answer.write(refusal.event())
        finally:
            self._watches.discard(far)


def _asked(request: web.Request) -> Asked:
    if request.method != "GET" or not OUR_COLLECTIONS.fullmatch(request.path):
        return Asked.OTHER
    return Asked.WATCH if request.query.get("watch") in {"1", "true"} else Asked.LIST


def _handed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in OF_ONE_CONNECTION}


def _kubeconfig(server: str) -> str:
    name = "proxied"
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server}}],
            "contexts": [{"name": name, "context": {"cluster": name}}],
            "current-context": name,
        }
    )

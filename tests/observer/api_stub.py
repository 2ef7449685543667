"""An API server of a few lines that answers lists and watches exactly as a test scripts it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from observer.kubeconfig import ApiAccess
from observer.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/api/v1/secrets"
GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410}}


def secret(name: str, version: int, *, uid: str = "", written: str | None = None) -> dict[str, Any]:
    """A Secret's document, created long ago; ``written`` is the RFC 3339 time of its last write."""
    meta: dict[str, Any] = {"namespace": "hotel", "name": name, "uid": uid or name}
    meta["creationTimestamp"] = "2020-01-01T00:00:00Z"
    meta["resourceVersion"] = str(version)
    if written:
        meta["managedFields"] = [{"time": written}]
    return {"metadata": meta}


def event(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """A line of a watch."""
    return {"type": kind, "object": document}


class StubApi:
    """Pages of lists and streams of watches, each used once, in order.

    Attributes:
        lists: answers to lists: a status, or (documents, continue token, version).
        watches: answers to watches: a status, or lines (documents, or raw bytes).
        asked: (kind of request, resourceVersion or continue token), as they came.
    """

    def __init__(self) -> None:
        self.lists: list[int | tuple[list[dict[str, Any]], str, int]] = []
        self.watches: list[int | list[dict[str, Any] | bytes]] = []
        self.asked: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as scripted; when the script is over, hold the watch open."""
        if "watch" in request.query:
            return await self._watch(request)
        self.asked.append(("list", request.query.get("continue", "")))
        page = self.lists.pop(0)
        if isinstance(page, int):
            return web.Response(status=page)
        documents, more, version = page
        meta = {"resourceVersion": str(version), "continue": more}
        return web.json_response({"items": documents, "metadata": meta})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(("watch", request.query["resourceVersion"]))
        lines = self.watches.pop(0) if self.watches else None
        if isinstance(lines, int):
            return web.Response(status=lines)
        answer = web.StreamResponse()
        await answer.prepare(request)
        for line in lines or ():
            await answer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        if lines is None:
            await asyncio.Event().wait()
        return answer


class Told:
    """Writes down what a watch tells, in short words."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.moments: list[float] = []
        self.blindness: list[tuple[float, float]] = []

    def seen(self, at: float, document: dict[str, Any]) -> None:
        """An object is there."""
        self.moments.append(at)
        self.words.append(f"{document['metadata']['name']}@{document['metadata']['resourceVersion']}")

    def gone(self, at: float, namespace: str, name: str, uid: str) -> None:
        """An object is gone."""
        self.moments.append(at)
        self.words.append(f"-{name}/{uid}" if namespace == "hotel" else namespace)

    def blind(self, begin: float, end: float) -> None:
        """Something may have been missed."""
        self.blindness.append((begin, end))


class Ticks:
    """A clock that goes on by ten seconds with every look."""

    def __init__(self, start: float) -> None:
        self.now = start

    def __call__(self) -> float:
        """Look at the clock."""
        self.now += 10
        return self.now


@asynccontextmanager
async def watched(api: StubApi, told: Told, *, until: int, start: float = 0.0) -> AsyncIterator[Watch]:
    """Run a watch on the stub until it has told so many words."""
    app = web.Application()
    app.router.add_get(PATH, api.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    async with aiohttp.ClientSession() as client:
        access = ApiAccess(f"http://{host}:{port}", None, {})
        watch = Watch(client, access, PATH, told, clock=Ticks(start))
        task = asyncio.create_task(watch.run())
        try:
            async with asyncio.timeout(30):
                while len(told.words) < until or api.watches:
                    assert not task.done(), task.exception()
                    await asyncio.sleep(0.005)
            yield watch
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    await runner.cleanup()

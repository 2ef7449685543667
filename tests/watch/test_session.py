"""What kopf reads of a watch, and what is left out of it."""

from __future__ import annotations

import json
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from realtime_operator.watch.news import News
from realtime_operator.watch.session import watching_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

SESSIONS = "realtimesessions"


def event(kind: str = "MODIFIED", **metadata: Any) -> bytes:
    """A line of a watch."""
    body = {"metadata": {"uid": "uid-1", "name": "concierge", "generation": 1} | metadata}
    return json.dumps({"type": kind, "object": body}, separators=(",", ":")).encode() + b"\n"


@asynccontextmanager
async def served(pieces: Sequence[bytes]) -> AsyncIterator[str]:
    """A server that answers everything with these pieces, each sent by itself."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def read(
    pieces: Sequence[bytes], *, path: str = f"/apis/x/v1/{SESSIONS}?watch=true", news: News | None = None
) -> list[bytes]:
    """The lines that kopf gets."""
    known = news or News()
    if news is None:
        known.heard("ADDED", json.loads(event())["object"])
    session = watching_session(ssl.create_default_context(), {"X-Who": "we"}, {SESSIONS: known})
    async with served(pieces) as server, session:
        response = await session.get(server + path)
        assert response.request_info.headers["X-Who"] == "we"
        got = b"".join([chunk async for chunk in response.content.iter_chunked(1024)])
    return got.splitlines(keepends=True)


ECHO, NEWS = event(labels={"a": "b"}), event(generation=2)


async def test_an_echo_is_left_out_and_news_are_not() -> None:
    """Of what is modified, only what somebody else wants comes through, and once."""
    assert await read([ECHO, NEWS, NEWS, event(generation=2, resourceVersion="9"), ECHO]) == [NEWS, ECHO]


@pytest.mark.parametrize(
    "line",
    [
        event("ADDED"),
        event("DELETED"),
        event("BOOKMARK"),
        b'{"type":"ERROR","object":{"kind":"Status","code":410}}\n',
        b'{"type":"MODIFIED","object":{"metadata"\n',
        b'{"type":"MODIFIED"}\n',
        b'{"type":"MODIFIED","object":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n",
    ],
    ids=["added", "deleted", "bookmark", "error", "broken", "without an object", "deep"],
)
async def test_all_else_comes_as_it_was(line: bytes) -> None:
    """Kopf has its own ways with it."""
    assert await read([ECHO, line, ECHO]) == [line]


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_lines_come_whole_however_they_were_sent(size: int) -> None:
    """The network cuts where it likes; what is cut off at the end is left to kopf."""
    stream = ECHO + NEWS + event("ADDED", uid="uid-2") + event(generation=3) + b'{"type":"MODIF'
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert await read(pieces) == [NEWS, event("ADDED", uid="uid-2"), event(generation=3), b'{"type":"MODIF']


@pytest.mark.parametrize("path", [f"/apis/x/v1/{SESSIONS}", "/apis/x/v1/others?watch=true"])
async def test_only_watches_of_our_kinds_are_read_so(path: str) -> None:
    """A list, or another kind, is none of our business."""
    assert await read([ECHO, NEWS], path=path) == [ECHO, NEWS]

"""The two ledgers: a growing file, and the stand-in provider's control API."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import aiohttp
import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from observer import LedgerFile, LedgerHttp, LedgerUnreadableError
from tests.observer.cluster import LedgerWriter
from tests.support.provider import KEY, running_provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """The observer's connection."""
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_file_is_read_as_it_grows(tmp_path: Path, client: aiohttp.ClientSession) -> None:
    """A file may come late, and a line that is not finished waits for its end."""
    path = tmp_path / "ledger.jsonl"
    ledger, writer = LedgerFile(path), LedgerWriter(path)
    assert await ledger.read(client) == []
    writer.mint("a", issued=1, expires=61)
    writer.mint("b", issued=2, expires=62)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert [mint.expires_at for mint in await ledger.read(client)] == [61]
    path.write_bytes(whole)
    assert [mint.digest for mint in await ledger.read(client)] == [hashlib.sha256(b"b").digest()]
    assert await ledger.read(client) == []


@pytest.mark.parametrize("line", ["no JSON", "{}", '{"token_sha256":"xyz","issued_at":1,"expires_at":2}'])
async def test_a_line_that_is_no_mint_is_an_error(
    tmp_path: Path, client: aiohttp.ClientSession, line: str
) -> None:
    """A ledger that cannot be read is never taken for an empty one."""
    path = tmp_path / "ledger.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(LedgerUnreadableError):
        await LedgerFile(path).read(client)


async def test_the_stand_in_is_read_by_its_control_api(tmp_path: Path, client: aiohttp.ClientSession) -> None:
    """Its mints and its clock are read from the same base URL that the operator uses."""
    file = tmp_path / "ledger.jsonl"
    with running_provider(ledger=file, clock_offset=7.5) as provider:
        ledger = LedgerHttp(provider.url)
        assert await ledger.clock_offset(client) == 7.5
        assert await ledger.read(client) == []
        token = mint(provider.url)
        (read,) = await ledger.read(client)
        assert read.digest == hashlib.sha256(token.encode()).digest()
        assert read.expires_at - read.issued_at == pytest.approx(60, abs=1)
        assert read.model == "gpt-realtime"
        assert await ledger.read(client) == []
        mint(provider.url)
        assert len(await ledger.read(client)) == 1
    assert len(await LedgerFile(file).read(client)) == 2


@pytest.mark.parametrize(
    ("status", "answer"),
    [(404, {}), (200, {"mints": [], "last": 9, "forgotten": 4})],
    ids=["no control API", "mints that it has forgotten"],
)
async def test_a_provider_that_cannot_tell_everything_is_an_error(
    client: aiohttp.ClientSession, status: int, answer: dict[str, object]
) -> None:
    """A ledger that is not there or not whole is never taken for an empty one."""
    app = web.Application()

    async def ledger(_: web.Request) -> web.Response:
        return web.json_response(answer, status=status)

    app.router.add_get("/_standin/ledger", ledger)
    async with TestServer(app) as server:
        with pytest.raises(LedgerUnreadableError):
            await LedgerHttp(str(server.make_url("/v1"))).read(client)


def mint(base_url: str) -> str:
    """Mint a token of 60 s as the operator does."""
    body = {
        "session": {"type": "realtime", "model": "gpt-realtime"},
        "expires_after": {"anchor": "created_at", "seconds": 60},
    }
    answer = httpx.post(
        f"{base_url}/realtime/client_secrets",
        content=json.dumps(body),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        trust_env=False,
    )
    answer.raise_for_status()
    return str(answer.json()["value"])

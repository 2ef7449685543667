"""An observer that cannot see says so, instead of testifying that all is well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from observer import LedgerFile, LedgerUnreadableError, Observer, ObserverNotReadyError
from tests.observer.cluster import seen
from tests.observer.test_kubeconfig import written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class EmptyApi:
    """An API server with nothing in it, or that answers everything with one status."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        self.server = TestServer(app)
        self.status = 200

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """List nothing; hold watches open."""
        if self.status != 200:
            return web.Response(status=self.status)
        if "watch" in request.query:
            stream = web.StreamResponse()
            await stream.prepare(request)
            await asyncio.Event().wait()
        return web.json_response({"items": [], "metadata": {"resourceVersion": "1"}})

    def kubeconfig(self, folder: Path) -> Path:
        """Write how to reach it."""
        return written(folder, {}, {"server": str(self.server.make_url("")).rstrip("/")})


@pytest.fixture
async def api() -> AsyncIterator[EmptyApi]:
    """The API server, running."""
    stub = EmptyApi()
    async with stub.server:
        yield stub


async def test_an_api_that_refuses_is_named(api: EmptyApi, tmp_path: Path) -> None:
    """Without rights the observer does not begin, and says what the API answered."""
    api.status = 403
    with pytest.raises(ObserverNotReadyError, match="listing secrets: status 403"):
        async with Observer(kubeconfig=api.kubeconfig(tmp_path), ready_within=0.3):
            pass


async def test_a_ledger_that_breaks_takes_the_figures_with_it(api: EmptyApi, tmp_path: Path) -> None:
    """Once the ledger cannot be read, figures are refused rather than made without it."""
    ledger = tmp_path / "ledger.jsonl"
    observer = Observer(kubeconfig=api.kubeconfig(tmp_path), ledger=LedgerFile(ledger))

    def refused() -> bool:
        try:
            observer.figures()
        except LedgerUnreadableError:
            return True
        return False

    async with observer:
        assert not refused()
        ledger.write_text("no JSON\n")
        await seen(refused)
    assert refused()


async def test_figures_stand_still_after_the_end(api: EmptyApi, tmp_path: Path) -> None:
    """What is asked after the end is answered as of the end."""
    async with Observer(kubeconfig=api.kubeconfig(tmp_path), namespaces=["a", "b"]) as observer:
        assert observer.trouble() is None
    assert observer.figures() == observer.figures()
    assert observer.figures().kept

"""Probes and scrapes over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from realtime_operator.adapters.probe_server import CannotListen, Check, ProbeServer


async def pieces() -> AsyncIterator[bytes]:
    """Metrics in two pieces."""
    yield b"one 1\n"
    yield b"two 2\n"


def no_checks() -> list[Check]:
    """Nothing to check."""
    return []


async def get(port: int, path: str) -> tuple[int, str, str]:
    """Status, content type and text of an answer."""
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, response.headers["Content-Type"], await response.text()


async def test_checks_are_listed_and_decide_the_status() -> None:
    """All checks well is 200; one that fails makes it 503 and says why."""
    checks = [Check("watch", ok=True), Check("lease", ok=True)]
    async with ProbeServer(
        host="127.0.0.1", port=0, live=no_checks, ready=lambda: checks, metrics=pieces
    ) as server:
        assert (await get(server.port, "/readyz"))[::2] == (200, "[+]watch ok\n[+]lease ok\nok\n")
        checks[1] = Check("lease", ok=False, why="held by another replica")
        expected = "[+]watch ok\n[-]lease failed: held by another replica\nfailed\n"
        assert (await get(server.port, "/readyz"))[::2] == (503, expected)
        assert (await get(server.port, "/livez"))[::2] == (200, "ok\n")
        assert (await get(server.port, "/"))[0] == 404


async def test_metrics_are_streamed() -> None:
    """The pieces arrive as one document of Prometheus' content type."""
    async with ProbeServer(
        host="127.0.0.1", port=0, live=no_checks, ready=no_checks, metrics=pieces
    ) as server:
        status, content_type, text = await get(server.port, "/metrics")
    assert (status, text) == (200, "one 1\ntwo 2\n")
    assert content_type.startswith("text/plain; version=0.0.4")


async def test_the_port_is_given_back() -> None:
    """After the end nobody listens; a port that is taken is an error at once."""
    server = ProbeServer(host="127.0.0.1", port=0, live=no_checks, ready=no_checks, metrics=pieces)
    async with server:
        twin = ProbeServer(
            host="127.0.0.1", port=server.port, live=no_checks, ready=no_checks, metrics=pieces
        )
        with pytest.raises(CannotListen, match="choose another --host or --port"):
            async with twin:
                pass
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(server.port, "/livez")

"""The neighbour that the bench lets hang."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from bench.neighbour import silence


async def test_silence_takes_requests_and_never_answers() -> None:
    """Whoever asks waits until it gives up, or until the neighbour is gone."""
    async with silence() as base_url:
        target = urlsplit(base_url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        writer.write(b"POST /v1/realtime/client_secrets HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
    async with asyncio.timeout(5):
        assert await reader.read(1) == b""
    writer.close()
    await writer.wait_closed()

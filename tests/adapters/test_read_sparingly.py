"""What a TLS connection keeps while nothing is read."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import sslproto
from typing import Any

from realtime_operator.__main__ import READ_AT_ONCE, read_sparingly


async def test_a_connection_keeps_a_small_buffer() -> None:
    """Python still has the buffer, under the name that it is made smaller by."""
    usual = sslproto.SSLProtocol.max_size
    loop: Any = asyncio.get_running_loop()
    try:
        read_sparingly()
        made: Any = sslproto.SSLProtocol(
            loop, asyncio.Protocol(), ssl.create_default_context(), loop.create_future()
        )
        made._get_app_transport().close()  # noqa: SLF001 - it complains of being left open
        assert len(made.get_buffer(-1)) == READ_AT_ONCE < usual
    finally:
        sslproto.SSLProtocol.max_size = usual

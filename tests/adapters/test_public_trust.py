"""Who is trusted where a provider names no CA bundle: the authorities that the system's file of certificates holds."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from hack.controlplane.certificates import Authority
from tests.adapters.raw_server import answer, raw_server

MINTING = """
import asyncio, sys
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.adapters.system_clock import SystemClock
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintCall

async def mint():
    async with RealtimeApi(SystemClock()) as api:
        answer = await api.mint(MintCall(url=sys.argv[1], headers={}, body=b"{}"))
    return answer.body.decode()

try:
    print(asyncio.run(mint()))
except ProviderUnavailable as error:
    print(error)
"""


async def said(url: str, certificates: Path) -> str:
    """What a process gets from the provider whose system trusts the authorities in that file."""
    environment = {**os.environ, "SSL_CERT_FILE": str(certificates), "SSL_CERT_DIR": os.devnull}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MINTING, url, stdout=PIPE, env=environment
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return out.decode().strip()


@pytest.mark.parametrize(
    ("trusted", "says"),
    [("the provider's", "good"), ("another", "the certificate of localhost is not trusted")],
)
async def test_authorities_of_the_system_are_trusted_and_no_others(
    trusted: str, says: str, authority: Authority, server_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    """Public authorities are trusted so: the file is the system's, or the one that SSL_CERT_FILE names."""
    file = tmp_path / "authorities.pem"
    file.write_bytes((authority if trusted == "the provider's" else Authority("another-test")).certificate)
    async with raw_server(answer(b"good"), tls=server_tls) as server:
        assert says in await said(f"https://localhost:{server.port}/v1/realtime/client_secrets", file)

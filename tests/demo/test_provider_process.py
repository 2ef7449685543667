"""The stand-in as a process: `python -m demo.provider`."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from demo.provider.__main__ import keys_from, parser, settings_from
from demo.provider.actions import Hang
from demo.provider.app import create_app
from demo.provider.provider import Provider
from demo.provider.settings import KeyRing
from tests.controlplane.waiting import wait_until
from tests.support.provider import END, KEY, ROOT, provider_process

if TYPE_CHECKING:
    from pathlib import Path

GA = "/realtime/client_secrets"
AT_ONCE = END * 0.8
"""Seconds: less than after which it is killed, and room for a busy machine; a tenth of a second on a quiet one."""


def mint(url: str, body: object = None) -> httpx.Response:
    """Ask for a token."""
    return httpx.post(url + GA, json=body or {}, headers={"api-key": KEY})


def test_it_serves_and_ends_in_order(tmp_path: Path) -> None:
    """It tells where it serves, serves, and ends on SIGTERM at once, with exit code 0."""
    with provider_process(tmp_path, "--lifetime", "42") as running:
        answer = mint(running.remote.url)
        (entry,) = running.remote.ledger()
        began = time.monotonic()
        code = running.terminate()
        took = time.monotonic() - began

    assert (answer.status_code, entry.mint.lifetime) == (200, 42)
    assert code == 0
    assert took < AT_ONCE
    ready, ended = running.printed()
    assert json.loads(ready) == {"url": running.remote.url, "pid": running.process.pid}
    assert ended == "stand-in provider ended after 1 mints"


@pytest.mark.parametrize("latency", [0, 30], ids=["hang", "latency"])
def test_it_ends_though_a_request_is_under_way(tmp_path: Path, latency: float) -> None:
    """A request does not hold the end up: its connection ends unanswered, and nothing is printed."""
    with provider_process(tmp_path, "--record-requests", "1", "--latency", str(latency)) as running:
        if not latency:
            running.remote.fault(Hang())
        url = httpx.URL(running.remote.url)
        with socket.create_connection((url.host, url.port or 0)) as connection:
            connection.sendall(f"POST {url.path}{GA} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_until(running.remote.requests, "the request has come")
            began = time.monotonic()
            code = running.terminate()
            took = time.monotonic() - began
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(100) == b""

    assert code == 0
    assert took < AT_ONCE
    assert len(running.printed()) == 2


def test_neither_token_nor_key_is_printed(tmp_path: Path) -> None:
    """Successes, refusals and a wrong key leave no trace in the output."""
    with provider_process(tmp_path) as running:
        token = mint(running.remote.url).json()["value"]
        mint(running.remote.url, {"nonsense": KEY})
        httpx.post(running.remote.url + GA, headers={"api-key": "sk-wrong-0123456789"})

    printed = "".join(running.printed())
    assert "ended" in printed
    assert token not in printed
    assert KEY not in printed
    assert "sk-wrong" not in printed


def test_a_start_without_a_key_says_what_to_do() -> None:
    """The mistake everybody makes once is answered with the remedy."""
    command = [sys.executable, "-m", "demo.provider"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=20)

    assert done.returncode == 2
    assert "--key-file" in done.stderr


def test_help_teaches_the_control_api() -> None:
    """The help names each way to steer, and how the environment sets flags."""
    told = parser().format_help()

    assert "/_standin/ledger?after=N" in told
    assert "STANDIN_KEY_FILE" in told


def test_the_environment_sets_flags(tmp_path: Path) -> None:
    """A container sets what a command line sets."""
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    environment = os.environ | {"STANDIN_KEY_FILE": str(key_file), "STANDIN_LATENCY": "nonsense"}
    command = [sys.executable, "-m", "demo.provider"]

    done = subprocess.run(
        command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False, timeout=20
    )

    assert done.returncode == 2
    assert "argument --latency" in done.stderr


def test_flags_become_settings(tmp_path: Path) -> None:
    """Each flag lands in its setting; keys come from both places, blank lines aside."""
    (tmp_path / "keys").write_text("second\n\n third \n")
    flags = ["--key", "first", "--key-file", str(tmp_path / "keys"), "--latency", "0.1-0.3"]
    flags += ["--refuse-model", "a", "--refuse-model", "b=invalid_value", "--retired", "Sessions"]

    arguments = parser().parse_args(flags)

    assert keys_from(arguments) == ["first", "second", "third"]
    settings = settings_from(arguments)
    assert settings.latency == (0.1, 0.3)
    assert settings.refused_models == {"a": "model_not_found", "b": "invalid_value"}
    assert settings.retired == {"Sessions"}


@pytest.mark.parametrize(("opened", "status"), [(False, 403), (True, 200)])
async def test_the_control_api_serves_the_loopback_only(*, opened: bool, status: int) -> None:
    """A client from elsewhere cannot steer, unless the stand-in was opened on purpose."""
    app = create_app(Provider(KeyRing([KEY])), lambda _: None, open_control=opened)
    elsewhere = httpx.ASGITransport(app, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://standin") as client:
        assert (await client.get("/_standin/health")).status_code == status
        minted = await client.post("/v1" + GA, json={}, headers={"api-key": KEY})
    assert minted.status_code == 200

"""The ledger knows every token by its hash, and none by its value."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from demo.provider.ledger import Ledger, Mint
from demo.provider.remote import Entry
from tests.support.provider import KEY, running_provider

if TYPE_CHECKING:
    from pathlib import Path

    from demo.provider.remote import RemoteProvider

pytest_plugins = ["tests.support.provider_fixtures"]

GA = "/realtime/client_secrets"
MINT = Mint(
    token_sha256="00",
    issued_at=1.5,
    expires_at=601,
    endpoint="ClientSecrets",
    lifetime=600,
    model=None,
    request_id="req_1",
    key_fingerprint="0123456789ab",
)


def test_a_mint_is_found_by_the_hash_of_its_token(provider: RemoteProvider, client: httpx.Client) -> None:
    """Who holds the token finds its line, and the line holds all that was asked."""
    before = provider.health()["mints"]
    body = {"expires_after": {"seconds": 30}, "session": {"type": "realtime", "model": "gpt-realtime-mini"}}

    answer = client.post(GA, json=body)

    (entry,) = provider.ledger(before)
    assert entry.n == before + 1
    assert entry.mint.token_sha256 == hashlib.sha256(answer.json()["value"].encode()).hexdigest()
    assert entry.mint.key_fingerprint == hashlib.sha256(KEY.encode()).hexdigest()[:12]
    assert entry.mint.request_id == answer.headers["x-request-id"]
    assert (entry.mint.endpoint, entry.mint.lifetime, entry.mint.model) == (
        "ClientSecrets",
        30,
        "gpt-realtime-mini",
    )


def test_the_file_has_the_line_before_the_token_is_out(tmp_path: Path) -> None:
    """Another process reads the same lines from the file, at once."""
    file = tmp_path / "ledger.jsonl"
    with running_provider(ledger=file) as provider:
        httpx.post(provider.url + GA, json={}, headers={"api-key": KEY})
        lines = file.read_text().splitlines()
        assert [Entry.parse(json.loads(line)) for line in lines] == provider.ledger()
    assert len(lines) == 1


def test_neither_token_nor_key_is_in_ledger_file_or_control_api(tmp_path: Path) -> None:
    """Nothing that the stand-in writes or tells afterwards holds a credential."""
    file = tmp_path / "ledger.jsonl"
    with running_provider(ledger=file) as provider:
        answer = httpx.post(provider.url + GA, json={}, headers={"api-key": KEY})
        base = httpx.URL(provider.url)
        told = [
            httpx.get(base.join(f"/_standin/{name}")).text
            for name in ("health", "settings", "faults", "ledger", "requests")
        ]
    everything = "".join((*told, file.read_text()))
    assert answer.headers["x-request-id"] in everything
    assert answer.json()["value"] not in everything
    assert KEY not in everything


def test_a_page_starts_after_a_number() -> None:
    """A reader asks for what it has not seen, in pages."""
    with Ledger() as ledger:
        for _ in range(5):
            ledger.append(MINT, 2.0)
        page = json.loads(ledger.page(after=1, limit=3))

    assert [line["n"] for line in page["mints"]] == [2, 3, 4]
    assert (page["last"], page["forgotten"]) == (5, 0)


def test_a_full_memory_tells_what_it_forgot() -> None:
    """A reader that comes too late learns how many lines it missed."""
    with Ledger(capacity=2) as ledger:
        for _ in range(5):
            ledger.append(MINT, None)
        page = json.loads(ledger.page(after=1, limit=10))

    assert [line["n"] for line in page["mints"]] == [4, 5]
    assert page["forgotten"] == 2


def test_the_file_is_continued(tmp_path: Path) -> None:
    """A stand-in that starts again adds to its file."""
    file = tmp_path / "ledger.jsonl"
    for _ in range(2):
        with Ledger(file) as ledger:
            ledger.append(MINT, 2.0)

    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize(("kept", "seen"), [(0, 0), (2, 2)])
def test_recorded_requests_are_bounded(
    provider: RemoteProvider, client: httpx.Client, kept: int, seen: int
) -> None:
    """The ring keeps the latest, or nothing."""
    provider.set(record_requests=0)
    provider.set(record_requests=kept)

    for _ in range(3):
        client.post(GA, json={})

    assert len(provider.requests()) == seen

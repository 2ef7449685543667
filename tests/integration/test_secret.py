"""From an applied session to the Secret that a reader finds."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.support.operator import GROUP, wait_for

if TYPE_CHECKING:
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


def test_a_session_becomes_ready_and_its_secret_holds_what_readers_need(stage: Stage) -> None:
    """The Secret has every entry, describes itself in annotations, is labelled, and is owned by its session."""
    stage.ready_to_mint()
    stage.add("concierge", secret={"labels": {"team": "voice"}, "annotations": {"note": "kept"}})
    status = stage.ready("concierge")
    session, secret, entries = stage.get("concierge"), stage.secret("concierge"), stage.entries("concierge")
    (mint,) = stage.mints("concierge")

    assert hashlib.sha256(entries["token"].encode()).hexdigest() == mint.token_sha256
    assert datetime.fromisoformat(entries["expires-at"]).timestamp() == mint.expires_at
    document = json.loads(entries.pop("realtime.json"))
    assert document == entries
    assert entries == {
        "token": entries["token"],
        "expires-at": status["expirationTime"],
        "base-url": stage.provider.url,
        "model": stage.model("concierge"),
    }
    assert secret.metadata.labels == {"app.kubernetes.io/managed-by": "realtime-operator", "team": "voice"}
    notes = secret.metadata.annotations
    assert (notes["note"], notes[f"{GROUP}/session"]) == ("kept", "concierge")
    assert notes[f"{GROUP}/token-id"] == status["tokenID"] == mint.token_sha256[:12]
    assert notes[f"{GROUP}/issued-at"] == status["issuedTime"]
    assert notes[f"{GROUP}/expires-at"] == status["expirationTime"]
    assert notes[f"{GROUP}/request-hash"]
    (owner,) = secret.metadata.owner_references
    assert (owner.kind, owner.uid) == ("RealtimeSession", session["metadata"]["uid"])
    assert (owner.controller, owner.block_owner_deletion) == (True, False)
    assert status["secretRef"] == {"name": "concierge", "uid": secret.metadata.uid}
    assert status["rotations"] == 0


@pytest.mark.parametrize("endpoint", ["ClientSecrets", "Sessions"])
def test_both_endpoints_mint(stage: Stage, endpoint: str) -> None:
    """A session mints at the endpoint that it names, asks for its life in that endpoint's form, and becomes Ready."""
    stage.ready_to_mint()
    body = {"model": stage.model("either")} | ({"type": "realtime"} if endpoint == "ClientSecrets" else {})
    stage.add("either", endpoint=endpoint, session=body, lifetimeSeconds=300)
    stage.ready("either")
    (mint,) = stage.mints("either")
    assert (mint.endpoint, mint.lifetime) == (endpoint, 300)
    assert hashlib.sha256(stage.entries("either")["token"].encode()).hexdigest() == mint.token_sha256


def test_renamed_entries_move_without_a_mint(stage: Stage) -> None:
    """Another name for an entry moves the same token there, and leaves nothing under the old name."""
    stage.ready_to_mint()
    stage.add("renamed")
    stage.ready("renamed")
    token = stage.entries("renamed")["token"]
    stage.change("renamed", {"spec": {"secret": {"keys": {"token": "OPENAI_REALTIME_TOKEN"}}}})
    entries = wait_for(
        lambda: found if "token" not in (found := stage.entries("renamed")) else None, "the entry has moved"
    )
    stage.ready("renamed")
    assert entries["OPENAI_REALTIME_TOKEN"] == token
    assert json.loads(entries["realtime.json"])["token"] == token
    assert len(stage.mints("renamed")) == 1

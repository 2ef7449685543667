"""Secrets of the wanted name that are somebody else's, and those that were ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.stage import COLLECTED, ROTATE
from tests.support.operator import GROUP, wait_for

if TYPE_CHECKING:
    from hack.controlplane import ControlPlane
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("live")]

CONTROLLERS = "kube-controller-manager"
FOREIGN: dict[str, dict[str, str]] = {
    "the same keys": {"token": "of another", "expires-at": "2030-01-01T00:00:00Z", "realtime.json": "{}"},
    "other keys": {"password": "of another"},
    "no keys": {},
}


@pytest.mark.parametrize("entries", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_secret_stays_as_it_is(stage: Stage, entries: dict[str, str]) -> None:
    """Whatever is in it: not a byte of it is changed and nothing is minted; once it is gone the session gets its own."""
    stage.ready_to_mint()
    foreign = {"metadata": {"name": "theirs"}, "stringData": entries}
    before = stage.core.create_namespaced_secret(stage.namespace, foreign)
    stage.add("theirs")
    for kind, status in (("Ready", "False"), ("Stalled", "True")):
        message = stage.condition("theirs", kind, status, "SecretConflict")["message"]
        assert message.startswith("Secret theirs exists and is not this session's; delete it, choose another")
    assert stage.secret("theirs") == before
    assert not stage.requests("theirs")
    stage.core.delete_namespaced_secret("theirs", stage.namespace)
    stage.ready("theirs", within=30)
    assert len(stage.mints("theirs")) == 1


@pytest.mark.parametrize("entries", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_secret_that_becomes_foreign_stays_as_it_is(stage: Stage, entries: dict[str, str]) -> None:
    """Somebody puts another one in the place of ours: it is left alone, and when it goes the same token comes back unminted."""
    stage.ready_to_mint()
    stage.add("taken")
    stage.ready("taken")
    ours = stage.entries("taken")
    stage.core.delete_namespaced_secret("taken", stage.namespace)
    foreign = {"metadata": {"name": "taken"}, "stringData": entries}
    before = stage.core.create_namespaced_secret(stage.namespace, foreign)
    stage.change("taken", {"spec": {"secret": {"labels": {"look": "now"}}}})
    message = stage.condition("taken", "Ready", "False", "SecretConflict")["message"]
    assert "Secret taken exists and is not this session's; delete it" in message
    assert stage.secret("taken") == before
    stage.core.delete_namespaced_secret("taken", stage.namespace)
    stage.ready("taken", within=30)
    assert stage.entries("taken") == ours
    assert len(stage.mints("taken")) == 1


@pytest.mark.parametrize("owner", ["a dead owner", "no owner"])
def test_a_secret_restored_from_a_backup_is_ours_again(
    control_plane: ControlPlane, stage: Stage, owner: str
) -> None:
    """The session of that name takes it over, and hands on the token that still lives as the previous one."""
    stage.ready_to_mint()
    stage.add("concierge")
    stage.ready("concierge")
    before, backup = stage.entries("concierge"), backed_up(stage)
    if owner == "no owner":
        del backup["metadata"]["ownerReferences"]
    stage.delete("concierge")
    wait_for(lambda: stage.secret("concierge") is None, "the Secret is collected", within=COLLECTED)
    # Else the garbage collector is faster than the one who restores, and the session gets a new Secret.
    control_plane.stop(CONTROLLERS)
    try:
        restored = stage.core.create_namespaced_secret(stage.namespace, backup)
        stage.add("concierge")
        stage.ready("concierge")
        session, secret = stage.get("concierge"), stage.secret("concierge")
    finally:
        control_plane.start(CONTROLLERS)
    assert secret.metadata.uid == restored.metadata.uid
    (reference,) = secret.metadata.owner_references
    assert (reference.uid, reference.controller) == (session["metadata"]["uid"], True)
    after = stage.entries("concierge")
    assert after["token"] != before["token"]
    assert after["previous-token"] == before["token"]
    assert len(stage.mints("concierge")) == 2
    stage.annotate("concierge", {ROTATE: "now"})
    assert stage.token_after("concierge", after["token"])["previous-token"] == after["token"]
    assert stage.secret("concierge").metadata.uid == restored.metadata.uid, (
        "the garbage collector leaves it alone"
    )


def backed_up(stage: Stage) -> dict[str, Any]:
    """The Secret as a backup tool keeps it: with its owner's uid, without what the API server gives."""
    document: dict[str, Any] = stage.core.api_client.sanitize_for_serialization(stage.secret("concierge"))
    kept = ("name", "labels", "annotations", "ownerReferences")
    document["metadata"] = {name: document["metadata"][name] for name in kept}
    assert document["metadata"]["annotations"][f"{GROUP}/session"] == "concierge"
    return document

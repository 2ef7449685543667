"""A token is minted for a reason, and for nothing else; what drifts is mended with the token at hand."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.operator import wait_for

if TYPE_CHECKING:
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


def test_another_request_mints_and_keeps_the_token_before(stage: Stage) -> None:
    """A changed request gets a token of its own; the one before is handed on while it lives."""
    stage.ready_to_mint()
    stage.add("concierge")
    stage.ready("concierge")
    first = stage.entries("concierge")
    stage.change("concierge", {"spec": {"session": {"instructions": "Say goodbye."}}})
    second = stage.token_after("concierge", first["token"])
    assert (second["previous-token"], second["previous-expires-at"]) == (first["token"], first["expires-at"])
    assert stage.ready("concierge")["rotations"] == 1
    assert len(stage.mints("concierge")) == 2


def test_labels_and_annotations_mint_nothing(stage: Stage) -> None:
    """Marks on the session change nothing; those that it wants on its Secret arrive there, on the same token."""
    stage.ready_to_mint()
    stage.add("concierge")
    stage.ready("concierge")
    token = stage.entries("concierge")["token"]
    marks = {"labels": {"tier": "gold"}, "annotations": {"note": "anything"}}
    stage.change("concierge", {"metadata": marks})
    stage.change("concierge", {"spec": {"secret": marks}})
    wait_for(lambda: has_marks(stage, "concierge", marks), "the marks have arrived")
    stage.ready("concierge")
    assert stage.entries("concierge")["token"] == token
    assert len(stage.mints("concierge")) == 1


@pytest.mark.parametrize("harm", ["deleted", "token edited", "document edited", "emptied"])
def test_a_damaged_secret_gets_its_token_back(stage: Stage, harm: str) -> None:
    """Whatever somebody did to the Secret, the next look writes the same token again, without a mint."""
    stage.ready_to_mint()
    stage.add("concierge")
    stage.ready("concierge")
    whole = stage.entries("concierge")
    damage(stage, "concierge", harm)
    stage.looked_at("concierge")
    assert stage.entries("concierge") == whole
    assert len(stage.mints("concierge")) == 1


def damage(stage: Stage, name: str, harm: str) -> None:
    """Do to a Secret what people do."""
    if harm == "deleted":
        stage.core.delete_namespaced_secret(name, stage.namespace)
        return
    planted = base64.b64encode(b"planted").decode()
    kinds: dict[str, dict[str, Any]] = {
        "token edited": {"token": planted},
        "document edited": {"realtime.json": planted},
        "emptied": dict.fromkeys(stage.entries(name)),
    }
    stage.core.patch_namespaced_secret(name, stage.namespace, {"data": kinds[harm]})


def has_marks(stage: Stage, name: str, marks: dict[str, dict[str, str]]) -> bool:
    """Whether a Secret carries labels and annotations."""
    secret = stage.secret(name)
    return secret is not None and all(
        wanted.items() <= (getattr(secret.metadata, kind) or {}).items() for kind, wanted in marks.items()
    )

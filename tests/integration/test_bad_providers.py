"""Providers and keys that go bad under sessions that have a token: who has one keeps it, and reads what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import kubernetes
import pytest

from demo.provider.actions import Respond
from tests.integration.overheard import PASSWORD
from tests.integration.stage import KEY_LABEL, PROVIDERS, ROTATE
from tests.support.operator import GROUP
from tests.support.provider import KEY

if TYPE_CHECKING:
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("live")]

NOTICED = 40.0
"""Seconds until a key that was changed is noticed: it is looked at every 10 s, on a busy machine."""

REFUSED = {
    "without a scheme": ("api.openai.com/v1", "must be an absolute http:// or https:// URL"),
    "with user and password": (f"https://user:{PASSWORD}@api.openai.com/v1", "takes no user:password@"),
}


@pytest.mark.parametrize(("url", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_base_url_is_refused_and_changes_nothing(stage: Stage, url: str, words: str) -> None:
    """The API server names the field and what it takes; the provider goes on with the URL that it had."""
    stage.ready_to_mint()
    stage.add("sound")
    stage.ready("sound")
    token = stage.entries("sound")["token"]
    with pytest.raises(kubernetes.client.ApiException) as refused:
        stage.change("default", {"spec": {"baseURL": url}}, plural=PROVIDERS)
    said = json.loads(refused.value.body or "{}")["message"]
    assert "spec.baseURL: " in said
    assert words in said
    assert stage.get("default", plural=PROVIDERS)["spec"]["baseURL"] == stage.provider.url
    stage.annotate("sound", {ROTATE: "now"})
    stage.token_after("sound", token)


def test_a_provider_that_goes_away_is_named_and_costs_no_living_token(stage: Stage) -> None:
    """The session says which one is missing, keeps its token, and rotates as soon as there is a provider of that name again."""
    stage.ready_to_mint()
    stage.add("orphan", providerRef={"name": "default"})
    stage.ready("orphan")
    before = stage.entries("orphan")
    # Sessions and providers are heard of by two watches: the wish may come first, and must not be fulfilled by whom it finds still there.
    stage.provider.fault(Respond(status=503), model=stage.model("orphan"))
    stage.delete("default", plural=PROVIDERS)
    stage.annotate("orphan", {ROTATE: "now"})
    message = stage.condition("orphan", "RotationHealthy", "False", "ProviderNotFound")["message"]
    assert message == "There is no RealtimeProvider default; create it, or correct spec.providerRef."
    stage.condition("orphan", "Ready", "True", "Issued")
    assert stage.entries("orphan") == before
    stage.provider.clear_faults()
    stage.add_provider()
    assert stage.token_after("orphan", before["token"])["previous-token"] == before["token"]
    stage.condition("orphan", "RotationHealthy", "True", "Rotating")


HARMS: dict[str, tuple[dict[str, Any] | None, str, str]] = {
    "missing": (None, "KeySecretMissing", "does not exist; create it with the label"),
    "unlabelled": (
        {"metadata": {"labels": {f"{GROUP}/provider-key": None}}},
        "KeySecretNotLabelled",
        "may not be used for minting: its owner consents with the label",
    ),
    "no entry": (
        {"data": {"api-key": None}, "stringData": {"other": KEY}},
        "KeyMissing",
        "has no entry 'api-key'; add it, or correct spec.auth.secretRef.key",
    ),
    "empty": ({"stringData": {"api-key": ""}}, "KeyMissing", "entry 'api-key' is empty; store the key"),
    "trailing newline": (
        {"stringData": {"api-key": f"{KEY}\n"}},
        "KeyMissing",
        "begins or ends with white space, often a newline; store the key alone (printf, not echo)",
    ),
}


def test_a_key_that_goes_bad_is_named_and_costs_no_living_token(stage: Stage) -> None:
    """Session and provider name Secret, entry and remedy; the token stays, and is rotated once the key is mended."""
    keys = {harm: harm.replace(" ", "-") for harm in HARMS}
    sessions = {harm: f"with-{key}" for harm, key in keys.items()}
    for harm, key in keys.items():
        stage.key(key)
        stage.add_provider(key, key=key)
        stage.add(sessions[harm], providerRef={"name": key})
    for session in sessions.values():
        stage.ready(session)
    before = {harm: stage.entries(session) for harm, session in sessions.items()}

    for harm, (patch, _, _) in HARMS.items():
        if patch is None:
            stage.core.delete_namespaced_secret(keys[harm], stage.namespace)
        else:
            stage.core.patch_namespaced_secret(keys[harm], stage.namespace, patch)
    for harm, (_, reason, words) in HARMS.items():
        session = sessions[harm]
        said = [stage.provider_condition(keys[harm], "False", reason, within=NOTICED)["message"]]
        stage.annotate(session, {ROTATE: "now"})
        said.append(stage.condition(session, "RotationHealthy", "False", reason, within=NOTICED)["message"])
        assert all(f"Secret {stage.namespace}/{keys[harm]}" in message for message in said)
        assert all(words in message for message in said)
        stage.condition(session, "Ready", "True", "Issued")
        assert stage.entries(session) == before[harm]
        assert len(stage.requests(session)) == 1

    stage.key(keys["missing"])
    for key in keys.values():
        mended = {"metadata": {"labels": KEY_LABEL}, "stringData": {"api-key": KEY}}
        stage.core.patch_namespaced_secret(key, stage.namespace, mended)
    for harm, session in sessions.items():
        after = stage.token_after(session, before[harm]["token"], within=NOTICED)
        assert after["previous-token"] == before[harm]["token"]
        stage.condition(session, "RotationHealthy", "True", "Rotating")

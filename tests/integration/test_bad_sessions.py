"""Sessions that cannot be carried out as written, or that go away while they are."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import kubernetes
import pytest

from tests.integration.stage import CANARY, ROTATE, VERSION, Stage, condition_of
from tests.integration.test_ownership import secrets_since
from tests.support.operator import GROUP, wait_for

if TYPE_CHECKING:
    from hack.controlplane import ControlPlane
    from tests.support.fixtures import Command
    from tests.support.operator import OperatorProcess

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("live")]

CONTROLLERS = "kube-controller-manager"

LATENCY = 4.0
"""Seconds of a mint during which something else is done: what is done must not come after it, on a busy machine either."""

GONE_FOR_GOOD = 5.0
"""Seconds after which nothing of a deleted session may be there."""

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "lifetime 9": ({"lifetimeSeconds": 9}, "spec.lifetimeSeconds", "should be greater than or equal to 10"),
    "lifetime 7201": (
        {"lifetimeSeconds": 7201},
        "spec.lifetimeSeconds",
        "should be less than or equal to 7200",
    ),
    "a wrong type": (
        {"session": {"type": "speech"}},
        "spec.session.type",
        "a session says its type: realtime or transcription",
    ),
}


@pytest.mark.parametrize(("spec", "field", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_change_changes_nothing(stage: Stage, spec: dict[str, Any], field: str, words: str) -> None:
    """The API server refuses it with the field and what it takes; the session goes on with the spec that it had."""
    stage.ready_to_mint()
    stage.add("sound")
    stage.ready("sound")
    token = stage.entries("sound")["token"]
    with pytest.raises(kubernetes.client.ApiException) as refused:
        stage.change("sound", {"spec": spec})
    said = json.loads(refused.value.body or "{}")["message"]
    assert f"{field}: " in said
    assert words in said
    assert CANARY not in said
    stage.annotate("sound", {ROTATE: "now"})
    stage.token_after("sound", token)
    assert stage.get("sound")["metadata"]["generation"] == 1


def test_a_session_beyond_256_kib_is_named_and_not_sent(stage: Stage, kubectl: Command) -> None:
    """By server-side apply it gets past the API server; the operator says how large it is, keeps the token and sends nothing."""
    stage.ready_to_mint()
    apply(kubectl, stage, tools=1)
    stage.ready("large")
    before = stage.entries("large")
    apply(kubectl, stage, tools=100)
    stalled = stage.condition("large", "Stalled", "True", "InvalidSpec")["message"]
    assert re.fullmatch(r"spec\.session: \d{6} bytes as JSON, 262144 are allowed; shorten it\.", stalled)
    message = stage.condition("large", "Ready", "False", "InvalidSpec")["message"]
    assert f"{stalled} The token of the spec before works until {before['expires-at']}" in message
    assert stage.entries("large") == before
    assert len(stage.requests("large")) == 1
    apply(kubectl, stage, tools=2)
    stage.ready("large")
    assert stage.entries("large")["previous-token"] == before["token"]


def apply(kubectl: Command, stage: Stage, *, tools: int) -> None:
    """Apply a session with so many tools of 3 KB each, on the server's side."""
    tool = {"type": "function", "name": "lookup", "description": CANARY.ljust(2940, ".")}
    session = {"type": "realtime", "model": stage.model("large"), "tools": [tool] * tools}
    body = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "RealtimeSession",
        "metadata": {"name": "large", "namespace": stage.namespace},
        "spec": {"lifetimeSeconds": 600, "session": session, "delivery": {"propagation": "None"}},
    }
    kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(body))


def test_a_session_deleted_during_its_mint_leaves_no_secret_5_s_later(stage: Stage) -> None:
    """The token that comes too late is written nowhere, neither when it comes nor afterwards."""
    stage.ready_to_mint()
    before = stage.core.list_namespaced_secret(stage.namespace).metadata.resource_version
    stage.provider.set(latency=LATENCY)
    stage.add("short-lived")
    wait_for(lambda: stage.requests("short-lived"), "the mint is under way")
    stage.delete("short-lived")
    deleted = time.monotonic()
    stage.minted("short-lived", 1)
    stage.provider.set(latency=0.0)
    stage.add("other")
    stage.ready("other")
    wait_for(lambda: time.monotonic() - deleted > GONE_FOR_GOOD, "long enough")
    assert secrets_since(stage, before) == {"other"}, "not even for a moment"
    assert stage.secret("short-lived") is None


def test_a_terminating_namespace_is_named_and_nothing_is_created_in_it(
    control_plane: ControlPlane, stage: Stage, live: OperatorProcess
) -> None:
    """A token that was minted for it is not written; the session says why while it lasts, and what there was goes with the namespace."""
    ending = Stage(stage.core.api_client, f"{stage.namespace}-end", stage.provider)
    ending.core.create_namespace({"metadata": {"name": ending.namespace}})
    ending.ready_to_mint()
    ending.add("early")
    ending.ready("early")
    # Without controllers a namespace goes on terminating, and its sessions stay.
    control_plane.stop(CONTROLLERS)
    try:
        ending.provider.set(latency=LATENCY)
        ending.add("late")
        wait_for(lambda: ending.requests("late"), "the mint is under way")
        ending.core.delete_namespace(ending.namespace)
        for kind, status in (("Ready", "False"), ("Stalled", "True")):
            message = ending.condition("late", kind, status, "SessionGone")["message"]
            assert f"namespace {ending.namespace} is terminating" in message
            assert "make the session in another one" in message
        assert ending.secret("late") is None
        assert condition_of(ending.get("early"), "Ready", "True", "Issued")
        wait_for(lambda: [it for it in live.logged() if it.get("session") == "late"], "the log says so")
        assert {it["reason"] for it in live.logged() if it.get("session") == "late"} == {"SessionGone"}
        assert not ending.leaks()
        with pytest.raises(kubernetes.client.ApiException) as refused:
            ending.add("too-late")
        assert "is being terminated" in json.loads(refused.value.body or "{}")["message"]
    finally:
        ending.provider.set(latency=0.0)
        control_plane.start(CONTROLLERS)
    wait_for(lambda: is_gone(ending), "the namespace is gone", within=90)
    assert len(ending.mints("late")) == 1


def is_gone(stage: Stage) -> bool:
    """Whether a namespace has gone."""
    return stage.namespace not in {it.metadata.name for it in stage.core.list_namespace().items}

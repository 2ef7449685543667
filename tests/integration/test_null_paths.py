"""Turn detection switched off reaches the provider as a literal null, however the session was applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.stage import VERSION, Stage
from tests.support.operator import GROUP, wait_for

if TYPE_CHECKING:
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]

CHART = Path(__file__).parent / "data" / "chart"
OBJECT = {"type": "semantic_vad"}
NAME = "concierge"

Apply = Callable[[Stage, bool], None]
"""Applies the session with turn detection on (True), or off by nullPaths (False)."""


def manifest(stage: Stage, audio_input: dict[str, Any], **spec: Any) -> str:
    """The session as JSON, which YAML is, too."""
    session = {"type": "realtime", "model": stage.model(NAME), "audio": {"input": audio_input}}
    return json.dumps(
        {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "RealtimeSession",
            "metadata": {"name": NAME, "namespace": stage.namespace},
            "spec": {"session": session, "lifetimeSeconds": 600, "delivery": {"propagation": "None"}, **spec},
        }
    )


def by_kubectl(kubectl: Command, *flags: str) -> Apply:
    """Apply with kubectl."""

    def apply(stage: Stage, on: bool) -> None:  # noqa: FBT001 - the protocol of this module
        kept = {"noise_reduction": {"type": "near_field"}}
        if on:
            document = manifest(stage, {**kept, "turn_detection": OBJECT})
        else:
            document = manifest(stage, kept, nullPaths=["/audio/input/turn_detection"])
        kubectl("apply", *flags, "-f", "-", stdin=document)

    return apply


def by_helm(helm: Command) -> Apply:
    """Apply with Helm."""

    def apply(stage: Stage, on: bool) -> None:  # noqa: FBT001 - the protocol of this module
        values = ("--set", f"model={stage.model(NAME)}", "--set", f"turnDetection={str(on).lower()}")
        helm("upgrade", "--install", NAME, CHART, "--namespace", stage.namespace, *values)

    return apply


@pytest.fixture(params=["client-side apply", "server-side apply", "helm"])
def apply(request: pytest.FixtureRequest, kubectl: Command, helm: Command) -> Apply:
    """Each of the ways in which people apply objects."""
    ways: dict[str, Apply] = {
        "client-side apply": by_kubectl(kubectl),
        "server-side apply": by_kubectl(kubectl, "--server-side"),
        "helm": by_helm(helm),
    }
    return ways[request.param]


def sent(stage: Stage) -> list[dict[str, Any]]:
    """What the stand-in got as `session.audio.input`, request by request."""
    return [it.body["session"]["audio"]["input"] for it in stage.requests(NAME)]


def test_null_paths_reach_the_provider_as_null(stage: Stage, apply: Apply) -> None:
    """Off from the beginning, then an object, then off again: each arrives as meant, and what stands beside it is kept."""
    stage.ready_to_mint()
    for mints, on in enumerate((False, True, False), start=1):
        apply(stage, on)
        stage.minted(NAME, mints)
    stage.ready(NAME)
    kept = {"noise_reduction": {"type": "near_field"}}
    assert sent(stage) == [
        {**kept, "turn_detection": None},
        {**kept, "turn_detection": OBJECT},
        {**kept, "turn_detection": None},
    ]


def test_a_null_that_client_side_apply_drops_is_reported(stage: Stage, kubectl: Command) -> None:
    """The request goes without it, and a warning on the session says which null was lost and what helps."""
    stage.ready_to_mint()
    kubectl("apply", "-f", "-", stdin=manifest(stage, {"turn_detection": None}))
    stage.ready(NAME)
    assert sent(stage) == [{}]
    (event,) = wait_for(
        lambda: [it for it in stage.events(NAME) if it.reason == "NullDropped"], "the warning"
    )
    assert event.type == "Warning"
    assert "/audio/input/turn_detection" in event.note
    assert "spec.nullPaths" in event.note


def test_a_literal_null_survives_server_side_apply(stage: Stage, kubectl: Command) -> None:
    """Where a client keeps the null it is sent, and nobody is warned."""
    stage.ready_to_mint()
    kubectl("apply", "--server-side", "-f", "-", stdin=manifest(stage, {"turn_detection": None}))
    stage.ready(NAME)
    assert sent(stage) == [{"turn_detection": None}]
    stage.told(NAME, "Issued")

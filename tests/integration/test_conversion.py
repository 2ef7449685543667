"""A session moves from the endpoint that its provider retires to ClientSecrets, and its readers never notice."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest

from demo.provider.actions import ApiError, Respond
from realtime_operator.kubectl_realtime import main
from tests.integration.known_clock import get_to_know_the_clock
from tests.integration.stage import CANARY, ROTATE
from tests.integration.witness import observing
from tests.support.operator import wait_for
from tests.support.provider import running_provider

if TYPE_CHECKING:
    from pathlib import Path

    from hack.controlplane import ControlPlane
    from tests.integration.stage import Stage
    from tests.support.fixtures import Command
    from tests.support.operator import RunningOperator

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane

LIFE = 12
RETIRED = Respond(status=400, error=ApiError(code="beta_api_shape_disabled"))


def an_older_body(model: str) -> dict[str, Any]:
    """A body of the older shape that says as much as it can."""
    return {
        "model": model,
        "modalities": ["text", "audio"],
        "instructions": CANARY,
        "voice": "verse",
        "input_audio_format": "g711_ulaw",
        "input_audio_transcription": {"model": "whisper-1"},
        "turn_detection": None,
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
    }


def convert(text: str, folder: Path) -> str:
    """Run the command on what kubectl printed, and give what it writes."""
    file = folder / "session.yaml"
    file.write_text(text)
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(sys.__stderr__):
        assert main(["convert", "-f", str(file)]) == 0
    return out.getvalue()


def test_a_converted_session_keeps_its_secret_valid_throughout(
    control_plane: ControlPlane,
    kubectl: Command,
    operator: RunningOperator,
    stage: Stage,
    tmp_path: Path,
) -> None:
    """One session moves in good time, one after its provider refused its rotation; the observer counts no bad second."""
    with running_provider(latency=0.1) as provider:
        stage.provider, names = provider, ("early", "late")
        stage.ready_to_mint()
        get_to_know_the_clock(stage, operator)
        log_file = tmp_path / "observer.log"
        with observing(control_plane.kubeconfig, stage.namespace, provider.url, log_file) as witness:
            for name in names:
                body = an_older_body(stage.model(name))
                stage.add(name, endpoint="Sessions", lifetimeSeconds=LIFE, session=body)
            for name in names:
                stage.ready(name)
            provider.fault(RETIRED, endpoint="Sessions", model=stage.model("late"))
            stage.annotate("late", {ROTATE: "1"})
            refused = stage.condition("late", "RotationHealthy", "False", "EndpointRetired")
            assert "which kubectl realtime convert does" in refused["message"]
            for name in names:
                old = kubectl("get", "rts", name, "-n", stage.namespace, "-o", "yaml").stdout
                converted, before = convert(old, tmp_path), stage.entries(name)["token"]
                kubectl("replace", "-f", "-", stdin=converted)
                assert stage.token_after(name, before)["previous-token"] == before
                stage.condition(name, "RotationHealthy", "True", "Rotating")
            wait_for(lambda: all(len(stage.mints(name)) >= 4 for name in names), "rotations", within=60)
            seen = 3 * len(names)
            wait_for(lambda: witness.figures()["rotations"] >= seen, "the observer has seen them")
            for name in names:
                paths = [it.path.rpartition("/")[2] for it in stage.requests(name)]
                assert paths[0] == "sessions"
                assert set(paths[paths.index("client_secrets") :]) == {"client_secrets"}
            stage.clear()
            figures = witness.end()
    assert figures["expired_seconds"] == figures["missing_seconds"] == 0, witness.findings()
    assert figures["undue_mints"] == figures["torn"] == 0, witness.findings()
    assert figures["rotations"] >= 3 * len(names)

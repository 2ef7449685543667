"""What `helm test` runs: waits until a session is Ready, and says what keeps it from that."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from realtime_operator.await_ready import main

if TYPE_CHECKING:
    from hack.controlplane import ControlPlane
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]

NAME = "concierge"


@pytest.fixture
def session(
    kubectl: Command, namespace: str, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A session that no operator looks at, and the cluster in the environment."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    document = {
        "apiVersion": "realtime-operator.io/v1alpha1",
        "kind": "RealtimeSession",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {"session": {"type": "realtime"}},
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(document))
    return namespace


def shows(kubectl: Command, namespace: str, status: str, reason: str, generation: int = 1) -> None:
    """Write a status as the operator would."""
    condition = {
        "type": "Ready",
        "status": status,
        "reason": reason,
        "message": "The provider says no.",
        "observedGeneration": generation,
        "lastTransitionTime": "2026-11-28T00:00:00Z",
    }
    patch = json.dumps({"status": {"observedGeneration": generation, "conditions": [condition]}})
    kubectl(
        "patch",
        "rts",
        NAME,
        f"--namespace={namespace}",
        "--subresource=status",
        "--type=merge",
        "--patch",
        patch,
    )


def test_ready_while_it_waits(session: str, kubectl: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """It looks again until the condition is there."""
    later = threading.Timer(1.0, shows, [kubectl, session, "True", "Issued"])
    later.start()
    try:
        assert main([session, NAME, "--within", "30"]) == 0
    finally:
        later.join()
    assert f"session {session}/{NAME} is Ready after" in capsys.readouterr().out


def test_not_ready_in_time(session: str, kubectl: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """The condition's reason and message say why; a status about an older spec counts for nothing; a missing session is named."""
    assert main([session, NAME, "--within", "0"]) == 1
    assert "the operator has not looked at it" in capsys.readouterr().err
    shows(kubectl, session, "False", "ProviderRejected")
    assert main([session, NAME, "--within", "0"]) == 1
    assert (
        f"{NAME} is not Ready after 0 s: ProviderRejected: The provider says no." in capsys.readouterr().err
    )
    shows(kubectl, session, "True", "Issued", generation=0)
    assert main([session, NAME, "--within", "0"]) == 1
    assert main([session, "nobody", "--within", "0"]) == 1
    assert "there is no such session" in capsys.readouterr().err.splitlines()[-1]


def test_without_a_cluster(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Told apart from a session that is not Ready."""
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    assert main(["hotel", NAME]) == 2
    assert "no access to a cluster" in capsys.readouterr().err

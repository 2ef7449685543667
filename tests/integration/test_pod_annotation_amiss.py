"""Where pods cannot be told, the session says so, and is rotated all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.pods import Pods, rotate
from tests.support.operator import operator_process, running_operator
from tests.support.pods import DELIVERY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane


def test_without_the_right_the_session_says_so(
    operator_kubeconfig: Path, stage: Stage, pods: Pods, tmp_path: Path
) -> None:
    """It goes on being rotated; Delivered says what is missing, and the operator is not ready."""
    pods.add("voice-0")
    log_file = tmp_path / "operator.log"
    with operator_process(operator_kubeconfig, log_file, "--pod-annotation", until_ready=False) as running:
        running.wait_until_it_listens()
        stage.add("concierge", lifetimeSeconds=600, delivery=DELIVERY)
        message = stage.condition("concierge", "Delivered", "False", "PodsForbidden")["message"]
        assert "RBAC does not let the operator list pods" in message
        assert "podAnnotation.enabled=true" in message
        rotate(stage)
        assert not running.is_ready()
        assert "list pods" in running.get("/readyz").text


def test_an_operator_that_does_not_tell_pods_says_so(
    operator_kubeconfig: Path, stage: Stage, pods: Pods
) -> None:
    """The session is rotated by the kubelet's pace, and no pod is looked at; it has no right to."""
    pods.add("voice-0")
    with running_operator(operator_kubeconfig):
        stage.add("concierge", lifetimeSeconds=600, delivery=DELIVERY)
        message = stage.condition("concierge", "Delivered", "False", "PodAnnotationOff")["message"]
        status = stage.ready("concierge")
    assert "podAnnotation.enabled=true" in message
    assert "pods" not in status
    assert pods.told("voice-0") == ""

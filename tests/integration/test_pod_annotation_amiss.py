"""Where pods cannot be told, the session says so, and is rotated all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.pods import Pods, rotate, token_id
from tests.integration.stage import ROTATE
from tests.support.crashing_operator import FUSE, Arrow, Fuse
from tests.support.operator import DEADLINE, operator_process, running_operator, wait_for
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
        wait_for(lambda: "list pods" in running.get("/readyz").text, "the probe names the right")
        assert not running.is_ready()


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


def test_what_a_killed_operator_did_not_tell_the_next_one_tells(
    telling_kubeconfig: Path, stage: Stage, pods: Pods, tmp_path: Path
) -> None:
    """It ends between the Secret's write and the pods: the next start finds the pods behind, and mints nothing."""
    pods.add("voice-0")
    fuse = Fuse(tmp_path / "fuse")
    with operator_process(
        telling_kubeconfig,
        tmp_path / "doomed.log",
        "--pod-annotation",
        module="tests.support.crashing_operator",
        environment={FUSE: str(fuse.file)},
    ) as doomed:
        stage.add("concierge", lifetimeSeconds=600, delivery=DELIVERY)
        stage.ready("concierge")
        first = token_id(stage)
        wait_for(lambda: pods.told("voice-0") == first, "told of the first token")
        fuse.light(Arrow.AFTER_SECRET, stage.namespace, "concierge")
        stage.annotate("concierge", {ROTATE: "1"})
        doomed.process.wait(DEADLINE)
    second = token_id(stage)
    assert (pods.told("voice-0"), second == first) == (first, False)
    with operator_process(telling_kubeconfig, tmp_path / "next.log", "--pod-annotation"):
        wait_for(lambda: pods.told("voice-0") == second, "told of the second")
    assert len(stage.mints("concierge")) == 2

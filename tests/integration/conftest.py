"""One operator for each module of tests, with the rights it needs and no more; a stage for each test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.integration.overheard import LEAK, Overheard
from tests.integration.pods import Pods
from tests.integration.rights import PODS, cluster_identity, scoped_identity
from tests.integration.stage import SECRETIVE, SESSIONS, Stage
from tests.support.operator import (
    OperatorProcess,
    RunningOperator,
    operator_process,
    running_operator,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import kubernetes

    from demo.provider.remote import RemoteProvider
    from hack.controlplane import ControlPlane


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: ControlPlane, kube: kubernetes.client.ApiClient) -> Path:
    """The operator's own identity for the whole cluster."""
    return cluster_identity(control_plane, kube, "realtime-operator")


@pytest.fixture(scope="session")
def telling_kubeconfig(control_plane: ControlPlane, kube: kubernetes.client.ApiClient) -> Path:
    """The operator's identity, with the rights on pods."""
    return cluster_identity(control_plane, kube, "telling-operator", PODS)


@pytest.fixture(scope="module")
def operator(operator_kubeconfig: Path) -> Iterator[RunningOperator]:
    """The operator, for all tests of a module; what it logged and measures is searched for secrets at the end."""
    with running_operator(operator_kubeconfig) as running:
        yield running
        metrics = running.metrics()
    assert not SECRETIVE.findall(metrics + running.log_text())


@pytest.fixture(scope="module")
def overheard(kube: kubernetes.client.ApiClient) -> Iterator[Overheard]:
    """An ear for all that is said while the module runs; it hears the operator out."""
    ear = Overheard(kube)
    try:
        yield ear
    finally:
        ear.stop()
    assert not ear.leaks()
    assert ear.heard().keys() >= {"events", SESSIONS}, "it was deaf"


@pytest.fixture(scope="module")
def live(
    operator_kubeconfig: Path, overheard: Overheard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """The operator as one process, which every bad input of the module must leave alive, quiet and without a surprise."""
    assert not overheard.leaks()
    log_file = tmp_path_factory.mktemp("operator") / "operator.log"
    with operator_process(operator_kubeconfig, log_file, "--log-level", "debug") as running:
        yield running
        running.raise_if_ended()
        said = running.metrics()
        wait_for(running.is_ready, "it is ready to the end")
        assert running.terminate()[0] == 0
    said += running.log_text()
    assert not LEAK.findall(said)
    assert not re.findall("Traceback|InternalError|unexpectedly", said)


@pytest.fixture
def stage(kube: kubernetes.client.ApiClient, namespace: str, provider: RemoteProvider) -> Iterator[Stage]:
    """The test's namespace; what was said in it is searched for secrets at the end."""
    made = Stage(kube, namespace, provider)
    yield made
    leaks = made.leaks()
    made.clear()
    assert not leaks


@pytest.fixture
def scoped(control_plane: ControlPlane, kube: kubernetes.client.ApiClient, stage: Stage) -> Path:
    """An identity with rights in the stage's namespace and nowhere else."""
    return scoped_identity(control_plane, kube, f"scoped-{stage.namespace[-6:]}", [stage.namespace])


@pytest.fixture
def pods(stage: Stage) -> Pods:
    """The stage's pods; a key and a provider are there, too."""
    stage.ready_to_mint()
    return Pods(stage)

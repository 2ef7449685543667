"""The rendered pods pass the restricted Pod Security Standard, as the real API server enforces it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.chart.chart import VALUE_SETS, Json, of_kind, one, rendered

if TYPE_CHECKING:
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]

ENFORCED = ("pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")


@pytest.fixture
def restricted(kubectl: Command, namespace: str) -> str:
    """A namespace that takes restricted pods only, with the accounts that they run under."""
    kubectl("label", "namespace", namespace, *ENFORCED)
    for account in ("realtime-operator", "realtime-operator-test", "voice", "rto", "rto-test"):
        kubectl("create", "serviceaccount", account, f"--namespace={namespace}")
    return namespace


def pods_of(documents: list[Json], namespace: str) -> list[Json]:
    """The operator's pod as its ReplicaSet would make it, and that of `helm test`."""
    template = copy.deepcopy(one(documents, "Deployment")["spec"]["template"])
    pod = {"apiVersion": "v1", "kind": "Pod"} | template
    pod["metadata"]["name"] = "operator"
    pods = [pod, *of_kind(documents, "Pod")]
    for it in pods:
        it["metadata"]["namespace"] = namespace
        it["spec"].pop("priorityClassName", None)  # that one is for kube-system
    return pods


@pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS)
def test_restricted_is_enough(helm: Command, kubectl: Command, restricted: str, values: Json) -> None:
    """Every pod of every value set is admitted, without a warning."""
    for pod in pods_of(rendered(helm, values), restricted):
        said = kubectl("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(pod))
        assert "created (server dry run)" in said.stdout
        assert "PodSecurity" not in said.stderr


def test_it_is_enforced(helm: Command, kubectl: Command, restricted: str) -> None:
    """The same pod with one privilege more is refused."""
    (pod, _) = pods_of(rendered(helm, {"securityContext": {"allowPrivilegeEscalation": True}}), restricted)
    said = kubectl("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(pod), check=False)
    assert said.returncode != 0
    assert 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false' in said.stderr

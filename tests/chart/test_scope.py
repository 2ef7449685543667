"""A scoped installation: works in its namespaces with rights in no other, and touches no other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.chart.chart import CLUSTER_SCOPED, VALUE_SETS, of_kind, rendered
from tests.chart.installed import HOME, USER, fresh_cluster
from tests.support.operator import wait_for
from tests.support.provider import KEY, running_provider

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.stage import Stage
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]
pytestmark = [pytest.mark.timeout(240)]

SCOPE, OUTSIDE = ("hotel", "bar"), "casino"
READABLE = ("secrets", "realtimesessions", "realtimeproviders", "configmaps", "pods", "namespaces")


def test_no_right_of_the_clusters(helm: Command) -> None:
    """Roles in each namespace, no ClusterRole, no ClusterRealtimeProvider, and the flag that keeps the operator there."""
    documents = rendered(helm, VALUE_SETS["scoped, with a provider each"])
    roles, bindings = of_kind(documents, "Role"), of_kind(documents, "RoleBinding")
    assert not [
        it
        for it in documents
        if it["kind"] in {"ClusterRole", "ClusterRoleBinding", "ClusterRealtimeProvider"}
    ]
    for objects in (roles, bindings, of_kind(documents, "RealtimeProvider")):
        assert {*SCOPE} <= {it["metadata"]["namespace"] for it in objects}
    (deployment,) = of_kind(documents, "Deployment")
    assert "--namespaces=hotel,bar" in deployment["spec"]["template"]["spec"]["containers"][0]["args"]


def test_without_kinds_and_policies_nothing_is_of_the_cluster(helm: Command) -> None:
    """So that it can be installed with rights in one namespace alone, where somebody else has installed the kinds."""
    documents = rendered(helm, VALUE_SETS["scoped, nothing of the cluster's"])
    assert not [it for it in documents if it["kind"] in CLUSTER_SCOPED]


def _is_rotated(stage: Stage) -> bool:
    return len(stage.mints("concierge")) > 1


@pytest.mark.usefixtures("kubectl", "helm")
def test_it_works_there_and_nowhere_else(tmp_path: Path) -> None:
    """With a service account that can read nothing outside: both its namespaces are served, a session outside is left as it is."""
    with fresh_cluster(tmp_path, namespaces=[*SCOPE, OUTSIDE]) as cluster, running_provider() as provider:
        values = {
            "scope": {"namespaces": list(SCOPE)},
            "defaultProvider": {"apiKey": KEY, "baseURL": provider.url},
        }
        cluster.install(values)
        outside = cluster.stage(OUTSIDE, provider)
        outside.ready_to_mint()
        outside.add("gambler")
        before = outside.get("gambler")
        with cluster.operator(tmp_path / "operator.log"):
            for namespace in SCOPE:
                stage = cluster.stage(namespace, provider)
                stage.add("concierge", lifetimeSeconds=10)
                stage.ready("concierge")
                wait_for(partial(_is_rotated, stage), f"{namespace}: a rotation", within=60)
        assert outside.get("gambler") == before
        assert outside.secret("gambler") is None
        assert {it.namespace for it in cluster.audit.asked()} == {*SCOPE}
        assert cluster.audit.refused() == set()
        for namespace in (OUTSIDE, HOME, "kube-system"):
            for resource in READABLE:
                asked = ["auth", "can-i", "get", resource, f"--namespace={namespace}", f"--as={USER}"]
                with pytest.raises(AssertionError, match=r"\): no\n"):
                    cluster.run("kubectl", *asked)

"""Helm installs, upgrades, rolls back and uninstalls the chart on a real API server. No node is there, so no pod runs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.chart.chart import CHART, RELEASE
from tests.chart.installed import HOME, fresh_cluster
from tests.controlplane.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chart.installed import Cluster

pytest_plugins = ["tests.support.fixtures"]
pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("kubectl", "helm")]

KINDS = (
    "serviceaccounts",
    "roles",
    "rolebindings",
    "clusterroles",
    "clusterrolebindings",
    "deployments",
    "services",
    "secrets",
    "configmaps",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "networkpolicies",
    "poddisruptionbudgets",
    "crds",
)
DEFINITIONS = {
    f"customresourcedefinition.apiextensions.k8s.io/{name}.realtime-operator.io"
    for name in ("realtimesessions", "realtimeproviders", "clusterrealtimeproviders")
}
WITH_PROVIDER: dict[str, Any] = {"defaultProvider": {"apiKey": "sk-literal"}}


def default_provider(cluster: Cluster) -> dict[str, Any]:
    """The default provider's metadata."""
    metadata: dict[str, Any] = cluster.get("crtp", "default")["metadata"]
    return metadata


def uninstall(cluster: Cluster) -> str:
    """Uninstall the release."""
    return cluster.run("helm", "uninstall", RELEASE, f"--namespace={HOME}")


def test_what_is_installed_goes_but_the_kinds(tmp_path: Path) -> None:
    """On a cluster that knows nothing of us, with a default provider, with and without upgrades before the end."""
    with fresh_cluster(tmp_path) as cluster:
        before = cluster.names(*KINDS)
        cluster.install(WITH_PROVIDER)
        first = default_provider(cluster)
        uninstall(cluster)
        wait_until(lambda: cluster.names(*KINDS) - before == DEFINITIONS, "all but the kinds gone")
        assert cluster.names("crtp") == set()

        cluster.run("kubectl", "delete", *DEFINITIONS)
        cluster.install(WITH_PROVIDER)
        first = default_provider(cluster)
        assert "helm.sh/hook" in first["annotations"]
        cluster.install(WITH_PROVIDER, verb="upgrade")
        second = default_provider(cluster)
        assert second["uid"] == first["uid"]
        assert "helm.sh/hook" not in second["annotations"]
        cluster.run("helm", "rollback", RELEASE, "1", f"--namespace={HOME}")
        assert default_provider(cluster)["name"] == "default"
        cluster.install(WITH_PROVIDER | {"crds": {"keep": False}}, verb="upgrade")
        uninstall(cluster)
        wait_until(lambda: cluster.names(*KINDS) == before, "all gone, the kinds last")


def test_an_upgrade_upgrades_the_kinds_and_keeps_the_sessions(tmp_path: Path) -> None:
    """From a chart whose kinds have another column; a reinstallation takes over what an uninstall has kept."""
    older = tmp_path / "older"
    shutil.copytree(CHART, older)
    definition = older / "files" / "crds" / "realtimesessions.yaml"
    text = definition.read_text()
    column = "    - name: Rotated\n"
    assert column in text
    definition.write_text(text.replace(column, "    - name: Turned\n"))
    name = "realtimesessions.realtime-operator.io"
    session = (
        "apiVersion: realtime-operator.io/v1alpha1\nkind: RealtimeSession\n"
        "metadata: {name: concierge, namespace: default}\nspec: {session: {type: realtime}}\n"
    )

    def columns(cluster: Cluster) -> set[str]:
        (version,) = cluster.get("crd", name)["spec"]["versions"]
        return {it["name"] for it in version["additionalPrinterColumns"]}

    with fresh_cluster(tmp_path) as cluster:
        cluster.install({}, chart=older)
        assert "Turned" in columns(cluster)
        cluster.run("kubectl", "apply", "-f", "-", stdin=session)
        uid = cluster.get("rts", "concierge")["metadata"]["uid"]
        cluster.install({}, verb="upgrade")
        assert "Rotated" in columns(cluster)
        assert "Turned" not in columns(cluster)
        said = uninstall(cluster)
        assert "kept due to the resource policy" in said
        cluster.install({})
        assert cluster.get("rts", "concierge")["metadata"]["uid"] == uid

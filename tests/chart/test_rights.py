"""The rights that the chart grants are exactly those that the operator uses. The API server's audit log is the witness.

The operator runs as cluster-admin, so that it could use any other right as well. What it asked for is compared with the rendered rules.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.chart.chart import RELEASE, of_kind, one
from tests.chart.installed import USER, Cluster, fresh_cluster
from tests.integration.stage import COLLECTED
from tests.policies.pod_requests import TOKEN_ID, a_pod
from tests.support.audit import AFTER_A_MISSED_EVENT, Right, granted_by
from tests.support.operator import wait_for
from tests.support.provider import KEY, running_provider

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures"]
pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("kubectl", "helm")]

WITHIN = 60.0
SERVED = "hotel"


def play(stage: Stage, authority: str) -> None:
    """Everything that needs the API: all sources of credentials, rotation, repair, adoption, takeover, refusals, a delete."""
    stage.key()
    stage.core.create_namespaced_secret(
        SERVED,
        {
            "metadata": {"name": "desk", "labels": {"realtime-operator.io/session-value": "true"}},
            "stringData": {"token": "desk-token"},
        },
    )
    stage.core.create_namespaced_secret(
        SERVED,
        {
            "metadata": {"name": "adopted", "labels": {"realtime-operator.io/adopt": "true"}},
            "stringData": {"x": "y"},
        },
    )
    stage.core.create_namespaced_config_map(
        SERVED, {"metadata": {"name": "authority"}, "data": {"ca.crt": authority}}
    )
    stage.add_provider(caBundleRef={"kind": "ConfigMap", "name": "authority", "key": "ca.crt"})
    stage.add("plain")
    stage.add("rotating", lifetimeSeconds=10)
    stage.add("adopted", secret={"adoptionPolicy": "IfUnowned"})
    stage.add(
        "with-a-tool",
        session={
            "type": "realtime",
            "model": stage.model("with-a-tool"),
            "tools": [{"type": "mcp", "server_label": "desk", "server_url": "https://desk.example/mcp"}],
        },
        secretValues=[{"path": "/tools/0/authorization", "secretKeyRef": {"name": "desk", "key": "token"}}],
    )
    stage.add("refused", session={"type": "realtime", "model": "gpt-realtime", "instuctions": "?"})
    stage.add("astray", providerRef={"kind": "RealtimeProvider", "name": "nowhere"})
    for name in ("plain", "rotating", "adopted", "with-a-tool"):
        stage.ready(name)
    stage.condition("refused", "Stalled", "True")
    stage.condition("astray", "Ready", "False")
    stage.core.delete_namespaced_secret("plain", SERVED)
    stage.annotate("plain", {"realtime-operator.io/rotate": "now"})
    wait_for(lambda: stage.entries("plain"), "plain: its Secret is back")
    wait_for(lambda: len(stage.mints("rotating")) > 1, "rotating: a second token", within=60)
    stage.delete("with-a-tool")
    wait_for(lambda: stage.secret("with-a-tool") is None, "with-a-tool: its Secret is gone", within=COLLECTED)


def tell_a_pod(stage: Stage) -> None:
    """A pod that mounts a session's Secret is told of its token."""
    pod = a_pod("reader", labels={"app": "mounted"})
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "token", "mountPath": "/var/run/realtime"}]
    pod["spec"] |= {
        "serviceAccountName": "default",
        "volumes": [{"name": "token", "secret": {"secretName": "mounted"}}],
    }
    stage.core.create_namespaced_pod(SERVED, pod)
    selector = {"matchLabels": {"app": "mounted"}}
    stage.add("mounted", delivery={"propagation": "PodAnnotation", "podSelector": selector})
    stage.ready("mounted")

    def is_told() -> bool:
        return TOKEN_ID in (stage.core.read_namespaced_pod("reader", SERVED).metadata.annotations or {})

    wait_for(is_told, "the pod is told")


def granted_in(cluster: Cluster) -> set[Right]:
    """What all ClusterRoles of the operator's account grant."""
    roles = (RELEASE, f"{RELEASE}-pods", f"{RELEASE}-secret-watch")
    documents = cluster.release()
    return {right for name in roles for right in granted_by(one(documents, "ClusterRole", name)["rules"])}


def as_cluster_admin(cluster: Cluster) -> None:
    """Let the operator's service account do anything."""
    cluster.run(
        "kubectl", "create", "clusterrolebinding", "anything", "--clusterrole=cluster-admin", f"--user={USER}"
    )


def test_in_the_whole_cluster(tmp_path: Path) -> None:
    """Each rule of the ClusterRoles is used, and nothing is asked for that they do not grant; the policies refuse nothing."""
    with fresh_cluster(tmp_path, namespaces=[SERVED]) as cluster, running_provider() as provider:
        values = {"defaultProvider": {"apiKey": KEY, "baseURL": provider.url}}
        cluster.install(values | {key: {"enabled": True} for key in ("podAnnotation", "secretWatch")})
        as_cluster_admin(cluster)
        stage = cluster.stage(SERVED, provider)
        everywhere = {
            "allow": {"namespaces": {"matchExpressions": [{"key": "closed", "operator": "DoesNotExist"}]}}
        }
        stage.key("cluster-key")
        reference = {"name": "cluster-key", "namespace": SERVED, "key": "api-key"}
        stage.add_cluster_provider("chosen", auth={"secretRef": reference}, **everywhere)
        with cluster.operator(tmp_path / "operator.log"):
            stage.add("chosen", providerRef={"kind": "ClusterRealtimeProvider", "name": "chosen"})
            stage.add("lost", providerRef={"kind": "ClusterRealtimeProvider", "name": "nowhere"})
            stage.ready("chosen")
            stage.condition("lost", "Ready", "False")
            play(stage, cluster.plane.ca_file.read_text())
            tell_a_pod(stage)
            granted = granted_in(cluster)
            with contextlib.suppress(TimeoutError):  # the comparison below says which is idle
                wait_for(partial(_all_used, cluster, granted), "every right used", within=WITHIN)
        assert cluster.audit.used() | AFTER_A_MISSED_EVENT == granted
        assert cluster.audit.refused() == set()


def test_in_two_namespaces(tmp_path: Path) -> None:
    """Each rule of the Roles is used, nothing is asked for that they do not grant, or of pods, or outside of their namespaces."""
    with fresh_cluster(tmp_path, namespaces=[SERVED, "bar"]) as cluster, running_provider() as provider:
        cluster.install({"scope": {"namespaces": [SERVED, "bar"]}})
        as_cluster_admin(cluster)
        with cluster.operator(tmp_path / "operator.log"):
            play(cluster.stage(SERVED, provider), cluster.plane.ca_file.read_text())
            roles = of_kind(cluster.release(), "Role")
            assert [it["metadata"]["namespace"] for it in roles] == [SERVED, "bar"]
            granted = granted_by(roles[0]["rules"])
            assert granted_by(roles[1]["rules"]) == granted
            with contextlib.suppress(TimeoutError):  # the comparison below says which is idle
                wait_for(partial(_all_used, cluster, granted), "every right used", within=WITHIN)
        assert cluster.audit.used() | AFTER_A_MISSED_EVENT == granted
        assert {it.namespace for it in cluster.audit.asked()} == {SERVED, "bar"}
        assert cluster.audit.refused() == set()


def _all_used(cluster: Cluster, granted: set[Right]) -> bool:
    return granted <= cluster.audit.used() | AFTER_A_MISSED_EVENT

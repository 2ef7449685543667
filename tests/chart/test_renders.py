"""What the chart renders: taken by Helm without a remark, and by a real API server without a change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.chart.chart import API, CHART, CLUSTER_SCOPED, RELEASE, VALUE_SETS, of_kind, one, rendered

if TYPE_CHECKING:
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]

SETS = pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS)


@SETS
def test_helm_has_nothing_to_remark(helm: Command, values: dict[str, Any], tmp_path: Any) -> None:
    """Lint, strictly, with each value set."""
    file = tmp_path / "values.json"
    file.write_text(json.dumps(values))
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART, f"--values={file}").stdout


@SETS
@pytest.mark.usefixtures("monitors")
def test_the_api_server_takes_every_object(
    helm: Command, kubectl: Command, namespace: str, values: dict[str, Any]
) -> None:
    """All that is rendered, hooks among it, with validation that refuses unknown fields. Namespaces are the test's own."""
    documents = rendered(helm, values, API)
    for document in documents:
        if document["kind"] not in CLUSTER_SCOPED:
            document["metadata"]["namespace"] = namespace
    accounts = of_kind(documents, "ServiceAccount")  # a pod is refused where its account is not there yet
    if accounts:
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(accounts))
    said = kubectl(
        "apply",
        "--dry-run=server",
        "--validate=strict",
        "-f",
        "-",
        stdin=yaml.safe_dump_all(documents),
    )
    assert len(said.stdout.splitlines()) == len(documents)


def test_by_default_one_operator_that_is_stopped_before_the_next_starts(helm: Command) -> None:
    """So that there is one writer at any time; and no budget that would keep its node from being drained."""
    documents = rendered(helm, {})
    spec = one(documents, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert not of_kind(documents, "PodDisruptionBudget")


def test_with_two_replicas_there_is_a_budget_and_a_rolling_update(helm: Command) -> None:
    """And a constraint without a selector spreads the operator's pods."""
    documents = rendered(helm, VALUE_SETS["two replicas"])
    deployment = one(documents, "Deployment")["spec"]
    budget = one(documents, "PodDisruptionBudget")["spec"]
    assert deployment["strategy"] == {"type": "RollingUpdate"}
    assert budget == {"maxUnavailable": "50%", "selector": deployment["selector"]}
    (constraint,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert constraint["labelSelector"] == deployment["selector"]


def test_the_service_accounts_token_is_projected(helm: Command) -> None:
    """Neither the account nor the pod mounts one by itself; what is mounted lives an hour."""
    documents = rendered(helm, {})
    pod = one(documents, "Deployment")["spec"]["template"]["spec"]
    assert one(documents, "ServiceAccount", RELEASE)["automountServiceAccountToken"] is False
    assert pod["automountServiceAccountToken"] is False
    (volume,) = pod["volumes"]
    assert volume["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600
    (mount,) = pod["containers"][0]["volumeMounts"]
    assert mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"


def test_the_policies_fence_the_user_that_the_operator_is(helm: Command) -> None:
    """The name of the service account that the Deployment uses, in the namespace that it is in."""
    values = {"serviceAccount": {"name": "voice"}, "podAnnotation": {"enabled": True}}
    documents = rendered(helm, values, namespace="elsewhere")
    assert one(documents, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "voice"
    for name in ("secrets", "pods"):
        policy = one(documents, "ValidatingAdmissionPolicy", f"{RELEASE}-{name}")
        (condition,) = policy["spec"]["matchConditions"]
        assert (
            condition["expression"] == "request.userInfo.username == 'system:serviceaccount:elsewhere:voice'"
        )


def test_two_scoped_installations_share_no_object(helm: Command) -> None:
    """Two teams install a release of the same name for namespaces of their own; the kinds are installed by one of them."""
    sets = {"hotel": {}, "bar": {"crds": {"enabled": False}}}
    keys = []
    for team, values in sets.items():
        documents = rendered(helm, {"scope": {"namespaces": [team]}} | values, namespace=team)
        keys += [
            (it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"])
            for it in documents
            if it["kind"] != "CustomResourceDefinition"
        ]
    assert len(keys) == len(set(keys))


def test_metrics_are_not_scraped_twice(helm: Command) -> None:
    """Annotations and a ServiceMonitor together are refused, with the reason."""
    flags = ["--set=serviceMonitor.enabled=true", "--set=prometheusAnnotations.enabled=true"]
    said = helm("template", RELEASE, CHART, *flags, check=False)
    assert said.returncode != 0
    assert "choose one, or every series is scraped twice" in said.stderr


def test_labels_by_which_the_pod_is_found_are_not_overridden(helm: Command) -> None:
    """A common label in their place would leave the Deployment without its pod."""
    flag = r"--set=commonLabels.app\.kubernetes\.io/name=other"
    said = helm("template", RELEASE, CHART, flag, check=False)
    assert said.returncode != 0
    assert "commonLabels: leave out app.kubernetes.io/name" in said.stderr


def test_notes_warn_of_what_is_unwise(helm: Command, kubectl: Command, namespace: str) -> None:
    """A literal key, two replicas, no fence; and they say how to remove the kinds."""
    del kubectl
    flags = ["--set=defaultProvider.apiKey=sk-literal", "--set=replicaCount=2"]
    flags += ["--set=admissionPolicies.secrets=false", "--set=crds.enabled=false", "--dry-run=client"]
    flags += ["--set=podAnnotation.enabled=true", "--set=admissionPolicies.pods=false"]
    said = helm("install", RELEASE, CHART, f"--namespace={namespace}", *flags).stdout
    notes = said[said.index("NOTES:") :]
    assert "WARNING: defaultProvider.apiKey is a literal" in notes
    assert "WARNING: replicaCount is 2" in notes
    assert "WARNING: admissionPolicies.secrets is off" in notes
    assert "WARNING: admissionPolicies.pods is off" in notes
    said = helm("install", RELEASE, CHART, f"--namespace={namespace}", "--dry-run=client").stdout
    assert "WARNING" not in said
    assert "kubectl delete crd realtimesessions.realtime-operator.io" in said

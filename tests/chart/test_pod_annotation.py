"""The feature `podAnnotation.enabled`: a flag, two rights and a policy that come and go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chart.chart import CLUSTER_SCOPED, RELEASE, flags_of, of_kind, one, rendered
from tests.chart.installed import HOME, USER, fresh_cluster
from tests.controlplane.waiting import wait_until
from tests.policies.fence import MERGE
from tests.policies.pod_requests import CHANGES, NEXT_ID, REQUESTS, TOKEN_ID, Pods, patch
from tests.support.audit import granted_by

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.chart.chart import Json
    from tests.policies.fence import Answer
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]

ON: Json = {"podAnnotation": {"enabled": True}}
OFF: Json = {"podAnnotation": {"enabled": False}}
"""Said in full, since an upgrade without any value keeps those of before."""

FLAG = "--pod-annotation"
POLICY = f"{RELEASE}-pods"
SERVED = "hotel"


def rights_on_pods(documents: Iterable[Json]) -> list[tuple[str, set[tuple[str, str, str]]]]:
    """Each role that says anything of pods, with all that it grants."""
    roles = [it for it in documents if it["kind"] in {"Role", "ClusterRole"}]
    return [
        (f"{it['kind']}/{it['metadata']['name']}", granted_by(it["rules"]))
        for it in roles
        if any(resource.startswith("pods") for _, resource, _ in granted_by(it["rules"]))
    ]


@pytest.mark.parametrize(
    "values", [{}, {"admissionPolicies": {"pods": True}}, {"scope": {"namespaces": [SERVED]}}]
)
def test_off_there_is_no_word_of_pods(helm: Command, values: Json) -> None:
    """By default: no right, no flag, and no policy that looks at every write of a pod."""
    documents = rendered(helm, values)
    assert rights_on_pods(documents) == []
    assert FLAG not in flags_of(documents)
    assert not [it for it in documents if it["metadata"]["name"].endswith("-pods")]


def test_on_in_the_whole_cluster(helm: Command) -> None:
    """A role of its own grants two rights, to the operator's account; the policy is there with its binding."""
    documents = rendered(helm, ON)
    assert rights_on_pods(documents) == [
        (f"ClusterRole/{POLICY}", {("", "pods", "list"), ("", "pods", "patch")})
    ]
    bound = one(documents, "ClusterRoleBinding", POLICY)
    assert bound["roleRef"]["name"] == POLICY
    assert bound["subjects"] == one(documents, "ClusterRoleBinding", RELEASE)["subjects"]
    assert FLAG in flags_of(documents)
    assert one(documents, "ValidatingAdmissionPolicyBinding", POLICY)["spec"]["policyName"] == POLICY


def test_on_in_some_namespaces(helm: Command) -> None:
    """The same two rights in each of them and nowhere else."""
    documents = rendered(helm, ON | {"scope": {"namespaces": [SERVED, "bar"]}})
    both = {("", "pods", "list"), ("", "pods", "patch")}
    assert rights_on_pods(documents) == [(f"Role/{POLICY}", both)] * 2
    for kind in ("Role", "RoleBinding"):
        assert [it["metadata"]["namespace"] for it in of_kind(documents, kind, POLICY)] == [SERVED, "bar"]
    assert one(documents, "ValidatingAdmissionPolicy", f"{HOME}-{POLICY}")


def test_without_kinds_and_policies_it_takes_nothing_of_the_cluster(helm: Command) -> None:
    """Who has rights in one namespace alone can have the feature too; without the fence, as the notes say."""
    policies = dict.fromkeys(("secrets", "pods", "advice"), False)
    values = ON | {
        "scope": {"namespaces": [SERVED]},
        "crds": {"enabled": False},
        "admissionPolicies": policies,
    }
    documents = rendered(helm, values)
    assert not [it for it in documents if it["kind"] in CLUSTER_SCOPED]
    assert len(rights_on_pods(documents)) == 1


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("kubectl", "helm")
def test_what_the_installed_identity_may_do_to_pods(tmp_path: Path) -> None:
    """Off: nothing. On: list, and the one annotation; everything else is refused and changes nothing. Off again: nothing."""
    with fresh_cluster(tmp_path, namespaces=[SERVED]) as cluster:
        operator = cluster.client(USER)
        pods = Pods.prepared(cluster.client(), SERVED)

        def annotate() -> Answer:
            return operator("PATCH", pods.reader, patch(), content_type=MERGE)

        cluster.install({})
        assert (annotate().status, operator("GET", pods.path).status) == (403, 403)

        cluster.install(ON, verb="upgrade")
        relabel = patch({"labels": {"app": "other"}})
        wait_until(
            lambda: (
                POLICY
                in operator("PATCH", pods.reader, relabel, content_type=MERGE, query={"dryRun": "All"}).text
            ),
            "the policy in force",
        )
        assert (annotate().status, operator("GET", pods.path).status) == (200, 200)
        before = pods.stored()
        assert before["metadata"]["annotations"][TOKEN_ID] == NEXT_ID
        answers = {
            name: operator("PATCH", pods.reader, change, content_type=MERGE)
            for name, (change, _) in CHANGES.items()
        } | {name: request.send(operator, pods) for name, request in REQUESTS.items()}
        assert {name: it.status for name, it in answers.items()} == dict.fromkeys(answers, 403)
        assert {name for name in CHANGES if POLICY not in answers[name].message} == set()
        assert operator("GET", pods.reader).status == 403, "one by one it reads none"
        assert pods.stored() == before

        cluster.install(OFF, verb="upgrade")
        wait_until(lambda: annotate().status == 403, "the rights gone")
        assert (
            cluster.names("validatingadmissionpolicies")
            & {f"validatingadmissionpolicy.admissionregistration.k8s.io/{POLICY}"}
            == set()
        )

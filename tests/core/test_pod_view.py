"""How a pod uses a Secret is read from its spec, whatever kind of container does."""

from __future__ import annotations

from typing import Any

import pytest

from realtime_operator.core.pod_view import Sought, Use, observed_pod, told_again, uses_of
from tests.support.builders import NOW
from tests.support.pods import MOUNTED, a_pod, by_variable, pod_spec

SOUGHT = Sought("concierge", frozenset({"base-url", "model"}))


def mount(**fields: Any) -> dict[str, Any]:
    """A container that mounts the volume in some way."""
    return {"volumeMounts": [{"name": "token", "mountPath": "/run/realtime"} | fields]}


def volume(**source: Any) -> dict[str, Any]:
    """A pod whose one container mounts a volume of this source."""
    return pod_spec() | {"volumes": [{"name": "token", **source}]}


def projected(*names: str) -> dict[str, Any]:
    """The source of a volume with several Secrets."""
    return {"projected": {"sources": [{"secret": {"name": name}} for name in names] + [{"downwardAPI": {}}]}}


ITEMS = {
    "secretName": "concierge",
    "items": [{"key": "base-url", "path": "url"}, {"key": "token", "path": "t"}],
}
BARE = {"name": "bare", "image": "bare:1"}

CASES: dict[str, tuple[dict[str, Any], set[Use]]] = {
    "a mounted volume": (pod_spec(), {Use.VOLUME}),
    "a volume that nobody mounts": (pod_spec({}), set()),
    "another Secret's volume": (pod_spec(of="another"), set()),
    "another kind of volume": (volume(emptyDir={}), set()),
    "a projected volume": (volume(**projected("another", "concierge")), {Use.PROJECTED}),
    "a projected volume of others": (volume(**projected("another")), set()),
    "a file by subPath": (pod_spec(mount(subPath="token")), {Use.SUB_PATH}),
    "a file by subPathExpr": (pod_spec(mount(subPathExpr="$(NAME)")), {Use.SUB_PATH}),
    "a file by subPath that outlives tokens": (pod_spec(mount(subPath="base-url")), set()),
    "a renamed file by subPath": (
        volume(secret=ITEMS) | {"containers": [BARE | mount(subPath="t")]},
        {Use.SUB_PATH},
    ),
    "a renamed file by subPath that outlives tokens": (
        volume(secret=ITEMS) | {"containers": [BARE | mount(subPath="url")]},
        set(),
    ),
    "a variable": (pod_spec(by_variable()), {Use.ENV}),
    "a variable with the base URL": (pod_spec(by_variable(key="base-url")), set()),
    "a variable of another Secret": (pod_spec(by_variable("another")), set()),
    "a plain variable": (pod_spec({"env": [{"name": "X", "value": "1"}]}), set()),
    "a variable from a field": (
        pod_spec({"env": [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}),
        set(),
    ),
    "all entries as variables": (
        pod_spec(
            {"envFrom": [{"configMapRef": {"name": "concierge"}}, {"secretRef": {"name": "concierge"}}]}
        ),
        {Use.ENV_FROM},
    ),
    "a credential of the registry": (
        pod_spec({}) | {"imagePullSecrets": [{"name": "concierge"}]},
        {Use.IMAGE_PULL},
    ),
    "volume and variable": (pod_spec(MOUNTED | by_variable()), {Use.VOLUME, Use.ENV}),
    "nothing at all": ({"containers": [BARE]}, set()),
}


@pytest.mark.parametrize(("spec", "uses"), CASES.values(), ids=CASES.keys())
def test_how_a_pod_uses_the_secret(spec: dict[str, Any], uses: set[Use]) -> None:
    """Each way is told from the others; what outlives a token is no use of it."""
    assert uses_of(spec, SOUGHT) == uses


@pytest.mark.parametrize("kind", ["initContainers", "containers", "ephemeralContainers"])
def test_every_kind_of_container_counts(kind: str) -> None:
    """A sidecar is an init container that goes on; a debugger may read as well."""
    spec = {**pod_spec(), "containers": [BARE]} | {kind: [BARE | MOUNTED]}
    assert uses_of(spec, SOUGHT) == {Use.VOLUME}


def test_a_pod_as_it_was_listed() -> None:
    """What it was told of and what it says of itself stand in its annotations."""
    body = a_pod()
    body["metadata"] |= {"uid": "u-1", "namespace": "hotel"}
    pod = observed_pod(body, SOUGHT)
    assert (pod.name, pod.uid, pod.follows, pod.finished) == ("voice-1", "u-1", True, False)
    assert (pod.told, pod.held, pod.held_since) == ("", "", None)
    assert (pod.owner.api_version, pod.owner.ref.kind, pod.owner.ref.uid) == ("v1", "Pod", "u-1")
    body["metadata"]["annotations"] = {
        "realtime-operator.io/token-id": "a1",
        "realtime-operator.io/held-token-id": "b2",
        "realtime-operator.io/held-since": "2025-11-24T16:00:00Z",
    }
    pod = observed_pod(body, SOUGHT)
    assert (pod.told, pod.held, pod.held_since) == ("a1", "b2", NOW)


def test_a_pod_that_was_told_again_was_told() -> None:
    """The number behind the id only makes another value of it."""
    body, value = a_pod(), told_again("4f1d0c2a9b7e", 2)
    body["metadata"] |= {"uid": "u-1", "annotations": {"realtime-operator.io/token-id": value}}
    assert (value, observed_pod(body, SOUGHT).told) == ("4f1d0c2a9b7e-2", "4f1d0c2a9b7e")


@pytest.mark.parametrize("since", ["", "soon", "2025-11-24 16:00"])
def test_a_time_that_is_none_is_no_report(since: str) -> None:
    """Anybody may write anything into a pod's annotations."""
    body = a_pod()
    body["metadata"] |= {"uid": "u-1", "annotations": {"realtime-operator.io/held-since": since}}
    assert observed_pod(body, SOUGHT).held_since is None


@pytest.mark.parametrize(
    ("phase", "finished"),
    [("Pending", False), ("Running", False), ("Unknown", False), ("Succeeded", True), ("Failed", True)],
)
def test_which_pods_have_finished(phase: str, finished: bool) -> None:  # noqa: FBT001 - a case's verdict
    """One that is being deleted may still read for a while, and one that has not begun will."""
    body = a_pod() | {"status": {"phase": phase}}
    body["metadata"] |= {"uid": "u-1", "deletionTimestamp": "2025-11-24T16:00:00Z"}
    assert observed_pod(body, SOUGHT).finished is finished


def test_the_owner_is_the_one_that_controls() -> None:
    """An event about a trouble of a hundred pods is one about their ReplicaSet."""
    body, other = a_pod(), {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "n-1"}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "voice", "uid": "r-1", "controller": True}
    body["metadata"] |= {"uid": "u-1", "namespace": "hotel", "ownerReferences": [other, owner]}
    found = observed_pod(body, SOUGHT).owner
    assert (found.api_version, found.ref.kind, found.ref.namespace, found.ref.name, found.ref.uid) == (
        "apps/v1",
        "ReplicaSet",
        "hotel",
        "voice",
        "r-1",
    )

"""What the operator's user may do to pods, though RBAC allows it everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.policies.fence import APPLY, MERGE, Client, refused_by

if TYPE_CHECKING:
    from collections.abc import Mapping

pytest_plugins = ["tests.support.fixtures"]
pytestmark = pytest.mark.controlplane

POLICY = "realtime-operator-pods"
TOKEN_ID = "realtime-operator.io/token-id"
ID, NEXT_ID = "4f1d0c2a9b7e", "0123456789ab"

ONLY = "may only set the annotation realtime-operator.io/token-id on a pod that is there"
AS_ANOTHER = "Do this as another user"
SPEC = ("may change nothing in a pod's spec", "exempt this user")
METADATA = ("may change no label, finalizer or owner reference", AS_ANOTHER)
ANNOTATION = ("may add, change or remove no annotation", AS_ANOTHER)
VALUE = ("holds a token id and nothing else", "12 hex digits")


@dataclass(frozen=True)
class Pods:
    """The pods of a namespace, with one of them: `reader`."""

    admin: Client
    path: str

    @property
    def reader(self) -> str:
        """The path of the one pod."""
        return f"{self.path}/reader"

    def stored(self) -> dict[str, Any]:
        """Read the one pod."""
        return self.admin("GET", self.reader).document


@dataclass(frozen=True)
class Request:
    """A request that is refused to the operator's user, below the path of the pod or of the namespace."""

    method: str
    below: str
    body: dict[str, Any] | None = None
    content_type: str = "application/json"
    query: Mapping[str, str] = field(default_factory=dict)


def a_pod(name: str, **metadata: Any) -> dict[str, Any]:
    """A pod that no scheduler sees."""
    container = {"name": "main", "image": "example.com/reader:1", "resources": {"limits": {"cpu": "1"}}}
    spec = {
        "serviceAccountName": "reader",
        "automountServiceAccountToken": False,
        "containers": [container],
        "schedulingGates": [{"name": "example.com/never"}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name} | metadata, "spec": spec}


@pytest.fixture
def pods(admin: Client, namespace: str) -> Pods:
    """A namespace with a pod that carries labels and annotations."""
    below = f"/api/v1/namespaces/{namespace}"
    assert admin("POST", f"{below}/serviceaccounts", {"metadata": {"name": "reader"}}).status == 201
    pod = a_pod("reader", labels={"app": "concierge"}, annotations={"team": "voice", TOKEN_ID: ID})
    created = admin("POST", f"{below}/pods", pod)
    assert created.status == 201, created.text
    return Pods(admin, f"{below}/pods")


def patch(metadata: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A merge patch that sets the annotation, as the operator does, and more."""
    known: dict[str, Any] = {"annotations": {TOKEN_ID: NEXT_ID}}
    for name, value in (metadata or {}).items():
        known[name] = known.get(name, {}) | value if isinstance(value, dict) else value
    return {"metadata": known} | fields


IMAGE = {
    "containers": [{"name": "main", "image": "example.com/other:1", "resources": {"limits": {"cpu": "1"}}}]
}
OWNER = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "name": "w",
    "uid": "00000000-0000-4000-8000-00000000dead",
}

CHANGES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "an image": (patch(spec=IMAGE), SPEC),
    "a deadline": (patch(spec={"activeDeadlineSeconds": 1}), SPEC),
    "a scheduling gate removed": (patch(spec={"schedulingGates": None}), SPEC),
    "a label added": (patch({"labels": {"extra": "1"}}), METADATA),
    "a label changed": (patch({"labels": {"app": "other"}}), METADATA),
    "a label removed": (patch({"labels": {"app": None}}), METADATA),
    "a finalizer": (patch({"finalizers": ["example.com/hold"]}), METADATA),
    "an owner": (patch({"ownerReferences": [OWNER]}), METADATA),
    "an annotation added": (patch({"annotations": {"extra": "1"}}), ANNOTATION),
    "an annotation changed": (patch({"annotations": {"team": "other"}}), ANNOTATION),
    "an annotation removed": (patch({"annotations": {"team": None}}), ANNOTATION),
    "all annotations removed": ({"metadata": {"annotations": None}}, ANNOTATION),
    "a value too long": (patch({"annotations": {TOKEN_ID: "0123456789abc"}}), VALUE),
    "a value of many lines": (patch({"annotations": {TOKEN_ID: "0123456789ab\n"}}), VALUE),
    "an empty value": (patch({"annotations": {TOKEN_ID: ""}}), VALUE),
}

BIND = {
    "apiVersion": "v1",
    "kind": "Binding",
    "metadata": {"name": "reader"},
    "target": {"kind": "Node", "name": "n"},
}
EVICT = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "reader"}}
DEBUG = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "example.com/debug:1"}]}}
RESIZE = {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "2"}}}]}}
STRATEGIC = "application/strategic-merge-patch+json"
COMMAND = {"command": "true", "stdout": "true"}

REQUESTS = {
    "create": Request("POST", "pods", a_pod("another")),
    "create by apply": Request("PATCH", "pods/another", a_pod("another"), APPLY, {"fieldManager": "test"}),
    "delete": Request("DELETE", "pods/reader"),
    "delete all": Request("DELETE", "pods"),
    "status": Request("PATCH", "pods/reader/status", {"status": {"phase": "Failed"}}, MERGE),
    "annotation by way of status": Request("PATCH", "pods/reader/status", patch(), MERGE),
    "ephemeral container": Request("PATCH", "pods/reader/ephemeralcontainers", DEBUG, STRATEGIC),
    "resize": Request("PATCH", "pods/reader/resize", RESIZE, STRATEGIC),
    "evict": Request("POST", "pods/reader/eviction", EVICT),
    "bind": Request("POST", "pods/reader/binding", BIND),
    "bind by the older door": Request("POST", "bindings", BIND),
    "exec": Request("POST", "pods/reader/exec", query=COMMAND),
    "exec by get": Request("GET", "pods/reader/exec", query=COMMAND),
    "attach": Request("POST", "pods/reader/attach"),
    "port forward": Request("POST", "pods/reader/portforward", query={"ports": "80"}),
    "proxy": Request("GET", "pods/reader/proxy"),
    "proxy below a path": Request("POST", "pods/reader/proxy/metrics"),
}


@pytest.mark.parametrize(
    "annotations", [{TOKEN_ID: NEXT_ID}, {TOKEN_ID: ID}, {TOKEN_ID: None}], ids=["change", "same", "remove"]
)
def test_the_one_annotation_may_change(user: Client, pods: Pods, annotations: dict[str, str | None]) -> None:
    """The patch of the operator passes, and changes that annotation alone."""
    before = pods.stored()
    answer = user("PATCH", pods.reader, {"metadata": {"annotations": annotations}}, content_type=MERGE)
    assert answer.status == 200, answer.text
    after = pods.stored()
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"].get(TOKEN_ID) == annotations[TOKEN_ID]
    assert after["metadata"]["annotations"]["team"] == "voice"


def test_a_pod_without_any_annotation_gets_the_one(user: Client, pods: Pods) -> None:
    """It is added where there was none."""
    pods.admin("PATCH", pods.reader, {"metadata": {"annotations": None}}, content_type=MERGE)
    assert user("PATCH", pods.reader, patch(), content_type=MERGE).status == 200
    assert pods.stored()["metadata"]["annotations"] == {TOKEN_ID: NEXT_ID}


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_any_other_change_is_refused(
    user: Client, pods: Pods, change: dict[str, Any], says: tuple[str, str]
) -> None:
    """It changes nothing, and the refusal tells the pod, the rule and the remedy."""
    before = pods.stored()
    answer = user("PATCH", pods.reader, change, content_type=MERGE)
    assert refused_by(answer, POLICY), answer.text
    assert answer.message.startswith('pods "reader" is forbidden')
    assert all(part in answer.message for part in says), answer.message
    assert pods.stored() == before


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_any_other_request_is_refused(user: Client, pods: Pods, request_: Request) -> None:
    """By every door; and the refusal tells the rule and the remedy."""
    before = pods.stored()
    path = pods.path.removesuffix("pods") + request_.below
    answer = user(
        request_.method, path, request_.body, content_type=request_.content_type, query=request_.query
    )
    assert refused_by(answer, POLICY), answer.text
    assert ONLY in answer.message
    assert AS_ANOTHER in answer.message
    assert pods.stored() == before


def test_others_are_not_concerned(admin: Client, pods: Pods) -> None:
    """What is refused to the operator's user is allowed to another."""
    assert admin("PATCH", pods.reader, patch({"labels": {"app": "other"}}), content_type=MERGE).status == 200
    assert admin("DELETE", pods.reader).status == 200

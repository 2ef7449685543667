"""Requests about pods that the operator never sends, and what each is refused with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.policies.fence import APPLY, MERGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.policies.fence import Answer, Client

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

    @classmethod
    def prepared(cls, admin: Client, namespace: str) -> Pods:
        """Make the pod, with labels and annotations, in a namespace that is there."""
        below = f"/api/v1/namespaces/{namespace}"
        assert admin("POST", f"{below}/serviceaccounts", {"metadata": {"name": "reader"}}).status == 201
        pod = a_pod("reader", labels={"app": "concierge"}, annotations={"team": "voice", TOKEN_ID: ID})
        created = admin("POST", f"{below}/pods", pod)
        assert created.status == 201, created.text
        return cls(admin, f"{below}/pods")

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

    def send(self, user: Client, pods: Pods) -> Answer:
        """Send it as a user."""
        path = pods.path.removesuffix("pods") + self.below
        return user(self.method, path, self.body, content_type=self.content_type, query=self.query)


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
    "a value of a third kind": (patch({"annotations": {TOKEN_ID: f"{ID}-4"}}), VALUE),
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

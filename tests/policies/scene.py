"""A namespace with sessions, and Secrets in it that belong to whom a test says."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from realtime_operator.api.group import API_VERSION, KIND_SESSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.policies.fence import Answer, Client

Json = dict[str, Any]

PLANTED = base64.b64encode(b"ek_planted").decode()
NEXT = base64.b64encode(b"ek_next").decode()
OURS = {"app.kubernetes.io/managed-by": "realtime-operator"}
ADOPT = {"realtime-operator.io/adopt": "true"}
UNMAPPED = "realtime-operator.io/v1alpha0"
"""A version that is not served: the garbage collector cannot look for such an owner, so it leaves the Secret of a dead one to the test."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Two sessions, concierge and bellboy, and the Secret `concierge` of the test's making."""

    admin: Client
    namespace: str
    concierge: str
    bellboy: str

    @classmethod
    def prepared(cls, admin: Client, namespace: str) -> Scene:
        """Create the sessions."""
        path = f"/apis/{API_VERSION}/namespaces/{namespace}/realtimesessions"
        uids = []
        for name in ("concierge", "bellboy"):
            spec = {"session": {"type": "realtime"}}
            body = {"apiVersion": API_VERSION, "kind": KIND_SESSION, "metadata": {"name": name}, "spec": spec}
            uids.append(admin("POST", path, body).document["metadata"]["uid"])
        return cls(admin, namespace, *uids)

    @property
    def secrets(self) -> str:
        """The path of all Secrets."""
        return f"/api/v1/namespaces/{self.namespace}/secrets"

    @property
    def secret(self) -> str:
        """The path of the one Secret."""
        return f"{self.secrets}/concierge"

    def session(self, name: str = "concierge", **changed: Any) -> Json:
        """The owner reference that the operator writes for a live session."""
        uid = {"concierge": self.concierge, "bellboy": self.bellboy}[name]
        return an_owner(name=name, uid=uid) | changed

    def store(self, secret: Mapping[str, Any]) -> Json:
        """Create a Secret as the administrator, whom nothing stops."""
        answer = self.admin("POST", self.secrets, secret)
        assert answer.status == 201, answer.text
        return answer.document

    def stored(self) -> Answer:
        """Read the one Secret."""
        return self.admin("GET", self.secret)


def an_owner(**changed: Any) -> Json:
    """The reference to a session that is dead, as a backup brings it back."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND_SESSION,
        "name": "concierge",
        "uid": "00000000-0000-4000-8000-00000000dead",
        "controller": True,
        "blockOwnerDeletion": False,
    } | changed


def a_dead_owner(**changed: Any) -> Json:
    """The same, out of the garbage collector's sight."""
    return an_owner(apiVersion=UNMAPPED) | changed


def a_widget(**changed: Any) -> Json:
    """A controller of another kind."""
    return an_owner(apiVersion="example.com/v1", kind="Widget", name="w") | changed


def a_secret(
    *owners: Json, of: str | None = None, labels: Mapping[str, str] | None = None, **fields: Any
) -> Json:
    """A Secret with a planted value.

    Args:
        owners: its owner references.
        of: the name of the session for which the operator wrote it; None if it did not.
        labels: further labels.
        fields: further top-level fields; `metadata` is added to.
    """
    metadata: Json = {
        "name": "concierge",
        "labels": (dict(OURS) if of else {}) | dict(labels or {}),
        "annotations": {"realtime-operator.io/session": of} if of else {},
        "ownerReferences": list(owners),
    }
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"token": PLANTED}} | fields


def a_patch(*, of: str | None = "concierge", owners: Sequence[Json] | None = None, **metadata: Any) -> Json:
    """The operator's patch: label, annotation and data, and where it takes over the owner.

    Args:
        of: the name of the session for which it is written; None for neither label nor annotation.
        owners: the owner references to write, or None to leave them alone.
        metadata: further fields.
    """
    patched: Json = {}
    if of:
        patched |= {"labels": dict(OURS), "annotations": {"realtime-operator.io/session": of}}
    if owners is not None:
        patched["ownerReferences"] = list(owners)
    patched["labels"] = patched.get("labels", {}) | metadata.pop("labels", {})
    return {"metadata": patched | metadata, "data": {"token": NEXT}}

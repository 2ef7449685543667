"""What the API server's refusals mean.

A ``Status`` document's message may quote values, so it is never repeated: it is only searched for the words that tell a quota
or an admission policy from RBAC. Reasons, kinds and the paths of fields are safe.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from realtime_operator.adapters.kube_path import KubePath
from realtime_operator.core.errors import ClusterError, ClusterForbidden, ClusterUnavailable, SessionGone
from realtime_operator.core.reasons import Reason

FORBIDDEN, NOT_FOUND, CONFLICT, GONE, INVALID = 403, 404, 409, 410, 422

_VERBS: Final = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}
_POLICIES: Final = {
    "ValidatingAdmissionPolicy": "a ValidatingAdmissionPolicy",
    "admission webhook": "an admission webhook",
    "exceeded quota": "a ResourceQuota",
}


class ApiRefusal(ClusterUnavailable):
    """An answer that a store maps by what it asked for; unmapped, it is trouble like any other.

    Attributes:
        status: HTTP status.
        fields: paths of the fields that are refused; empty where the answer names none.
    """

    def __init__(self, message: str, *, status: int, fields: tuple[str, ...] = ()) -> None:
        super().__init__(Reason.CLUSTER_UNAVAILABLE, message)
        self.status = status
        self.fields = fields

    @property
    def concerns_uid(self) -> bool:
        """Whether the uid that was sent is not the object's."""
        return self.status == INVALID and "metadata.uid" in self.fields


@dataclass(frozen=True, slots=True)
class _Status:
    reason: str
    text: str
    causes: tuple[Mapping[str, Any], ...]


def refusal(method: str, path: KubePath, status: int, body: bytes) -> ClusterError:
    """Make the error for an answer that is no success.

    Args:
        method: of the request.
        path: of the request.
        status: HTTP status of the answer.
        body: of the answer; a ``Status`` document, or anything else that a proxy may say.
    """
    answer = _parsed(body)
    where = f" in namespace {path.namespace}" if path.namespace else ""
    request = f"{method} {path.template}"
    if any(cause.get("reason") == "NamespaceTerminating" for cause in answer.causes):
        return SessionGone(
            Reason.SESSION_GONE, f"namespace {path.namespace} is terminating; make the session in another one"
        )
    act = f"{verb_of(method, path)} {path.resource}{where}"
    policy = next((name for word, name in _POLICIES.items() if word in answer.text), None)
    if status in {FORBIDDEN, INVALID} and policy is not None:
        return ClusterForbidden(Reason.CLUSTER_FORBIDDEN, f"{policy} refuses to let the operator {act}")
    if status == FORBIDDEN:
        return ClusterForbidden(Reason.CLUSTER_FORBIDDEN, f"RBAC does not let the operator {act}")
    fields = tuple(dict.fromkeys(str(cause["field"]) for cause in answer.causes if cause.get("field")))
    named = f" at {', '.join(fields)}" if fields else ""
    return ApiRefusal(f"{request}: {status} {answer.reason}{named}".rstrip(), status=status, fields=fields)


def verb_of(method: str, path: KubePath) -> str:
    """The verb as RBAC rules spell it."""
    return _VERBS.get(method, "get" if path.named else "list")


def _parsed(body: bytes) -> _Status:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("kind") != "Status":
        return _Status("", "", ())
    details = document.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return _Status(
        reason=str(document.get("reason") or ""),
        text=str(document.get("message") or ""),
        causes=tuple(cause for cause in causes or () if isinstance(cause, dict)),
    )

"""What a user asked a real API server for, from the server's own audit log, and how it compares with what rules grant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FORBIDDEN = 403

Right = tuple[str, str, str]
"""Group, resource with subresource, verb."""

AFTER_A_MISSED_EVENT: Final[frozenset[Right]] = frozenset(
    {("realtime-operator.io", "realtimesessions", "get")}
)
"""Used when the resync finds a session that the watch did not tell of, which cannot be staged."""

BESIDE_ANOTHER_WRITER: Final[frozenset[Right]] = frozenset({("", "secrets", "patch")})
"""Used for a Secret that somebody else wrote to; where nobody does, Secrets are replaced as a whole."""


def granted_by(rules: Iterable[Mapping[str, Any]]) -> set[Right]:
    """Everything that the rules of a Role or a ClusterRole grant."""
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


class Asked(NamedTuple):
    """One kind of request: group, resource with subresource, verb, and the namespace that it was for (empty: of the whole cluster)."""

    group: str
    resource: str
    verb: str
    namespace: str


class Audit:
    """The audit log of one control plane, for the requests of one user.

    Args:
        folder: where policy and log go.
        user: whose requests are kept, as the API server spells the name.
    """

    def __init__(self, folder: Path, user: str) -> None:
        self._log = folder / "audit.log"
        self._policy = folder / "audit-policy.yaml"
        self._policy.write_text(
            json.dumps(
                {
                    "apiVersion": "audit.k8s.io/v1",
                    "kind": "Policy",
                    "omitStages": ["RequestReceived"],
                    "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}],
                }
            )
        )

    @property
    def arguments(self) -> list[str]:
        """What the API server has to be started with."""
        return [f"--audit-policy-file={self._policy}", f"--audit-log-path={self._log}"]

    def asked(self) -> set[Asked]:
        """What was asked for so far; discovery, which everybody may ask for, is left out."""
        return {asked for asked, _ in self._requests()}

    def used(self) -> set[Right]:
        """The rights that this takes, wherever."""
        return {(it.group, it.resource, it.verb) for it in self.asked()}

    def refused(self) -> set[Asked]:
        """What of it RBAC or admission refused."""
        return {asked for asked, code in self._requests() if code == FORBIDDEN}

    def _requests(self) -> list[tuple[Asked, int]]:
        found = []
        for line in self._log.read_text().splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            event = json.loads(line)
            reference = event.get("objectRef") or {}
            if "resource" not in reference:
                continue
            resource = "/".join(filter(None, [reference["resource"], reference.get("subresource")]))
            namespace = reference.get("namespace", "")
            asked = Asked(reference.get("apiGroup", ""), resource, event["verb"], namespace)
            found.append((asked, event.get("responseStatus", {}).get("code", 0)))
        return found

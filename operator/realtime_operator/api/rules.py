"""Validation rules that the API server runs (CEL), and the patterns that schemas share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from pydantic.config import JsonDict

if TYPE_CHECKING:
    from collections.abc import Iterable

DNS_LABEL: Final = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_NAME: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
QUALIFIED_NAME: Final = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE: Final = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
ENTRY_NAME: Final = r"^[-._a-zA-Z0-9]+$"
VISIBLE_ASCII: Final = "^[!-~]+$"

RULES: Final = "x-kubernetes-validations"
PRESERVE_UNKNOWN: Final = "x-kubernetes-preserve-unknown-fields"
LIST_TYPE: Final = "x-kubernetes-list-type"
SET: Final = {LIST_TYPE: "set"}

CLUSTER_ONLY: Final = "x-cluster-kind-only"
"""Our own mark on a field: "required" or "optional" in cluster-scoped kinds, absent from the others. On a rule: any value."""

NAMESPACED_REQUIRED: Final = "x-namespaced-kind-required"
"""Our own mark on a field that is required in namespaced kinds, and in cluster-scoped ones optional."""

JsonSchema: TypeAlias = JsonDict
"""A JSON schema, or a part of one."""


def rule(cel: str, message: str, *, reason: str = "FieldValueInvalid", field_path: str = "") -> JsonSchema:
    """Return one entry of x-kubernetes-validations.

    Args:
        cel: The expression that must hold.
        message: What a person reads when it does not: what is wrong, and what to do instead.
        reason: FieldValueInvalid or FieldValueForbidden; the API server leaves the message of others out.
        field_path: The field to blame, relative to where the rule stands, such as ``.secret.name``.
    """
    entry: JsonSchema = {"rule": cel, "message": message, "reason": reason}
    return entry | {"fieldPath": field_path} if field_path else entry


def checked(*rules: JsonSchema) -> JsonSchema:
    """Return the part of a schema that makes the API server check `rules`, all of them each time."""
    return {RULES: list(rules)}


def cel_list(values: Iterable[str]) -> str:
    """Write names as a CEL list of strings; none of them may hold a quote."""
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"

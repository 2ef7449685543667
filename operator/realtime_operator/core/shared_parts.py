"""Parts of specs and statuses that thousands of sessions have in common, made once: a session that holds one by reference pays 8 bytes.

Who gets one must not change it. The caches are bounded: a part that falls out of one is merely made again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from realtime_operator.api.secret import SecretSpec
from realtime_operator.api.session import ProviderKind, ProviderRef
from realtime_operator.core.kept_document import KeptDocument

NO_FAILURES: Final[Mapping[str, Any]] = {"count": 0, "lastReason": ""}
"""What status says of failures where there are none."""

Told = tuple[str, str, str, str, str, int]
"""A condition's type, status, reason, message, transition time and generation."""

_TOLD: Final = ("type", "status", "reason", "message", "lastTransitionTime", "observedGeneration")


@lru_cache(maxsize=1024)  # sessions that were made in one second tell the same since then
def condition(told: Told) -> Mapping[str, Any]:
    """A condition as status has it."""
    *words, message, since, generation = told
    values = (*map(sys.intern, words), message, since, generation)
    return dict(zip(_TOLD, values, strict=True))


@lru_cache(maxsize=256)
def provider_ref(kind: str, name: str) -> Mapping[str, str]:
    """A session's provider as status has it."""
    return {"kind": kind, "name": name}


@lru_cache(maxsize=256)
def wanted_provider(kind: ProviderKind, name: str) -> ProviderRef:
    """A session's provider as its spec names it."""
    return ProviderRef(kind=kind, name=name)


LARGEST_SHARED = 1024
"""Bytes of JSON that are kept to find an equal part by: what is in a cache outlives the sessions that had it."""


def secret_spec(spec: SecretSpec) -> SecretSpec:
    """The same wishes for a Secret without its name, which is all that sessions made from one template differ in."""
    document = spec.model_dump_json(exclude={"name"})
    return _secret_spec(document) if len(document) <= LARGEST_SHARED else spec


@lru_cache(maxsize=256)
def _secret_spec(document: str) -> SecretSpec:
    return SecretSpec.model_validate_json(document)


def shared(status: Mapping[str, Any]) -> KeptDocument:
    """The same status, as the API server has it, made of parts that others have, too."""
    parts: dict[str, Any] = {}
    if conditions := status.get("conditions"):
        parts["conditions"] = [_shared_condition(each) for each in conditions]
    if status.get("failures") == NO_FAILURES:
        parts["failures"] = NO_FAILURES
    ref = status.get("providerRef")
    if ref and ref.keys() == {"kind", "name"}:
        parts["providerRef"] = provider_ref(**ref)
    return KeptDocument({**status, **parts})


def _shared_condition(told: Mapping[str, Any]) -> Mapping[str, Any]:
    values: Any = tuple(told.get(name) for name in _TOLD)
    is_ours = len(told) == len(values) and None not in values  # else of another version
    return condition(values) if is_ours else told

"""Nulls in the session: sent where they are asked for, and missed where they were lost.

Client-side ``kubectl apply`` and Helm 3 upgrades delete keys whose value is null, so ``nullPaths`` names them by JSON pointer (RFC 6901).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from realtime_operator.core.json_pointer import put, steps_of

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""What client-side apply was given, nulls included."""


def with_nulls(session: Mapping[str, Any], pointers: Sequence[str]) -> dict[str, Any]:
    """Copy the session along the pointers and set null at their ends; what lies on the way and is absent is made an object.

    Raises:
        InvalidSession: a pointer leads through a value that has no fields, or past a list's end.
    """
    result = dict(session)
    for index, pointer in enumerate(pointers):
        put(result, pointer, None, where=f"spec.nullPaths[{index}]")
    return result


LONGEST_INDEX = 6
"""Digits; no list that the API server takes is so long, and a longer number could be too long to read."""


def lost_nulls(
    session: Mapping[str, Any] | None, annotations: Mapping[str, str], pointers: Iterable[str]
) -> list[str]:
    """Pointers of nulls that client-side apply was given and that are neither in the session nor in ``pointers``."""
    text = annotations.get(LAST_APPLIED, "")
    if "null" not in text:
        return []
    named = set(pointers)
    try:
        # The annotation is anybody's text: of any shape, and nested as deeply as its author likes.
        given = list(_null_pointers(json.loads(text)["spec"]["session"], ""))
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [p for p in given if p not in named and not _is_null_at(session, steps_of(p))]


def _null_pointers(value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _null_pointers(child, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _null_pointers(child, f"{path}/{index}")


def _is_index(step: str) -> bool:
    return step.isdecimal() and len(step) <= LONGEST_INDEX


def _is_null_at(value: Any, steps: Sequence[str]) -> bool:
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and _is_index(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return False
    return value is None

"""JSON pointers (RFC 6901) into the session: to where a spec wants something put."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from realtime_operator.core.errors import InvalidSession
from realtime_operator.core.reasons import Reason


def steps_of(pointer: str) -> list[str]:
    """The names and indexes that a pointer goes through."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def put(root: dict[str, Any], pointer: str, value: Any, *, where: str) -> None:
    """Set what a pointer leads to. What lies on the way is copied; where it is absent or null it is made an object.

    Args:
        root: changed in place, and nothing below it.
        pointer: where to.
        value: what to set.
        where: the field of the object that has the pointer, for messages.

    Raises:
        InvalidSession: the pointer leads through a value that has no fields, or past a list's end.
    """
    here: Any = root
    steps = steps_of(pointer)
    for step in steps[:-1]:
        here = _copied_child(here, step, where=where, pointer=pointer)
    if isinstance(here, dict):
        here[steps[-1]] = value
    else:
        here[_list_index(here, steps[-1], where=where, pointer=pointer)] = value


def is_there(root: Any, pointer: str) -> bool:
    """Whether a pointer leads to a value other than null."""
    here = root
    for step in steps_of(pointer):
        here = _child(here, step)
    return here is not None


def lacking_list(root: Any, pointer: str) -> str | None:
    """The pointer to a list that ``pointer`` goes through by an index, and that is not there; None where all is well."""
    here, steps = root, steps_of(pointer)
    for number, step in enumerate(steps[:-1], start=1):
        here = _child(here, step)
        if here is None:
            return "/".join(pointer.split("/")[: number + 1]) if steps[number].isdecimal() else None
    return None


def _child(parent: Any, step: str) -> Any:
    if isinstance(parent, dict):
        return parent.get(step)
    if isinstance(parent, list) and step.isdecimal() and int(step) < len(parent):
        return parent[int(step)]
    return None


def _copied_child(parent: Any, step: str, *, where: str, pointer: str) -> Any:
    key: Any = step if isinstance(parent, dict) else _list_index(parent, step, where=where, pointer=pointer)
    child = parent.get(key) if isinstance(parent, dict) else parent[key]
    if child is None:
        child = {}
    if not isinstance(child, dict | list):
        raise InvalidSession(
            Reason.INVALID_SPEC,
            f"{where}: {pointer} leads through {step!r}, which is neither an object nor a list; correct the pointer.",
        )
    parent[key] = dict(child) if isinstance(child, dict) else list(child)
    return parent[key]


def _list_index(parent: Sequence[Any], step: str, *, where: str, pointer: str) -> int:
    if step.isdecimal() and int(step) < len(parent):
        return int(step)
    raise InvalidSession(
        Reason.INVALID_SPEC,
        f"{where}: {pointer} has {step!r} where a list of {len(parent)} needs an index; correct the pointer.",
    )

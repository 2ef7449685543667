"""Nulls: set where they are asked for, missed where they were lost."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.errors import InvalidSession
from realtime_operator.core.null_paths import LAST_APPLIED, lost_nulls, with_nulls

SET: list[tuple[str, dict[str, Any], list[str], dict[str, Any]]] = [
    ("at the top", {"a": 1}, ["/a"], {"a": None}),
    ("deep", {"a": {"b": {"c": 1, "d": 2}}}, ["/a/b/c"], {"a": {"b": {"c": None, "d": 2}}}),
    ("missing parents are made", {}, ["/a/b/c"], {"a": {"b": {"c": None}}}),
    ("a null parent is made an object", {"a": None}, ["/a/b"], {"a": {"b": None}}),
    ("in a list", {"a": [{"b": 1}, {"b": 2}]}, ["/a/1/b"], {"a": [{"b": 1}, {"b": None}]}),
    ("an element of a list", {"a": [1, 2]}, ["/a/0"], {"a": [None, 2]}),
    ("two below one parent", {}, ["/a/b", "/a/c"], {"a": {"b": None, "c": None}}),
    ("a slash and a tilde in a name", {"a/b": {"c~d": 1}}, ["/a~1b/c~0d"], {"a/b": {"c~d": None}}),
    ("an escaped tilde before a one", {}, ["/a~01"], {"a~1": None}),
    ("a number as the name of a field", {"a": {"0": 1}}, ["/a/0"], {"a": {"0": None}}),
    ("nothing to set", {"a": 1}, [], {"a": 1}),
]


@pytest.mark.parametrize(
    ("session", "pointers", "result"), [row[1:] for row in SET], ids=[row[0] for row in SET]
)
def test_nulls_are_set(session: dict[str, Any], pointers: list[str], result: dict[str, Any]) -> None:
    """Each pointer ends in a null, and the session given is left as it was."""
    before = copy.deepcopy(session)
    assert with_nulls(session, pointers) == result
    assert session == before


REFUSED: list[tuple[str, dict[str, Any], list[str], str]] = [
    (
        "through a text",
        {"a": "x"},
        ["/b", "/a/b"],
        "spec.nullPaths[1]: /a/b leads through 'a', which is neither an object nor a list; correct the pointer.",
    ),
    (
        "past a list's end",
        {"a": [1]},
        ["/a/1"],
        "spec.nullPaths[0]: /a/1 has '1' where a list of 1 needs an index; correct the pointer.",
    ),
    (
        "through a list without an index",
        {"a": [{}]},
        ["/a/b/c"],
        "spec.nullPaths[0]: /a/b/c has 'b' where a list of 1 needs an index; correct the pointer.",
    ),
    (
        "after a list's end",
        {"a": []},
        ["/a/-"],
        "spec.nullPaths[0]: /a/- has '-' where a list of 0 needs an index; correct the pointer.",
    ),
    (
        "through a false",
        {"a": False},
        ["/a/b"],
        "spec.nullPaths[0]: /a/b leads through 'a', which is neither an object nor a list; correct the pointer.",
    ),
]


@pytest.mark.parametrize(
    ("session", "pointers", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_pointers_that_lead_nowhere(session: dict[str, Any], pointers: list[str], message: str) -> None:
    """A pointer that cannot be followed is named by its index, with what is in its way."""
    with pytest.raises(InvalidSession) as caught:
        with_nulls(session, pointers)
    assert str(caught.value) == message


def applied(session: Any) -> dict[str, str]:
    """The annotation that client-side apply leaves behind."""
    return {LAST_APPLIED: json.dumps({"spec": {"session": session}})}


LOST: list[tuple[str, Any, dict[str, str], list[str], list[str]]] = [
    ("a null that was dropped", {}, applied({"a": None}), [], ["/a"]),
    ("a null that is there", {"a": None}, applied({"a": None}), [], []),
    ("a null that is named", {}, applied({"a": None}), ["/a"], []),
    ("deep and in a list", {"t": [{}]}, applied({"t": [{"x/y": None}]}), [], ["/t/0/x~1y"]),
    ("an element of a list stays", {"t": [None]}, applied({"t": [None]}), [], []),
    (
        "an index too long to be read",
        {"t": [1]},
        applied({"t": {"9" * 5000: None}}),
        [],
        [f"/t/{'9' * 5000}"],
    ),
    ("replaced by a value since", {"a": 1}, applied({"a": None}), [], ["/a"]),
    ("no session at all was given", None, applied(None), [], []),
    ("the whole session was dropped", None, applied({"a": None}), [], ["/a"]),
    ("no annotation", {}, {}, [], []),
    ("an annotation that is no JSON", {}, {LAST_APPLIED: "null{"}, [], []),
    ("an annotation of another shape", {}, {LAST_APPLIED: '["null"]'}, [], []),
    ("an annotation without a session", {}, {LAST_APPLIED: '{"spec": {"x": null}}'}, [], []),
    ("an annotation nested beyond measure", {}, {LAST_APPLIED: "[" * 100_000 + "null"}, [], []),
]


@pytest.mark.parametrize(
    ("session", "annotations", "pointers", "lost"), [row[1:] for row in LOST], ids=[row[0] for row in LOST]
)
def test_lost_nulls(session: Any, annotations: dict[str, str], pointers: list[str], lost: list[str]) -> None:
    """A null that was applied and did not arrive is missed, unless nullPaths names it."""
    assert lost_nulls(session, annotations, pointers) == lost


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
objects = st.recursive(
    st.none() | st.integers(),
    lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def without_nulls(value: Any) -> Any:
    """What client-side apply makes of a value."""
    if not isinstance(value, dict):
        return value
    return {key: without_nulls(child) for key, child in value.items() if child is not None}


@given(st.dictionaries(names, objects, max_size=3))
def test_what_was_lost_can_be_named(given: dict[str, Any]) -> None:
    """Whoever puts what is reported as lost into nullPaths sends what was meant, and is told no more."""
    arrived = without_nulls(given)
    lost = lost_nulls(arrived, applied(given), [])
    assert with_nulls(arrived, lost) == given
    assert lost_nulls(arrived, applied(given), lost) == []

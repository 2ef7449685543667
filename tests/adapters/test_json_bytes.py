"""JSON to and from bytes says what Python's own does, whoever reads or writes it."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.json_bytes import decoded, encoded

HALF_A_PAIR = "\ud83d"
TEXTS = st.text(st.characters(exclude_categories=()))
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda parts: st.lists(parts) | st.dictionaries(TEXTS, parts),
)


@given(DOCUMENTS)
def test_what_is_written_says_what_was_given(document: object) -> None:
    """To any parser; halves of surrogate pairs, too."""
    assert json.loads(encoded(document)) == document


@given(DOCUMENTS)
def test_what_is_read_is_what_was_written(document: object) -> None:
    """By any writer."""
    assert decoded(json.dumps(document).encode()) == document


def test_what_orjson_will_not_take_is_still_taken() -> None:
    """An integer of more than 64 bits and half a surrogate pair are written, and the latter is read."""
    assert encoded({"a": 2**70, "b": HALF_A_PAIR}) == b'{"a":1180591620717411303424,"b":"\\ud83d"}'
    assert decoded(b'{"b":"\\ud83d"}') == {"b": HALF_A_PAIR}


def test_an_object_may_be_nested_more_deeply_than_orjson_takes() -> None:
    """As deeply as Python's own parser takes it, which the operator allows more than it does by default."""
    levels, before = 2000, sys.getrecursionlimit()
    document: object = []
    for _ in range(levels):
        document = [document]
    sys.setrecursionlimit(before + 2 * levels)
    try:
        assert decoded(b"[" * (levels + 1) + b"]" * (levels + 1)) == document
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("text", [b"", b"{", b"<html>", b"\xff", b'{"a":1}x'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    """By the one error that says so."""
    with pytest.raises(ValueError, match=r"(Expecting|Extra data|decode)"):
        decoded(text)


def test_what_json_has_no_word_for_is_refused() -> None:
    """Bytes are a mistake of ours."""
    with pytest.raises(TypeError):
        encoded({"a": b"x"})

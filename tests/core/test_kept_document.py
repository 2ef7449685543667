"""A kept document is the object that it was made of, in less room."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.kept_document import KeptDocument

DOCUMENTS = st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers()))


@given(DOCUMENTS, DOCUMENTS)
def test_it_equals_what_it_was_made_of_and_nothing_else(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """From both sides, in the same order."""
    kept = KeptDocument(one)
    assert kept == one
    assert one == kept
    assert list(kept.items()) == list(one.items())
    assert kept.keys() - other.keys() == one.keys() - other.keys()
    assert (kept == KeptDocument(other)) is (one == other)
    assert (other == kept) is (one == other)


def test_what_is_not_in_it_is_told_as_a_dict_tells_it() -> None:
    """By the name's error, or by what is given for it."""
    kept = KeptDocument({"a": 1})
    assert (kept.get("a"), kept.get("b"), kept.get("b", 2), "b" in kept) == (1, None, 2, False)
    with pytest.raises(KeyError, match="b"):
        kept["b"]


def test_what_it_was_made_of_may_change() -> None:
    """It is a copy, of values that are not."""
    document = {"a": [1]}
    kept = KeptDocument(document)
    document["a"] = [2]
    assert kept == {"a": [1]}
    assert repr(kept) == "{'a': [1]}"


def test_the_names_are_held_once() -> None:
    """What each costs is the object and its values, less than two thirds of a dict."""
    documents = [{str(name): at for name in range(10)} for at in range(2)]
    one, other = map(KeptDocument, documents)
    assert one._places is other._places  # noqa: SLF001 - that is the point
    assert sys.getsizeof(one) + sys.getsizeof(one._values) < sys.getsizeof(documents[0]) * 2 / 3  # noqa: SLF001

"""What is kept deflated comes back as it was."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.packing import packed, unpacked

_PROSE = (
    "You greet the guests. When somebody wants a room, ask for the day of arrival and repeat what you heard. "
)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), _json), st.integers(0, 40))
def test_comes_back_byte_for_byte(document: dict[str, object], sentences: int) -> None:
    """Whatever it says, and however long it is."""
    whole = json.dumps({"instructions": _PROSE * sentences, **document}, ensure_ascii=False).encode()
    assert unpacked(packed(whole)) == whole


def test_prose_takes_less_and_what_is_short_stays() -> None:
    """A short one would grow."""
    long, short = json.dumps({"instructions": _PROSE * 20}).encode(), b'{"type":"realtime"}'
    assert len(packed(long)) < len(long) / 2
    assert packed(short) == short

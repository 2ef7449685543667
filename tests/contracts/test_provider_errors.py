"""The page of what providers' refusals mean says what the table in the code says."""

from __future__ import annotations

from pathlib import Path

from realtime_operator.core.errors import FailureClass, ProviderRejected
from realtime_operator.core.refusal_catalogue import CATALOGUE, Meaning

PAGE = (Path(__file__).parents[2] / "docs" / "provider-errors.md").read_text()

WHEN = {
    FailureClass.SOON: "soon",
    FailureClass.PEOPLE: "every 5 to 15 min, and when the key changes",
    FailureClass.TERMINAL: "when a spec changes",
}


def row_of(meaning: Meaning) -> str:
    """One row as the page has it."""
    first, last = meaning.statuses
    statuses = str(first) if first == last else f"{first} to {last}"
    codes = ", ".join(f"`{code}`" for code in sorted(meaning.codes)) or "any"
    if meaning.mentions:
        codes = f"mentions `{meaning.mentions}`, no pause asked for"
    again = WHEN[meaning.failure_class or meaning.kind.failure_class]
    if meaning.kind is ProviderRejected and meaning.failure_class is FailureClass.PEOPLE:
        again = "after 10, 20, 40 … s, in the end every 5 to 15 min"
    firm = "no" if meaning.firm else "yes"
    return f"| {statuses} | {codes} | `{meaning.reason}` | {again} | {firm} | {meaning.remedy} |"


def test_the_page_has_the_table() -> None:
    """Row for row, in the order in which they are tried."""
    shown = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]
    assert shown == [row_of(meaning) for meaning in CATALOGUE]


def test_each_row_can_be_reached() -> None:
    """No row is hidden by those above it."""
    for number, meaning in enumerate(CATALOGUE):
        code = min(meaning.codes, default=meaning.mentions)
        statuses = range(meaning.statuses[0], meaning.statuses[1] + 1)
        assert any(
            next(row for row in CATALOGUE if row.fits(status, code=code, kind="", asks_to_wait=False))
            is meaning
            for status in statuses
        ), number

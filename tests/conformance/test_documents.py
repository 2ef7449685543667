"""The tables in the documents are those that the rows make."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.table import legend, matrix, recipes

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "table"),
    [
        ("conformance.md", matrix(lambda _row, _fault: True)),
        ("conformance.md", legend()),
        ("dialects.md", recipes()),
    ],
    ids=["matrix", "faults", "recipes"],
)
def test_a_page_shows_the_table(page: str, table: str) -> None:
    """A row or a fault more is in the documents, too; the matrix there is the one that a green run prints."""
    assert table in (DOCS / page).read_text(), f"docs/{page} needs this table:\n{table}"

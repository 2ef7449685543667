"""The page on the endpoints says what the code does: paths, places of the lifetime, and what becomes of an older session."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from realtime_operator.api.endpoint import Endpoint
from realtime_operator.core.older_shape import LOST, MOVES
from realtime_operator.core.provider_view import PATHS

PAGE = (Path(__file__).parents[2] / "docs" / "endpoints.md").read_text()


@pytest.mark.parametrize("endpoint", Endpoint)
def test_every_endpoint_has_its_row(endpoint: Endpoint) -> None:
    """With the path that is called."""
    assert f"| `{endpoint}` | `{PATHS[endpoint]}` |" in PAGE


@pytest.mark.parametrize("field", [*MOVES[Endpoint.SESSIONS], *LOST[Endpoint.SESSIONS]])
def test_every_field_that_is_converted_has_its_row(field: str) -> None:
    """In the first column of the table of conversion, its last step in the second."""
    rows = [line.split(" | ") for line in PAGE.splitlines() if re.match(rf"\| .*`{field}`.* \| ", line)]
    (row,) = [row for row in rows if f"`{field}`" in row[0]]
    target = MOVES[Endpoint.SESSIONS].get(field, ("no counterpart",))[-1]
    assert target in row[1] or row[1].startswith("the same")

"""The page for people in trouble: it has every reason and every bad input, quotes what is really said, and names tests that exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from realtime_operator.core.reasons import Reason

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "operator" / "realtime_operator"
TESTS = ROOT / "tests" / "integration"
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()

BAD_INPUT = (
    "lifetime 9",
    "lifetime 7201",
    "wrong session.type",
    "session over 256 KiB",
    "provider does not exist",
    "key Secret missing",
    "key Secret unlabelled",
    "key missing in its Secret",
    "key empty",
    "key with a trailing newline",
    "key file missing",
    "secret value missing",
    "secret value unlabelled",
    "base URL without a scheme",
    "base URL with user:password",
    "200 without a token",
    "200 with an empty token",
    "200 with a null expiry",
    "200 with a past expiry",
    "200 with expiry zero",
    "200 with an absurd expiry",
    "200 with the expiry in RFC 3339",
    "200 with the token twice",
    "200 with HTML",
    "200 with an empty body",
    "200 with 10 MB",
    "200 with a gzip bomb",
    "a redirect",
    "a slow drip",
    "a hang",
    "Set-Cookie",
    "foreign Secret with the same keys",
    "foreign Secret with other keys",
    "foreign Secret with no keys",
    "namespace terminating",
    "session deleted while its mint is in flight",
    "Secret restored from a backup with a dead owner",
)
"""What the product promises to survive; a new one gets a test, a reason and a row."""


def rows_below(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(cell: str) -> list[str]:
    """What a cell shows as code."""
    return re.findall(r"`([^`]+)`", cell)


PLACEHOLDER = re.compile(r"\b[A-Z][A-Z/]*\b(?! \d)|\dNN|'[^']*'|[\[\]]")
"""What stands for something else in a quoted message: a word in capitals (but RFC 3339), a class of statuses, a name in quotes."""


REASON_ROWS = [*rows_below("On a session"), *rows_below("On a provider")]
INPUT_ROWS = rows_below("Bad input")


@cache
def product_says() -> str:
    """Every text that stands in the product's code, piece by piece."""
    trees = [ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return "\n".join(
        node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def unsaid(quote: str) -> list[str]:
    """The parts of a quoted message, without its placeholders, that the product never says."""
    pieces = [part.strip(" :./") for part in PLACEHOLDER.split(quote)]
    return [piece for piece in pieces if len(piece) > 2 and piece not in product_says()]


@cache
def collected() -> frozenset[str]:
    """The names of all tests in the files that the page names, as pytest gives them."""
    files = sorted({TESTS / name for name in re.findall(r"`(\w+\.py)::", PAGE)})
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "--no-cov",
            "-p",
            "no:cacheprovider",
            *files,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return frozenset(
        line.rpartition("tests/integration/")[2] for line in done.stdout.splitlines() if "::" in line
    )


def test_every_reason_has_a_row() -> None:
    """No reason that a status or an event can carry is left to be guessed, and none is there that does not exist."""
    named = {name for row in REASON_ROWS for name in quoted(row[0]) if name != "Delivered"}
    assert named == {reason.value for reason in Reason}


def test_every_row_is_whole() -> None:
    """What one sees, the cause or the input, and what helps: no cell is empty."""
    assert [row for row in (*REASON_ROWS, *INPUT_ROWS) if len(row) != 4 or not all(row)] == []


@pytest.mark.parametrize("row", REASON_ROWS, ids=[row[0] for row in REASON_ROWS])
def test_a_reasons_message_is_said_so(row: list[str]) -> None:
    """What the page quotes stands in the product's code."""
    assert [piece for quote in quoted(row[1]) for piece in unsaid(quote)] == []


def test_every_bad_input_has_a_row() -> None:
    """In the order of the list, each once."""
    assert tuple(row[0] for row in INPUT_ROWS) == BAD_INPUT


@pytest.mark.parametrize("row", INPUT_ROWS, ids=[row[0] for row in INPUT_ROWS])
def test_a_bad_input_ends_as_the_page_says(row: list[str]) -> None:
    """The reason exists, the tests exist, and the words are the product's or those that a test looks for."""
    names = [name for name in quoted(row[3]) if "::" in name]
    assert names
    assert set(names) <= collected()
    sources = "\n".join((TESTS / name.partition("::")[0]).read_text() for name in names)
    outcome = quoted(row[1])
    if not row[1].startswith(("refused: ", "nothing")):
        assert {reason.value for reason in Reason} & set(outcome)
    assert [piece for quote in outcome for piece in unsaid(quote) if piece not in sources] == []

"""The reference of the kinds: generated, complete, and equal to the committed file."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime_operator.api import reference

COMMITTED = Path(__file__).parents[2] / "docs" / "reference.md"


def rows() -> list[list[str]]:
    """The cells of all rows."""
    lines = [line for line in reference.render().splitlines() if line.startswith(("| `", "| **"))]
    return [[cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")] for line in lines]


def test_the_committed_file_is_what_the_models_say() -> None:
    """Nobody edited it, and nobody forgot to generate it."""
    assert reference.main([str(COMMITTED), "--check"]) == 0


def test_a_check_finds_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is missing or edited is named, with the remedy; right after writing there is nothing to say."""
    file = tmp_path / "reference.md"
    assert reference.main([str(file), "--check"]) == 1
    assert "run `make crds`" in capsys.readouterr().err
    assert reference.main([str(file)]) == 0
    assert reference.main([str(file), "--check"]) == 0


def test_every_row_says_what_its_field_is() -> None:
    """No cell is empty, and no field stands twice in a kind."""
    assert all(len(row) == 3 and all(row) for row in rows())
    assert len(rows()) > 150


@pytest.mark.parametrize(
    ("path", "type_of_it"),
    [
        ("`spec.lifetimeSeconds`", "integer, 10 to 7200"),
        ("**`spec.baseURL`**", "string"),
        ("`spec.suspend`", "boolean; default false"),
        ("`spec.auth.scheme`", "one of Bearer, ApiKeyHeader; default Bearer"),
        ("`spec.nullPaths`", "list of strings, at most 32"),
        ("`spec.headers`", "map of strings, at most 16"),
        ("`spec.session.audio.output.voice`", "any"),
        ("`spec.session.audio.output.speed`", "number, 0.25 to 1.5"),
        ("`status.expirationTime`", "time"),
        ("**`status.conditions[].reason`**", "string"),
        ("**`spec.auth.secretRef.namespace`**", "string"),
    ],
)
def test_types_are_said_in_words(path: str, type_of_it: str) -> None:
    """With bounds and default, and in bold where the field must be there."""
    assert type_of_it in [row[1] for row in rows() if row[0] == path]


def test_refusals_are_quoted_where_they_are_blamed() -> None:
    """Each rule's words stand behind the field that it names."""
    text = reference.render()
    assert "* `spec.session.type`: with endpoint ClientSecrets a session says its type" in text
    assert "* `spec.headers`: headers must not carry a credential" in text
    assert text.count("baseURL takes no blanks") == 1

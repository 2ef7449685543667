"""What the person who watches sees."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from demo.screen import Frame, Lines, LiveTable, bar, screen_for
from demo.sessions import SessionState
from observer import Figures, SessionRow

NOW = 1_000_000.0
FIGURES = Figures(
    sessions=2,
    observations=6,
    rotations=4,
    expired_seconds=0.0,
    missing_seconds=0.0,
    excused_seconds=0.0,
    fresh_again_at=None,
    unfresh=0,
    torn=0,
    mints=5,
    undue_mints=0,
    orphan_mints=0,
    cut_short_mints=0,
    unanswered_mints=0,
    unjudged_mints=0,
    life_used_mean=None,
    lateness_p50_s=None,
    lateness_p99_s=None,
    lateness_max_s=None,
)
DOORBELL = SessionState("doorbell", ready="True", stalled=False, reason="Issued", message="", lead=5.0)
REFUSED = SessionState(
    "misspelled",
    ready="False",
    stalled=True,
    reason="ProviderRejected",
    message="spec.session.instuctions is refused as written.",
    lead=None,
)
ROW = SessionRow(
    namespace="demo",
    name="doorbell",
    first_token_at=NOW - 20,
    issued_at=NOW - 2,
    expires_at=NOW + 8,
    rotations=4,
    expired_seconds=0.0,
    missing_seconds=0.0,
)
FRAME = Frame(
    elapsed=20.0,
    seconds=60.0,
    now=NOW,
    states=[DOORBELL, REFUSED],
    rows={"doorbell": ROW},
    figures=FIGURES,
)


def console(*, is_terminal: bool, width: int = 80) -> tuple[Console, io.StringIO]:
    """A console that writes into memory."""
    file = io.StringIO()
    made = Console(
        file=file, force_terminal=is_terminal, width=width, height=40, color_system=None, highlight=False
    )
    return made, file


@pytest.mark.parametrize(
    ("left", "lead", "drawn", "style"),
    [
        (10.0, 5.0, "━━━━━┃━━━━", "green"),
        (6.0, 5.0, "━━━━━┃────", "green"),
        (4.0, 5.0, "━━━━─┃────", "yellow"),
        (-1.0, 5.0, "─────┃────", "red"),
        (5.0, None, "━━━━━─────", "green"),
        (20.0, 20.0, "━━━━━━━━━┃", "green"),
    ],
)
def test_a_bar_shows_what_is_left_and_where_it_is_rotated(
    left: float, lead: float | None, drawn: str, style: str
) -> None:
    """Green until the mark, yellow beyond it, red once expired."""
    made = bar(left, 10.0, lead, 10)
    assert made.plain == drawn
    assert style in {str(span.style) for span in made.spans}


def test_a_token_without_life_has_an_empty_bar() -> None:
    """A provider that answers nonsense breaks no table."""
    assert bar(0.0, 0.0, 5.0, 4).plain == "────"


def test_a_table_on_a_terminal() -> None:
    """80 columns hold every name, number and reason unbroken, and the refusal's sentence stands below."""
    made, file = console(is_terminal=True)
    with LiveTable(made) as table:
        table.draw(FRAME)
    lines = file.getvalue().splitlines()
    doorbell = next(line for line in lines if line.startswith("doorbell"))
    assert doorbell.split()[1] == "True"
    assert doorbell.split()[-2:] == ["4", "Issued"]
    assert "8 s of 10" in doorbell
    assert any(line.split()[-2:] == ["0", "ProviderRejected"] and "no token" in line for line in lines)
    assert "misspelled  spec.session.instuctions is refused as written." in file.getvalue()
    assert "expired 0.0 s, missing 0.0 s, undue mints 0" in file.getvalue()
    assert "20 s of 60 s" in file.getvalue()


def test_a_new_rotation_stands_out_for_a_second() -> None:
    """The number is bold when it has just grown, and plain afterwards."""
    file = io.StringIO()
    made = Console(file=file, force_terminal=True, width=100, height=40, color_system="standard")
    bold_four = "\x1b[1;32m      4\x1b[0m"
    with LiveTable(made) as table:
        table.draw(FRAME)
        assert bold_four in file.getvalue()
        file.truncate(0)
        table.draw(replace(FRAME, elapsed=21.5))
        assert bold_four not in file.getvalue()


def test_lines_elsewhere() -> None:
    """One line at once, another after five seconds, and the last one at the end."""
    made, file = console(is_terminal=False)
    with Lines(made) as lines:
        for elapsed in (0.0, 0.25, 4.9, 5.0, 6.0, 59.9, 60.0):
            lines.draw(replace(FRAME, elapsed=elapsed))
    printed = file.getvalue().splitlines()
    assert [line[:6] for line in printed] == ["   0 s", "   5 s", "  60 s", "  60 s"]
    assert printed[0][6:] == "  doorbell Ready 8 s left 4 rotations, misspelled ProviderRejected"


@pytest.mark.parametrize(
    ("is_terminal", "kind", "environment"),
    [(True, LiveTable, {}), (False, Lines, {}), (True, Lines, {"TERM": "dumb"})],
)
def test_the_screen_suits_the_console(is_terminal: bool, kind: type, environment: dict[str, Any]) -> None:  # noqa: FBT001 - a parameter of the table above
    """What cannot move the cursor gets lines."""
    made = Console(file=io.StringIO(), force_terminal=is_terminal, _environ={"TERM": "xterm"} | environment)
    assert type(screen_for(made)) is kind

"""What the person who watches sees: a live table on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console, RenderableType

    from demo.sessions import SessionState
    from observer import Figures, SessionRow

LINE_EVERY_SECONDS: Final = 5.0
NEWS_SECONDS: Final = 1.0
"""How long a new rotation stands out."""

WIDEST_BAR, OTHER_COLUMNS = 40, 63
"""Cells: of the bar at most, and of everything beside it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment of the show.

    Attributes:
        elapsed: seconds since the sessions were applied.
        seconds: how long the show runs.
        now: seconds since the epoch.
        states: the sessions' own words.
        rows: the sessions as the observer sees them, by name.
        figures: of the observer.
    """

    elapsed: float
    seconds: float
    now: float
    states: Sequence[SessionState]
    rows: Mapping[str, SessionRow]
    figures: Figures

    def life(self, name: str) -> tuple[float, float] | None:
        """Give how many seconds a session's token has left, and how many it had; None without a token."""
        row = self.rows.get(name)
        if row is None or row.expires_at is None or row.issued_at is None:
            return None
        return row.expires_at - self.now, row.expires_at - row.issued_at

    def rotations(self, name: str) -> int:
        """Give how many times a session's token was replaced."""
        row = self.rows.get(name)
        return row.rotations if row else 0


class Screen(Protocol):
    """Where frames are drawn; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def draw(self, frame: Frame) -> None:
        """Show one frame."""
        ...


def screen_for(console: Console) -> Screen:
    """Choose what suits the console."""
    is_live = console.is_terminal and not console.is_dumb_terminal
    return LiveTable(console) if is_live else Lines(console)


class Lines:
    """Prints a line every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console, self._next = console, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def draw(self, frame: Frame) -> None:
        """Print a line if it is time for one."""
        if frame.elapsed < self._next and frame.elapsed < frame.seconds:
            return
        self._next = frame.elapsed + LINE_EVERY_SECONDS
        sessions = ", ".join(_phrase(frame, state) for state in frame.states)
        self._console.print(f"{frame.elapsed:4.0f} s  {sessions}", soft_wrap=True, highlight=False)


def _phrase(frame: Frame, state: SessionState) -> str:
    life = frame.life(state.name)
    if life is None:
        return f"{state.name} {state.reason}"
    word = "Ready" if state.ready == "True" else state.reason
    return f"{state.name} {word} {life[0]:.0f} s left {frame.rotations(state.name)} rotations"


class LiveTable:
    """Redraws a table in place; the last one stays."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False)
        self._rotated: dict[str, tuple[int, float]] = {}

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        self._console.print()  # what follows begins on a line without the terminal's own signs

    def draw(self, frame: Frame) -> None:
        """Draw one frame in the place of the one before."""
        self._live.update(self._picture(frame), refresh=True)

    def _picture(self, frame: Frame) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("SESSION", "READY", "REMAINING LIFE"):
            table.add_column(title, no_wrap=True)
        table.add_column("ROTATED", justify="right")
        table.add_column("LAST REASON", no_wrap=True)
        for state in frame.states:
            table.add_row(
                state.name,
                _ready(state),
                self._life(frame, state),
                self._rotations(frame, state.name),
                Text(state.reason, style="red" if state.stalled else ""),
            )
        return Group("", table, "", *_footnotes(frame))

    def _life(self, frame: Frame, state: SessionState) -> Text:
        life = frame.life(state.name)
        if life is None:
            return Text("no token", style="dim")
        left, whole = life
        cells = max(8, min(WIDEST_BAR, self._console.width - OTHER_COLUMNS))
        return bar(left, whole, state.lead, cells) + Text(
            f" {max(0.0, left):4.0f} s of {math.ceil(whole):<3}"
        )

    def _rotations(self, frame: Frame, name: str) -> Text:
        count = frame.rotations(name)
        before, since = self._rotated.get(name, (0, -NEWS_SECONDS))
        if count != before:
            since = frame.elapsed
            self._rotated[name] = count, since
        is_news = frame.elapsed - since < NEWS_SECONDS
        return Text(str(count), style="bold green" if is_news else "")


def bar(left: float, whole: float, lead: float | None, cells: int) -> Text:
    """Draw what is left of a life, with a mark where it is rotated: yellow beyond the mark, red at its end.

    Args:
        left: seconds left.
        whole: seconds of the whole life.
        lead: seconds left when it is rotated; None if that is not known.
        cells: the bar's width.
    """
    share = min(1.0, max(0.0, left / whole)) if whole > 0 else 0.0
    filled = round(share * cells)
    style = "red" if left <= 0 else "yellow" if lead is not None and left < lead else "green"
    used = "red" if left <= 0 else "dim"
    drawn = Text.assemble(("━" * filled, style), ("─" * (cells - filled), used))
    if lead is None or whole <= 0:
        return drawn
    mark = min(cells - 1, max(0, round(lead / whole * cells)))
    return Text.assemble(drawn[:mark], ("┃", "bold"), drawn[mark + 1 :])


def _ready(state: SessionState) -> Text:
    style = {"True": "green", "False": "red"}.get(state.ready, "dim")
    return Text(state.ready, style=style)


def _footnotes(frame: Frame) -> list[Text]:
    figures = frame.figures
    bad = figures.expired_seconds or figures.missing_seconds or figures.undue_mints
    seen = Text.assemble(
        ("observer  ", "bold"),
        (
            f"expired {figures.expired_seconds:.1f} s, missing {figures.missing_seconds:.1f} s, undue mints {figures.undue_mints}",
            "bold red" if bad else "green",
        ),
        f"   mints {figures.mints}, rotations {figures.rotations}, observations {figures.observations}",
    )
    refused = [
        Text.assemble((f"{state.name}  ", "bold"), (state.message, "dim"))
        for state in frame.states
        if state.stalled
    ]
    clock = Text(f"{frame.elapsed:.0f} s of {frame.seconds:.0f} s; Ctrl-C ends it", style="dim")
    return [*refused, seen, clock]

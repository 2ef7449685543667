"""The tables of the documents, made from the rows; the same that a run of the tests prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from conformance.faults import FAULTS, Fault
from conformance.rows import ROWS, Row

HELD, BROKEN, NOT_RUN = "✓", "✗", "·"
Verdict = Callable[[Row, Fault], bool | None]
"""Whether a row held under a fault; None where that was not tried."""


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table as Markdown, its columns aligned, so that it also reads well in a terminal."""
    cells = [list(head), *(list(line) for line in lines)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(head))]
    rule = ["-" * width for width in widths]
    padded = [
        [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        for line in (cells[0], rule, *cells[1:])
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def matrix(verdict: Verdict) -> str:
    """Dialect and endpoint by fault."""
    marks = {True: HELD, False: BROKEN, None: NOT_RUN}
    head = ["dialect", "endpoint", *(fault.name for fault in FAULTS)]
    lines = (
        [row.dialect, str(row.endpoint), *(marks[verdict(row, fault)] for fault in FAULTS)] for row in ROWS
    )
    return markdown(head, lines)


def legend() -> str:
    """What each fault is, and what must come of it."""
    lines = ([fault.name, fault.what, f"`{fault.outcome}`"] for fault in FAULTS)
    return markdown(["fault", "the server", "what comes of it"], lines)


def recipes() -> str:
    """What one writes for each server."""
    head = ["server", "baseURL", "endpoint", "further fields of the provider", "lifetime"]
    return markdown(head, (_recipe(row) for row in ROWS))


def _recipe(row: Row) -> list[str]:
    lifetime = "as asked" if row.lifetime == row.granted else f"{row.granted} s at most"
    if row.lifetime is None:
        lifetime = "its own"
    return [row.dialect, f"`{row.base_url}`", f"`{row.endpoint}`", row.fields, lifetime]

"""What a witness tells while it watches, and what it has seen in the end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from demo.children import Child

NEXT_LINE_S: Final = 0.005
"""How often is looked for the next line."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a witness saw.

    Attributes:
        began_at: when it had seen all that there was, seconds since the epoch.
        figures: those of `observer.Figures`.
        findings: sentences on what was wrong.
        first_tokens: by session: when its Secret was first seen with a token.
        lateness_quantiles: share of the rotations, and the lateness in seconds that so many of them do not exceed.
    """

    began_at: float
    figures: dict[str, Any]
    findings: list[str]
    first_tokens: dict[str, float]
    lateness_quantiles: list[tuple[float, float]] = field(default_factory=list)


class Witness:
    """A witness at work."""

    def __init__(self, child: Child, out: Path, log: Path) -> None:
        self.child, self._out, self._log = child, out, log
        self._offset = 0
        self.latest: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Give its latest line; empty before the first."""
        with self._log.open("rb") as file:
            file.seek(self._offset)
            added = file.read()
        whole = added[: added.rfind(b"\n") + 1]
        self._offset += len(whole)
        lines = [line for line in whole.splitlines() if line.startswith(b"{")]
        if lines:
            self.latest = json.loads(lines[-1])
        return self.latest

    async def next_line(self) -> dict[str, Any]:
        """Wait for its next line, which comes within half a second, and give it."""
        self.read()
        before = self._offset
        while self._offset == before:
            await asyncio.sleep(NEXT_LINE_S)
            self.read()
        return self.latest

    def lines(self) -> list[dict[str, Any]]:
        """Give all its lines so far, two a second, the oldest first; `at` is when, in seconds since the epoch."""
        whole = self._log.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]

    def evidence(self) -> Evidence:
        """Give what it saw, once it has ended."""
        return Evidence(**json.loads(self._out.read_text()))

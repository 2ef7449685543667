"""Shows on standard error how far a long task is: one moving line on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time

LINE_EVERY_SECONDS = 10.0  # in a log file; a build of 3 minutes is 18 lines
REDRAW_EVERY_SECONDS = 0.25
BAR_CELLS = 24


class Progress:
    """The progress of one named task. `show` may be called as often as you like."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._started = time.monotonic()
        self._next = 0.0
        self._is_terminal = sys.stderr.isatty()

    def show(self, what: str, done: int = 0, of: int = 0) -> None:
        """Say what is going on; with `of`, also how much of it is done."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (REDRAW_EVERY_SECONDS if self._is_terminal else LINE_EVERY_SECONDS)
        counted = f", {done} of {of}" if of else f", {done}" if done else ""
        if self._is_terminal:
            filled = BAR_CELLS * min(done, of) // of if of else 0
            bar = f"[{'#' * filled}{'.' * (BAR_CELLS - filled)}] " if of else ""
            sys.stderr.write(f"\r\033[K{self._head()} {bar}{what}{counted}")
        else:
            sys.stderr.write(f"{self._head()} {what}{counted}\n")
        sys.stderr.flush()

    def close(self, result: str) -> None:
        """Say how it ended, on a line that stays."""
        start = "\r\033[K" if self._is_terminal else ""
        sys.stderr.write(f"{start}{self._head()} {result}\n")
        sys.stderr.flush()

    def _head(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{self._task} {minutes}:{seconds:02}"

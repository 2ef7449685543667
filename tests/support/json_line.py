"""A pytest plug-in that prints the run's result as one line of JSON, last."""

from __future__ import annotations

import json
import sys
import time

import pytest


class JsonLine:
    """Counts the outcomes and prints them after pytest's own closing line."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._line: str | None = None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        """Keep the figures; the closing line of pytest itself is still to come."""
        stats = terminalreporter.stats
        figures = {
            name: len(stats.get(name, ())) for name in ("passed", "failed", "error", "skipped", "xfailed")
        }
        figures |= {"exit": int(exitstatus)}
        self._line = json.dumps(figures | {"seconds": round(time.monotonic() - self._started, 1)})

    def pytest_unconfigure(self) -> None:
        """Print the line."""
        if self._line is not None:
            sys.stdout.write(self._line + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Register the counter of this run."""
    config.pluginmanager.register(JsonLine(), "json-line")

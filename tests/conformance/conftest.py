"""The table that a run of the matrix prints."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from conformance.faults import FAULTS
from conformance.rows import ROWS
from conformance.table import matrix

VERDICTS = pytest.StashKey[dict[tuple[str, str], bool]]()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is known yet."""
    config.stash[VERDICTS] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what became of a cell: it held if no phase of its test failed."""
    report = yield
    cell = getattr(getattr(item, "callspec", None), "params", {})
    if {"row", "fault"} <= cell.keys():
        verdicts = item.config.stash.setdefault(VERDICTS, {})
        key = (cell["row"].name, cell["fault"].name)
        verdicts[key] = verdicts.get(key, True) and not report.failed
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the matrix of this run, where it ran."""
    verdicts = config.stash.get(VERDICTS, {})
    if not verdicts:
        return
    held = sum(verdicts.values())
    terminalreporter.section(f"conformance: {held} of {len(ROWS) * len(FAULTS)} hold")
    terminalreporter.write_line(matrix(lambda row, fault: verdicts.get((row.name, fault.name))))

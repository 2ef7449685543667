"""The table that a run of the matrix prints, also where its tests ran in several processes."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from conformance.faults import FAULTS
from conformance.rows import ROWS
from conformance.table import matrix

CELL = "cell of the conformance matrix"


class Verdicts:
    """What became of each cell: it held if no phase of its test failed."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a report says of its cell; it may come from another process."""
        for name, cell in report.user_properties:
            if name == CELL and isinstance(cell, (list, tuple)):
                row, fault = cell
                self._held[row, fault] = self._held.get((row, fault), True) and not report.failed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the matrix of this run, where it ran."""
        if not self._held:
            return
        held = sum(self._held.values())
        terminalreporter.section(f"conformance: {held} of {len(ROWS) * len(FAULTS)} hold")
        terminalreporter.write_line(matrix(lambda row, fault: self._held.get((row.name, fault.name))))


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is known yet."""
    config.pluginmanager.register(Verdicts(), "conformance-verdicts")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the cell into the report of its test."""
    cell = getattr(getattr(item, "callspec", None), "params", {})
    report = yield
    if {"row", "fault"} <= cell.keys():
        report.user_properties.append((CELL, (cell["row"].name, cell["fault"].name)))
    return report

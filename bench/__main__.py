"""Command line of the bench."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.arithmetic import Figure
from bench.figures import figures_of, remarks_on
from bench.machine import commit, limits, machine, versions
from bench.report import Report
from bench.scenarios import perform
from bench.settings import Scenario, Settings, read_settings
from bench.stage import stage
from bench.supervised import NOT_DONE, supervised
from bench.surroundings import Home, home
from demo.ending import Ending
from hack.controlplane import end_with_parent
from hack.image.commands import ImageError

INTERRUPTED: Final = 130
UNDISTURBED: Final = frozenset({Scenario.STEADY, Scenario.NOISY, Scenario.SOAK})
"""Nothing happens to the sessions that are measured: they rotate as often as their plans say."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run's figures, remarks, and what is kept besides."""

    figures: dict[str, Figure]
    remarks: list[str]
    details: dict[str, object]


def main() -> int:
    """Run the bench; 0 when it was measured, 1 when it could not be, 2 for what cannot be asked, 130 when interrupted."""
    settings = read_settings(None, os.environ)
    end_with_parent()
    try:
        operators_home = home(settings.operator_in)
    except ImageError as error:
        sys.stderr.write(
            f"bench: {error}\nbench: OPERATOR_IN=here measures the operator in this environment\n"
        )
        return 1
    conditions = {
        "machine": machine(),
        "limits": limits(
            controllers=settings.has_controllers,
            operator_in=settings.operator_in,
            watch_secrets=settings.watch_secrets,
        ),
        "versions": versions(operators_python=operators_home.version),
        "commit": commit(),
    }
    _show_conditions(settings, conditions)
    results = []
    for number in range(1, settings.runs + 1):
        label = f"{settings.scenario} {number}/{settings.runs}"
        with Ending() as ending:
            try:
                results.append(_measured(settings, operators_home, ending, label))
            except NOT_DONE as error:
                sys.stderr.write(f"\nbench: {error}\n")
                return 1
            except (KeyboardInterrupt, asyncio.CancelledError):
                sys.stderr.write(f"\nbench: {ending.came} ended it\n")
                return INTERRUPTED
    report = Report(
        settings,
        runs=[result.figures for result in results],
        remarks=[result.remarks for result in results],
        details=[result.details for result in results],
        conditions=conditions,
    )
    _tell(report)
    return 0


def _measured(settings: Settings, operators_home: Home, ending: Ending, label: str) -> Result:
    sys.stderr.write(f"{label}: starting a control plane, the stand-in provider and the operator\n")
    with stage(settings, controllers=settings.has_controllers, operators_home=operators_home) as running:
        seen = asyncio.run(supervised(perform, running, settings, ending, label))
    sys.stderr.write("\n")
    figures = figures_of(seen)
    remarks = remarks_on(figures, seen, is_even=settings.scenario in UNDISTURBED)
    details = seen.details | {
        "findings": seen.during.findings,
        "witness": seen.during.figures,
        "lateness_quantiles": seen.during.lateness_quantiles,
    }
    return Result(figures, remarks, details)


def _show_conditions(settings: Settings, conditions: Mapping[str, object]) -> None:
    asked = (
        f"{settings.scenario}: {settings.sessions} sessions of {settings.lifetime} s, provider latency {settings.latency:g} s,"
        f" {settings.seconds:g} s, {settings.runs} runs; due every {settings.period:.1f} s"
    )
    print(asked, flush=True)
    for name, values in conditions.items():
        print(f"{name}: {json.dumps(values)}", flush=True)


def _tell(report: Report) -> None:
    print(report.table())
    for sentence in report.requests():
        print(sentence)
    for remark in report.remarks():
        print(f"note: {remark}")
    print(f"kept in {report.keep()}")
    print(report.line(), flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Command line of the drill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import Final

from bench.stage import stage
from bench.supervised import NOT_DONE, supervised
from demo.ending import Ending
from drill.overheard import Overheard
from drill.performance import Performance
from drill.proxy import Proxy
from drill.report import Report
from drill.settings import Settings, read_settings
from hack.controlplane import end_with_parent

INTERRUPTED: Final = 130


def main() -> int:
    """Play; 0 when all is as it should be, 1 when it is not, 2 for what cannot be asked, 130 when interrupted."""
    settings = read_settings(None, os.environ)
    end_with_parent()
    overheard, proxy, trouble = Overheard(sys.stderr), Proxy(), ""
    performance = Performance(settings, proxy, overheard.said)
    with Ending() as ending, contextlib.redirect_stderr(overheard):
        try:
            _play(settings, performance, proxy, ending)
        except NOT_DONE as error:
            sys.stderr.write(f"\ndrill: {error}\n")
            trouble = type(error).__name__
        except (KeyboardInterrupt, asyncio.CancelledError):
            sys.stderr.write(f"\ndrill: {ending.came} ended it\n")
            return INTERRUPTED
    report = Report(settings, performance, trouble)
    print(report.table())
    for remark in report.remarks():
        print(f"note: {remark}")
    print(report.line(), flush=True)
    return 0 if report.ok else 1


def _play(settings: Settings, performance: Performance, proxy: Proxy, ending: Ending) -> None:
    print(
        f"{settings.sessions} sessions of {settings.lifetime} s, provider latency {settings.load.latency:g} s,"
        f" {', '.join(settings.scenarios)}; {settings.after:.1f} s after each fault",
        flush=True,
    )
    sys.stderr.write("drill: starting a control plane, the stand-in provider and the operator\n")
    with stage(settings.load, controllers=True, way=proxy.in_front_of) as running:
        asyncio.run(supervised(performance.perform, running, settings.load, ending, "drill"))
    sys.stderr.write("\n")


if __name__ == "__main__":
    sys.exit(main())

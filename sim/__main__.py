"""Command line of the simulator."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import Final

from demo.ending import Ending
from hack.controlplane import end_with_parent
from sim.company import Progress, StoryError, play_all
from sim.profile import rows
from sim.report import Report
from sim.settings import Settings, read_settings

INTERRUPTED: Final = 130


def main() -> int:
    """Play; 0 when the promise was kept, 1 when it was not, 2 for what cannot be asked, 130 when interrupted."""
    settings = read_settings(None, os.environ)
    end_with_parent()
    if settings.profile:
        return _profile(settings)
    print(
        f"{settings.seeds} stories of {settings.sessions} sessions from seed {settings.seed} on, one of {settings.large};"
        f" {settings.hours:g} h, tokens of {settings.lifetime} s, {len(settings.faults)} kinds of faults",
        flush=True,
    )
    began = time.monotonic()
    with Ending() as ending:
        try:
            outcomes = play_all(settings.scenes, jobs=settings.jobs, tell=_tell)
        except StoryError as error:
            sys.stderr.write(f"\nsim: {error}\n")
            return 1
        except KeyboardInterrupt:
            sys.stderr.write(f"\nsim: {ending.came} ended it\n")
            return INTERRUPTED
    sys.stderr.write("\n")
    report = Report(settings, outcomes, time.monotonic() - began)
    for remark in report.remarks():
        print(remark)
    print(report.line(), flush=True)
    return 0 if report.ok else 1


def _profile(settings: Settings) -> int:
    logging.disable(logging.CRITICAL)  # faults by the thousand are the story
    for row in rows(settings.scenes[0]):
        print(row, flush=True)
    return 0


def _tell(progress: Progress) -> None:
    sys.stderr.write(f"\r{progress!s:<110}" if sys.stderr.isatty() else f"{progress}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())

"""What Linux tells of processes and of the machine in ``/proc``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
KIB_PER_MIB: Final = 1024
UTIME, STIME = 11, 12
"""Positions behind the command's closing bracket in ``/proc/PID/stat``."""

IDLE, IOWAIT, STEAL = 3, 4, 7
"""Positions of what is not ours to use in the first line of ``/proc/stat``; those after them count twice."""


def cpu_seconds_in(stat: str) -> float:
    """CPU time of a process and its ended threads, from the text of ``/proc/PID/stat``."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[UTIME]) + int(fields[STIME])) / TICKS_PER_SECOND


def anonymous_mib_in(status: str) -> float:
    """Resident anonymous memory in MiB, from the text of ``/proc/PID/status``.

    Raises:
        ValueError: there is no such line, as for a process that has ended.
    """
    found = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise ValueError("no RssAnon")
    return int(found[1]) / KIB_PER_MIB


def busy_seconds_in(stat: str) -> float:
    """CPU time that all cores together were busy, from the text of ``/proc/stat``."""
    ticks = [int(field) for field in stat.partition("\n")[0].split()[1:]]
    used = [count for at, count in enumerate(ticks[: STEAL + 1]) if at not in (IDLE, IOWAIT, STEAL)]
    return sum(used) / TICKS_PER_SECOND


def cpu_seconds(pid: int) -> float:
    """CPU time of a living process.

    Raises:
        OSError: it is gone.
    """
    return cpu_seconds_in(Path(f"/proc/{pid}/stat").read_text())


def anonymous_mib(pid: int) -> float:
    """Resident anonymous memory of a living process in MiB.

    Raises:
        OSError, ValueError: it is gone.
    """
    return anonymous_mib_in(Path(f"/proc/{pid}/status").read_text())


def busy_seconds() -> float:
    """CPU time that all cores together were busy since the machine's start."""
    return busy_seconds_in(Path("/proc/stat").read_text())

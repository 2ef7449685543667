"""CPU time and memory of the processes that are measured, and of the machine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.procfs import anonymous_mib, busy_seconds, cpu_seconds

OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading.

    Attributes:
        at: moment, seconds since the epoch.
        cpu: CPU seconds by role since its first process started.
        machine: CPU seconds of all cores since the machine's start.
    """

    at: float
    cpu: Mapping[str, float]
    machine: float

    def until(self, later: Reading) -> Usage:
        """What was used between this reading and a later one."""
        cpu = {role: seconds - self.cpu.get(role, 0.0) for role, seconds in later.cpu.items()}
        return Usage(later.at - self.at, cpu, later.machine - self.machine)


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used in a stretch of time.

    Attributes:
        seconds: its length.
        cpu: CPU seconds by role.
        machine: CPU seconds of all cores.
    """

    seconds: float
    cpu: Mapping[str, float]
    machine: float

    def percent(self, role: str) -> float:
        """The share of one core that a role had, in percent."""
        return 100 * self.cpu[role] / self.seconds

    def others_percent(self) -> float:
        """The share of one core that processes had which are not the bench's, in percent."""
        return max(0.0, 100 * (self.machine - sum(self.cpu.values())) / self.seconds)


class Meters:
    """Follows roles through the processes that play them.

    Attributes:
        peak_mib: the most anonymous memory that the operator was seen to have, looked at by `look`.
        memory_mib: the latest.
    """

    def __init__(self) -> None:
        self._living: set[tuple[str, int]] = set()
        self._ended: dict[str, float] = {}
        self.peak_mib = self.memory_mib = 0.0

    def follow(self, role: str, pid: int) -> None:
        """Count a process to a role."""
        self._living.add((role, pid))

    def settle(self, role: str, pid: int) -> None:
        """Count what a process used up to now for good; it is about to end."""
        self._ended[role] = self._ended.get(role, 0.0) + cpu_seconds(pid)
        self._living.remove((role, pid))

    def look(self) -> None:
        """Look at the operator's memory."""
        for role, pid in self._living:
            if role == OPERATOR:
                with contextlib.suppress(OSError, ValueError):
                    self.memory_mib = anonymous_mib(pid)
                    self.peak_mib = max(self.peak_mib, self.memory_mib)

    def read(self) -> Reading:
        """Read everything now.

        Raises:
            OSError: a process has ended.
        """
        cpu = dict(self._ended)
        for role, pid in self._living:
            cpu[role] = cpu.get(role, 0.0) + cpu_seconds(pid)
        return Reading(time.time(), cpu, busy_seconds())

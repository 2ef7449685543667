"""Windows in which nothing happens to the sessions: hours of rotations, or none at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.arithmetic import Figure
from bench.run import Run
from bench.testimony import Evidence

PERCENT = 100


async def soak(run: Run) -> Soaked:
    """Let the window pass, and look at the operator's memory in the middle and at the end."""
    half = run.settings.seconds / 2
    await run.rest("soaking, first half", half)
    at_half = _memory(run)
    await run.rest("soaking, second half", half)
    return Soaked(at_half, _memory(run))


def _memory(run: Run) -> float:
    run.stage.meters.look()
    return run.stage.meters.memory_mib


@dataclass(frozen=True, slots=True)
class Soaked:
    """Anonymous memory of the operator in MiB: in the middle of the window, and at its end."""

    half_mib: float
    end_mib: float

    def figures(self, *_: Evidence | Sequence[Mapping[str, Any]] | Path) -> dict[str, Figure]:
        """Give memory and its growth over the second half."""
        return {
            "memory_half_mib": self.half_mib,
            "memory_growth_percent": PERCENT * (self.end_mib / self.half_mib - 1),
        }

    def details(self, _: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Nothing besides."""
        return {}

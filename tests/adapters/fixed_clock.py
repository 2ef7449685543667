"""A clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FixedClock:
    """Stands still at ``time``, in seconds since the epoch, or moves on by ``step`` with every look at it."""

    time: float = 1_764_000_000.0
    step: float = 0.0

    def now(self) -> float:
        """The time that was set."""
        self.time += self.step
        return self.time

"""What the peer was measured to need: External Secrets Operator (2.9), tuned, on such a machine; docs/performance.md says how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NAME: Final = "External Secrets Operator, tuned"


@dataclass(frozen=True, slots=True)
class PeerRun:
    """One run.

    Attributes:
        sessions: how many there were.
        interval: seconds between two rotations of one.
        cpu_ms: of its own CPU per rotation.
        memory_mib: RssAnon.
    """

    sessions: int
    interval: int
    cpu_ms: float
    memory_mib: float


TUNED: Final = (
    PeerRun(100, 30, 2.6, 87),
    PeerRun(1_000, 30, 3.9, 114),
    PeerRun(5_000, 30, 6.8, 242),
    PeerRun(10_000, 30, 21.0, 373),
    PeerRun(10_000, 300, 17.9, 359),
)

RECOVERY: Final = ((0.0, 100.0), (50.0, 50.0), (100.0, 0.0))
"""After an outage of 60 s with 1,000 tokens of 60 s: seconds since the provider is back, and percent of the sessions not fresh yet.
Median and last are measured, the lines between them are not."""

"""The bench's arithmetic: evenness, what was needed, what an outage makes unavoidable, runs taken together."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Final

TIMES_CUT_S: Final = 0.5
"""What an issue time loses on average when it is cut to the whole second."""

Figure = float | int | None


def unevenness(moments: Iterable[float], period: float) -> float:
    """How unevenly moments lie within a period: 0 for even, towards 1 for all at once.

    It is the largest surplus plus the largest lack of moments up to any phase, as a share of all (Kuiper's
    statistic, which does not depend on where the period begins). N random moments have about 1.6 / sqrt(N).
    """
    phases = sorted((moment % period) / period for moment in moments)
    count = len(phases)
    if not count:
        return 0.0
    surplus = max((index + 1) / count - phase for index, phase in enumerate(phases))
    lack = max(phase - index / count for index, phase in enumerate(phases))
    return surplus + lack


def needed_rate(planned: Sequence[tuple[float, float]]) -> float:
    """Rotations per second that the sessions' own plans ask for.

    Args:
        planned: of each session, issue time (cut to the whole second) and rotation time, in seconds since the epoch.
    """
    if not planned:
        return 0.0
    return len(planned) / statistics.fmean(due - issued - TIMES_CUT_S for issued, due in planned)


def minimum_exposure(expiries: Iterable[float], *, begin: float, possible_at: float) -> float:
    """Seconds that tokens had to be expired while nothing could be minted, added up.

    Args:
        expiries: of the tokens held when it began.
        begin: when minting became impossible.
        possible_at: the earliest moment at which a new token could be there.
    """
    return sum(max(0.0, possible_at - max(expiry, begin)) for expiry in expiries)


def minimum_in_turns(
    expiries: Iterable[float], *, begin: float, back: float, latency: float, places: int
) -> float:
    """The same where only so many tokens are asked for at a time: the next ones when these have come, the first expired first.

    Args:
        expiries: of the tokens held when it began.
        begin: when minting became impossible.
        back: when it was possible again.
        latency: seconds that a mint takes.
        places: mints at a time.
    """
    there_at = (back + latency * (1 + index // places) for index in count())
    return sum(
        max(0.0, there - max(expiry, begin))
        for expiry, there in zip(sorted(expiries), there_at, strict=False)
    )


def per(amount: float | None, count: float) -> float | None:
    """A share of an amount for each of `count`; None where there is none."""
    return None if amount is None or not count else amount / count


def median_of(runs: Sequence[Mapping[str, Figure]]) -> dict[str, Figure]:
    """The median of each figure over the runs that have it; None where none has."""
    return {name: (statistics.median(values) if values else None) for name, values in _by_name(runs).items()}


def range_of(runs: Sequence[Mapping[str, Figure]]) -> dict[str, tuple[float, float] | None]:
    """The least and the greatest of each figure over the runs that have it; None where none has."""
    return {name: ((min(values), max(values)) if values else None) for name, values in _by_name(runs).items()}


def _by_name(runs: Sequence[Mapping[str, Figure]]) -> dict[str, list[float]]:
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: [value for run in runs if (value := run.get(name)) is not None] for name in names}

"""Where a story's time goes: by the parts of the product, and by what stands around it."""

from __future__ import annotations

import cProfile
import gc
import pstats
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from sim.play import Scene, play

PACKAGE: Final = "realtime_operator"
AROUND: Final = {"sim": "the simulator's models", "observer": "the judge", "asyncio": "asyncio"}
BUILT_IN: Final = "~"
REST: Final = "the standard library, and what it calls"


def rows(scene: Scene) -> Iterator[str]:
    """Play a story twice and give a table: part, microseconds of each rotation.

    The first time tells what a rotation costs, the second one, under a profiler, what share of it each part has.
    """
    _settle()
    plain = play(scene)
    cost = 1e6 * plain.cpu_s / plain.figures.rotations
    _settle()
    with cProfile.Profile() as profiler:
        play(scene)
    shares = _shares(pstats.Stats(profiler))
    yield f"{'part':<44}{'us per rotation':>16}"
    for part, share in sorted(shares.items(), key=lambda item: -item[1]):
        yield f"{part:<44}{share * cost:>16.0f}"
    yield f"{'all':<44}{cost:>16.0f}"


def _settle() -> None:
    gc.collect()
    gc.freeze()


def _shares(stats: pstats.Stats) -> Counter[str]:
    """Of the time in each part's own functions; what is built in counts for who calls it."""
    times: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if file != BUILT_IN:
            times[_part(file)] += own
        for (caller, _, _), (_, _, spent, _) in callers.items() if file == BUILT_IN else ():
            times[_part(caller)] += spent
    total = sum(times.values())
    return Counter({part: spent / total for part, spent in times.items()})


def _part(file: str) -> str:
    folders = PurePath(file).parts
    if PACKAGE in folders:
        below = folders[folders.index(PACKAGE) + 1 :]
        return f"{below[0]}/" if len(below) > 1 else "the pass: reconciler, secret_writer, pass_report …"
    return next((name for folder, name in AROUND.items() if folder in folders), REST)

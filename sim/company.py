"""Plays several stories, each in a process of its own, a few at a time."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import queue
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any, Final

from hack.controlplane import end_with_parent
from sim.play import Outcome, Scene, play

TELL_S: Final = 1.0
"""How often progress is told."""

SEEDED: Final = 20_000
"""Objects made and not freed until cycles are looked for, as in the product."""


class StoryError(Exception):
    """A story could not be played to its end; the message says which and why."""


@dataclass(slots=True)
class Progress:
    """How far all stories are.

    Attributes:
        scenes: how many there are.
        outcomes: of those that are done.
        shares: by seed, how much of each that runs is played.
        mints: by seed, tokens minted.
    """

    scenes: int
    outcomes: list[Outcome] = field(default_factory=list)
    shares: dict[int, float] = field(default_factory=dict)
    mints: dict[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """One line for people."""
        running = ", ".join(f"seed {seed} {share:.0%}" for seed, share in sorted(self.shares.items()))
        violations = sum(len(outcome.violations) for outcome in self.outcomes)
        mints = sum(self.mints.values())
        return f"{len(self.outcomes)}/{self.scenes} done, {violations} violations, {mints:,} mints; {running}"


def play_all(scenes: Sequence[Scene], *, jobs: int, tell: Callable[[Progress], None]) -> list[Outcome]:
    """Play stories, and give their outcomes in the order of the scenes.

    Args:
        scenes: what is played; their seeds differ.
        jobs: how many at a time.
        tell: told of the progress every second.

    Raises:
        StoryError: one of them could not be played.
        KeyboardInterrupt: passed on; no process is left behind.
    """
    context = multiprocessing.get_context("spawn")
    news: multiprocessing.Queue[tuple[int, Any]] = context.Queue()
    waiting, running = list(scenes), dict[int, BaseProcess]()
    progress = Progress(len(scenes))
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                scene = waiting.pop(0)
                running[scene.seed] = context.Process(target=_played, args=(scene, news), daemon=True)
                running[scene.seed].start()
            _hear(news, running, progress)
            tell(progress)
    finally:
        for process in running.values():
            process.terminate()
    order = [scene.seed for scene in scenes]
    return sorted(progress.outcomes, key=lambda outcome: order.index(outcome.scene.seed))


def _hear(
    news: multiprocessing.Queue[tuple[int, Any]], running: dict[int, BaseProcess], progress: Progress
) -> None:
    """Take in what the processes say within a second."""
    until = time.monotonic() + TELL_S
    while running and (left := until - time.monotonic()) > 0:
        try:
            seed, said = news.get(timeout=left)
        except queue.Empty:
            dead = [seed for seed, process in running.items() if process.exitcode not in {None, 0}]
            if dead:
                raise StoryError(f"the process of seed {dead[0]} ended early") from None
            continue
        if isinstance(said, str):
            raise StoryError(f"seed {seed}: {said}")
        if isinstance(said, Outcome):
            progress.outcomes.append(said)
            progress.shares.pop(seed, None)
            running.pop(seed).join()
            return
        progress.shares[seed], progress.mints[seed] = said


def _played(scene: Scene, news: multiprocessing.Queue[tuple[int, Any]]) -> None:
    """Play one story in this process."""
    end_with_parent()
    gc.freeze()
    gc.set_threshold(SEEDED)
    logging.getLogger("realtime_operator").setLevel(
        logging.CRITICAL + 1
    )  # faults by the thousand are the story
    try:
        news.put((scene.seed, play(scene, progress=lambda share, mints: _tell(news, scene, share, mints))))
    except Exception:  # noqa: BLE001 - told by the process that asked
        news.put((scene.seed, traceback.format_exc()))


def _tell(news: multiprocessing.Queue[tuple[int, Any]], scene: Scene, share: float, mints: int) -> None:
    news.put((scene.seed, (share, mints)))

"""One run under way: its witness, its progress, the moments between which it is measured."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from typing import Final

from bench.cluster import Api
from bench.exposition import Counts, requests_in, since, watches_ended_in
from bench.meters import OPERATOR, Reading, Usage
from bench.settings import Settings
from bench.stage import Stage
from bench.testimony import Evidence, Witness

PROGRESS_S: Final = 1.0
LOOK_AGAIN_S: Final = 0.1


class RunError(RuntimeError):
    """The run cannot be finished; the message says what broke."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The beginning of a window.

    Attributes:
        reading: of all processes.
        rotations: that the witness had counted.
        requests: that the API server had counted.
        watches: of the operator that had ended.
    """

    reading: Reading
    rotations: int
    requests: Counts
    watches: float


@dataclass(frozen=True, slots=True)
class Window:
    """What was measured between two moments.

    Attributes:
        usage: CPU time.
        requests: those that the API server got about our resources.
        watches: of the operator that ended, so that it had to begin them anew.
    """

    usage: Usage
    requests: Counts
    watches: float = 0.0


class Run:
    """One run.

    Attributes:
        stage: all that runs.
        api: as the administrator.
        created: by session: when its creation was sent.
    """

    def __init__(self, stage: Stage, settings: Settings, api: Api, label: str) -> None:
        self.stage, self.settings, self.api = stage, settings, api
        self.created: dict[str, float] = {}
        self._label, self._phase = label, "starting"
        self._phase_ends: float | None = None
        self._witness: Witness | None = None

    def enter(self, phase: str, seconds: float | None = None) -> None:
        """Say what goes on from now on, and how long that takes if it is known."""
        self._phase = phase
        self._phase_ends = None if seconds is None else time.monotonic() + seconds

    async def rest(self, phase: str, seconds: float) -> None:
        """Wait, and say for what."""
        self.enter(phase, seconds)
        await asyncio.sleep(seconds)

    async def witness(self, name: str, *, shown: bool = True) -> Witness:
        """Start a witness and wait until it watches.

        Args:
            name: for its files.
            shown: whether the progress tells what this one sees from now on.

        Raises:
            demo.children.StartError: it does not.
        """
        child, out, log = self.stage.start_witness(name)
        await asyncio.to_thread(child.first, "sessions")
        witness = Witness(child, out, log)
        if shown:
            self._witness = witness
        return witness

    async def evidence(self, witness: Witness) -> Evidence:
        """End a witness and give what it saw.

        Raises:
            RunError: it could not testify.
        """
        self.stage.dismiss(witness.child)
        code = await asyncio.to_thread(witness.child.end)
        if code:
            raise RunError(f"the {witness.child.name} ended with code {code}:\n{witness.child.tail()}")
        return witness.evidence()

    async def create(self, *, over: float) -> None:
        """Create the sessions."""
        self.enter("creating", over or None)
        await self.api.create(
            self.settings.sessions, self.settings.lifetime, over=over, created=self.created.__setitem__
        )

    async def all_ready(self, witness: Witness, within: float) -> None:
        """Wait until each session has had a token.

        Raises:
            RunError: some have none in time.
        """
        self.enter("getting ready", within)
        deadline = time.monotonic() + within
        while (ready := witness.read().get("ready", 0)) < self.settings.sessions:
            if time.monotonic() > deadline:
                raise RunError(
                    f"{ready} of {self.settings.sessions} sessions were ready after {within:.0f} s; the operator:\n"
                    + self.stage.operator.tail()
                )
            await asyncio.sleep(LOOK_AGAIN_S)

    async def idle_percent(self) -> float | None:
        """Measure the operator before there are sessions; None where no time is given to it."""
        if not self.settings.idle:
            return None
        before = self.stage.meters.read()
        await self.rest("idle", self.settings.idle)
        return before.until(self.stage.meters.read()).percent(OPERATOR)

    async def open_window(self, witness: Witness) -> Opened:
        """Begin to measure, at the moment at which the witness tells how far it has counted."""
        told = await witness.next_line()
        reading = self.stage.meters.read()
        metrics = await self.api.metrics()
        return Opened(reading, told["rotations"], requests_in(metrics), watches_ended_in(metrics))

    async def close_window(self, opened: Opened) -> Window:
        """End measuring."""
        usage = opened.reading.until(self.stage.meters.read())
        metrics = await self.api.metrics()
        ended = max(0.0, watches_ended_in(metrics) - opened.watches)
        return Window(usage, since(opened.requests, requests_in(metrics)), ended)

    async def progress(self) -> None:
        """Every second look at memory and at whether all lives, and say how far the run is.

        Raises:
            RunError: something has ended that should not have.
        """
        last = self.stage.meters.read()
        is_terminal = sys.stderr.isatty()
        while True:
            await asyncio.sleep(PROGRESS_S)
            if deaths := self.stage.deaths():
                raise RunError("\n".join(deaths))
            self.stage.meters.look()
            now = self.stage.meters.read()
            line = self._line(last.until(now))
            sys.stderr.write(f"\r\033[K{line}" if is_terminal else f"{line}\n")
            sys.stderr.flush()
            last = now

    def _line(self, usage: Usage) -> str:
        seen = self._witness.read() if self._witness else {}
        left = (
            "" if self._phase_ends is None else f" {max(0.0, self._phase_ends - time.monotonic()):.0f} s left"
        )
        operator = f"{usage.percent(OPERATOR):.1f} %" if OPERATOR in usage.cpu else "none"
        parts = [
            f"{self._label} {self._phase}{left}",
            f"{seen.get('ready', 0)}/{len(self.created)}/{self.settings.sessions} ready/created/all",
            f"{seen.get('rotations', 0)} rotations",
            f"expired {seen.get('expired_seconds', 0.0):.1f} s in {seen.get('unfresh', 0)}",
            f"operator {operator}, {self.stage.meters.memory_mib:.0f} MiB",
        ]
        trouble = seen.get("trouble")
        return " | ".join(parts) + (f" | watch: {trouble}" if trouble else "")

"""What is broken in a window, and what that did: the operator killed and started again, the provider out for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.arithmetic import Figure, minimum_exposure, minimum_in_turns, per
from bench.ledger import first_mint_after, held_at
from bench.run import Run
from bench.testimony import Evidence
from demo.provider.actions import Respond
from demo.provider.remote import RemoteProvider
from realtime_operator.api.provider import Limits

Lines = Sequence[Mapping[str, Any]]
"""What the window's witness told, twice a second."""

CURVE_MARGIN_S: Final = 5.0
"""How long before and after the curve of a recovery shows that all is well."""


async def restart(run: Run) -> Broken:
    """Kill the operator and start another one some seconds later."""
    killed_at = time.time()
    run.stage.kill_operator()
    await run.rest("without operator", run.settings.down)
    started_at = time.time()
    run.stage.start_operator()
    return Broken(killed_at, started_at, *_minima_of(run, killed_at, started_at))


async def outage(run: Run) -> Broken:
    """Let the provider answer 503 for a while."""
    begin = time.time()
    back = begin + run.settings.outage
    with RemoteProvider(run.stage.base_url) as provider:
        await asyncio.to_thread(provider.fault, Respond(status=503), until=back)
        await run.rest("outage", back - time.time())
        (refused,) = await asyncio.to_thread(provider.faults_taken)
    return Broken(begin, back, *_minima_of(run, begin, back), refused)


@dataclass(frozen=True, slots=True)
class Broken:
    """What was broken in a window; moments are in seconds since the epoch.

    Attributes:
        begun_at: when it was broken.
        back_at: when the provider was back, or the operator started again.
        minimum: seconds over all sessions in which tokens had to be expired.
        minimum_in_turns: the same with the provider's places.
        refused: mints that the provider refused; None where the operator was away.
    """

    begun_at: float
    back_at: float
    minimum: float
    minimum_in_turns: float
    refused: int | None = None

    def figures(self, during: Evidence, lines: Lines, ledger: Path) -> dict[str, Figure]:
        """Give the figures, from what the window's witness saw and told, and the ledger has."""
        told = during.figures
        fresh_at = told["fresh_again_at"] or self.back_at
        is_restart = self.refused is None
        return {
            "exposure_minimum_s": self.minimum,
            "exposure_over_minimum": per(told["expired_seconds"], self.minimum),
            "exposure_over_minimum_in_turns": per(told["expired_seconds"], self.minimum_in_turns),
            "recovered_s": None if told["unfresh"] else max(0.0, fresh_at - self.back_at),
            "refused_mints": self.refused,
            "first_mint_s": first_mint_after(ledger, self.back_at) if is_restart else None,
            "first_rotation_s": self._first_rotation(lines) if is_restart else None,
        }

    def details(self, lines: Lines) -> dict[str, Any]:
        """Give the curve of the recovery: seconds since it was back, and how many sessions had no living token then."""
        points = [(round(line["at"] - self.back_at, 2), line["unfresh"]) for line in lines]
        wrong = [at for at, unfresh in points if unfresh]
        until = max([0.0, *wrong]) + CURVE_MARGIN_S
        begin = self.begun_at - self.back_at - CURVE_MARGIN_S
        return {"unfresh_curve": [point for point in points if begin <= point[0] <= until]}

    def _first_rotation(self, lines: Lines) -> float | None:
        """Seconds from the start to the first line that tells of more rotations than there were."""
        before = max((line["rotations"] for line in lines if line["at"] <= self.back_at), default=0)
        after = (line["at"] for line in lines if line["at"] > self.back_at and line["rotations"] > before)
        at = next(after, None)
        return None if at is None else at - self.back_at


def minimum_of(run: Run, begin: float, back: float) -> float:
    """Give the seconds over all sessions in which tokens had to be expired, because nothing could be minted between two moments."""
    held = held_at(run.stage.ledger, back)
    return minimum_exposure(held.values(), begin=begin, possible_at=back + run.settings.latency)


def _minima_of(run: Run, begin: float, back: float) -> tuple[float, float]:
    """Give the same, and what it is with so many mints at a time as a provider has by default."""
    in_turns = minimum_in_turns(
        held_at(run.stage.ledger, back).values(),
        begin=begin,
        back=back,
        latency=run.settings.latency,
        places=Limits().max_in_flight,
    )
    return minimum_of(run, begin, back), in_turns

"""The scenarios: what is done, in what order, and between which moments it is measured."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.arithmetic import Figure, minimum_exposure, needed_rate, per, unevenness
from bench.figures import Seen
from bench.ledger import first_mint_after, held_at, mints_between
from bench.neighbour import hanging_neighbour
from bench.run import READY_WITHIN_S, Evidence, Opened, Run, Witness
from bench.settings import LEAD_IN_S, MINUTE_S, Scenario
from demo.provider.actions import ApiError, Respond
from demo.provider.remote import RemoteProvider

ORPHANS_JUDGED_S: Final = 11.0
"""A mint that has not reached its Secret after 10 s is an orphan."""

LOG_KINDS: Final = 20


async def perform(run: Run) -> Seen:
    """Do what the settings say.

    Raises:
        RunError, demo.children.StartError, bench.cluster.ApiError: it could not be done.
    """
    acts = {Scenario.CREATE: _create, Scenario.NOISY: _noisy, Scenario.THROTTLED: _throttled}
    return await acts.get(run.settings.scenario, _rotate)(run)


async def _create(run: Run) -> Seen:
    idle = await run.idle_percent()
    witness = await run.witness("creation")
    opened = await run.open_window(witness)
    await run.create(over=0)
    await run.all_ready(witness, run.settings.seconds)
    return await _created(run, idle, witness, opened, {})


async def _throttled(run: Run) -> Seen:
    settings, ledger = run.settings, run.stage.ledger
    idle = await run.idle_percent()
    witness = await run.witness("creation")
    refusal = Respond(status=429, error=ApiError(code="rate_limit_exceeded", type="rate_limit_error"))
    with RemoteProvider(run.stage.base_url) as provider:
        await asyncio.to_thread(provider.fault, refusal, beyond_per_minute=settings.per_minute)
        opened = await run.open_window(witness)
        ends = time.monotonic() + settings.seconds
        await run.create(over=0)
        await run.rest("the first minute", MINUTE_S)
        (early,) = await asyncio.to_thread(provider.faults_taken)
        begin = time.time()
        await run.all_ready(witness, ends - time.monotonic())
        await run.rest("rotating at the limit", max(0.0, ends - time.monotonic()))
        (refused,) = await asyncio.to_thread(provider.faults_taken)
    granted = mints_between(ledger, begin, time.time() - begin)
    later = refused - early
    known = {"refused_mints": refused, "refused_share_later": per(later, later + granted)}
    return await _created(run, idle, witness, opened, known)


async def _created(
    run: Run, idle: float | None, witness: Witness, opened: Opened, known: Mapping[str, Figure]
) -> Seen:
    """Close a window that began before the sessions; `known` are figures of the scenario's own."""
    window = await run.close_window(opened)
    memory, rotations = run.stage.meters.memory_mib, witness.latest["rotations"]
    mints = mints_between(run.stage.ledger, opened.reading.at, window.usage.seconds)
    await run.rest("waiting for orphans", ORPHANS_JUDGED_S)
    told = await run.evidence(witness)
    all_ready = max(told.first_tokens.values()) - min(run.created.values())
    return Seen(
        created=run.created,
        ready=told,
        during=told,
        window=window,
        idle_percent=idle,
        memory_mib=memory,
        peak_mib=run.stage.meters.peak_mib,
        rotations=rotations,
        extra={**known, "all_ready_s": all_ready, "mints": mints},
        details=await _details(run, window.requests),
    )


async def _rotate(run: Run) -> Seen:
    idle = await run.idle_percent()
    creation = await _settled(run)
    window = await run.witness("window")
    return await _measured(run, idle, await run.evidence(creation), window, {})


async def _noisy(run: Run) -> Seen:
    idle = await run.idle_percent()
    creation = await _settled(run)
    alone = await run.witness("time alone")
    ready = await run.evidence(creation)
    await run.rest("measuring alone", run.settings.seconds)
    quiet = (await run.evidence(alone)).figures
    async with hanging_neighbour(run):
        await run.rest("letting the neighbour hang", LEAD_IN_S)
        window = await run.witness("window")
        extra = {f"alone_lateness_{name}_s": quiet[f"lateness_{name}_s"] for name in ("p50", "p99", "max")}
        return await _measured(run, idle, ready, window, extra)


async def _settled(run: Run) -> Witness:
    """Create the sessions and wait until their rotations lie evenly; gives the witness of the creation."""
    creation = await run.witness("creation")
    await run.create(over=run.settings.period)
    settled_at = time.monotonic() + run.settings.settling
    await run.all_ready(creation, READY_WITHIN_S)
    await run.rest("settling", max(0.0, settled_at - time.monotonic()))
    return creation


async def _measured(
    run: Run, idle: float | None, ready: Evidence, witness: Witness, known: Mapping[str, Figure]
) -> Seen:
    """Measure a window; `known` are figures of the time before it."""
    settings, meters = run.settings, run.stage.meters
    plans = await run.api.plans()
    opened = await run.open_window(witness)
    broken = await _window(run)
    meters.look()
    extra: dict[str, Figure] = {
        **known,
        "needed_per_s": needed_rate(plans),
        "unevenness": unevenness((due for _, due in plans), settings.period),
    }
    window, during = await asyncio.gather(run.close_window(opened), run.evidence(witness))
    extra["mints"] = mints_between(run.stage.ledger, opened.reading.at, window.usage.seconds)
    return Seen(
        created=run.created,
        ready=ready,
        during=during,
        window=window,
        idle_percent=idle,
        memory_mib=meters.memory_mib,
        peak_mib=meters.peak_mib,
        rotations=during.figures["rotations"] - opened.rotations,
        extra=extra | (broken.figures(during.figures, run.stage.ledger) if broken else {}),
        details=await _details(run, window.requests),
    )


async def _window(run: Run) -> Broken | None:
    """Let the window pass; tell what was broken in it, if anything was."""
    ends = time.monotonic() + run.settings.seconds
    acts = {Scenario.RESTART: _restart, Scenario.OUTAGE: _outage}
    broken = None
    if run.settings.scenario in acts:
        await run.rest("before", LEAD_IN_S)
        broken = await acts[run.settings.scenario](run)
    await run.rest("measuring", max(0.0, ends - time.monotonic()))
    return broken


async def _restart(run: Run) -> Broken:
    killed_at = time.time()
    run.stage.kill_operator()
    await run.rest("without operator", run.settings.down)
    started_at = time.time()
    run.stage.start_operator()
    return Broken(started_at, minimum_of(run, killed_at, started_at))


async def _outage(run: Run) -> Broken:
    begin = time.time()
    back = begin + run.settings.outage
    with RemoteProvider(run.stage.base_url) as provider:
        await asyncio.to_thread(provider.fault, Respond(status=503), until=back)
        await run.rest("outage", back - time.time())
        (refused,) = await asyncio.to_thread(provider.faults_taken)
    return Broken(back, minimum_of(run, begin, back), refused)


@dataclass(frozen=True, slots=True)
class Broken:
    """What was broken in a window.

    Attributes:
        back_at: when the provider was back, or the operator started again; seconds since the epoch.
        minimum: seconds over all sessions in which tokens had to be expired.
        refused: mints that the provider refused; None where the operator was away.
    """

    back_at: float
    minimum: float
    refused: int | None = None

    def figures(self, told: dict[str, Any], ledger: Path) -> dict[str, Figure]:
        """Give the figures, from what the witness told and the ledger has."""
        fresh_at = told["fresh_again_at"] or self.back_at
        is_restart = self.refused is None
        return {
            "exposure_minimum_s": self.minimum,
            "exposure_over_minimum": per(told["expired_seconds"], self.minimum),
            "recovered_s": None if told["unfresh"] else max(0.0, fresh_at - self.back_at),
            "refused_mints": self.refused,
            "first_mint_s": first_mint_after(ledger, self.back_at) if is_restart else None,
        }


def minimum_of(run: Run, begin: float, back: float) -> float:
    """Give the seconds over all sessions in which tokens had to be expired, because nothing could be minted between two moments."""
    held = held_at(run.stage.ledger, back)
    return minimum_exposure(held.values(), begin=begin, possible_at=back + run.settings.latency)


async def _details(run: Run, requests: Any) -> dict[str, Any]:
    run.enter("reading logs")
    warnings = await asyncio.to_thread(_warnings, run.stage.operator_logs)
    return {"requests": requests, "operator_warnings": warnings}


def _warnings(logs: list[Path]) -> dict[str, int]:
    """Count what the operators logged as a warning or worse."""
    lines = (json.loads(line) for log in logs for line in log.read_text().splitlines() if line[:1] == "{")
    counts = Counter(
        f"{line['level']} {line['msg']}" for line in lines if line["level"] not in {"INFO", "DEBUG"}
    )
    return dict(counts.most_common(LOG_KINDS))

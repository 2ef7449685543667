"""The scenarios: what is done, in what order, and between which moments it is measured."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from bench.arithmetic import Figure, needed_rate, per, unevenness
from bench.broken import Lines, outage, restart
from bench.churn import churn
from bench.exposition import Counts, by_verb
from bench.figures import Seen
from bench.lasting import soak
from bench.ledger import mints_between
from bench.neighbour import hanging_neighbour
from bench.run import Opened, Run
from bench.settings import LEAD_IN_S, MINUTE_S, READY_WITHIN_S, Scenario
from bench.testimony import Evidence, Witness
from demo.provider.actions import ApiError, Respond
from demo.provider.remote import RemoteProvider

ORPHANS_JUDGED_S: Final = 11.0
"""A mint that has not reached its Secret after 10 s is an orphan."""

LOG_KINDS: Final = 20


class Happened(Protocol):
    """What happened in a window."""

    def figures(self, during: Evidence, lines: Lines, ledger: Path, /) -> dict[str, Figure]:
        """Give the scenario's own figures, from what the window's witness saw and told, and the ledger has."""

    def details(self, lines: Lines, /) -> dict[str, Any]:
        """Give what is kept besides."""


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
        details=await _details(run, window.requests, rotations),
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
    await run.create(over=run.settings.creating)
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
    happened = await _window(run)
    meters.look()
    extra: dict[str, Figure] = {
        **known,
        "needed_per_s": needed_rate(plans),
    }
    if settings.creating:
        extra["unevenness"] = unevenness((due for _, due in plans), settings.period)
    window, during = await asyncio.gather(run.close_window(opened), run.evidence(witness))
    extra["mints"] = mints_between(run.stage.ledger, opened.reading.at, window.usage.seconds)
    rotations = during.figures["rotations"] - opened.rotations
    details = await _details(run, window.requests, rotations)
    if happened is not None:
        lines = witness.lines()
        extra |= happened.figures(during, lines, run.stage.ledger)
        details |= happened.details(lines)
    return Seen(
        created=run.created,
        ready=ready,
        during=during,
        window=window,
        idle_percent=idle,
        memory_mib=meters.memory_mib,
        peak_mib=meters.peak_mib,
        rotations=rotations,
        extra=extra,
        details=details,
    )


async def _window(run: Run) -> Happened | None:
    """Let the window pass; tell what happened in it, if anything did."""
    scenario, seconds = run.settings.scenario, run.settings.seconds
    if scenario is Scenario.SOAK:
        return await soak(run)
    ends = time.monotonic() + seconds
    acts = {Scenario.RESTART: restart, Scenario.OUTAGE: outage}
    happened: Happened | None = None
    if scenario is Scenario.CHURN:
        happened = await churn(run, seconds)
    elif scenario in acts:
        await run.rest("before", LEAD_IN_S)
        happened = await acts[scenario](run)
    await run.rest("measuring", max(0.0, ends - time.monotonic()))
    return happened


async def _details(run: Run, requests: Counts, rotations: int) -> dict[str, Any]:
    run.enter("reading logs")
    warnings = await asyncio.to_thread(_warnings, run.stage.operator_logs)
    shares = {verb: per(count, rotations) for verb, count in by_verb(requests).items() if rotations}
    return {"requests": requests, "requests_per_rotation": shares, "operator_warnings": warnings}


def _warnings(logs: list[Path]) -> dict[str, int]:
    """Count what the operators logged as a warning or worse."""
    lines = (json.loads(line) for log in logs for line in log.read_text().splitlines() if line[:1] == "{")
    counts = Counter(
        f"{line['level']} {line['msg']}" for line in lines if line["level"] not in {"INFO", "DEBUG"}
    )
    return dict(counts.most_common(LOG_KINDS))

"""All of a drill: the sessions, one scenario after the other, the search for leaks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

import aiohttp

from bench.cluster import INSTRUCTIONS
from bench.ledger import ledger_lines
from bench.run import Run
from bench.settings import READY_WITHIN_S
from bench.testimony import Witness
from drill.faults import FAULTS, LOOK_AGAIN_S, WITH_CHANGES, Newcomer, Struck
from drill.leaks import Leak, search
from drill.outcome import Outcome
from drill.proxy import Proxy
from drill.secretive import Secretive
from drill.settings import Scenario, Settings

ANSWER_WITHIN: Final = aiohttp.ClientTimeout(total=10)

OVERDUE_S: Final = 5.0
"""What has not come so long after its time is overdue by its status, which follows a Secret within two seconds or so."""

SETTLING_S: Final = 2.0
"""A mint that begins so long before its time may have met the fault, and be late though its time came afterwards."""

WITNESSED: Final = (
    *("expired_seconds", "missing_seconds", "undue_mints", "orphan_mints", "cut_short_mints"),
    *("unjudged_mints", "torn", "unfresh", "rotations"),
)
"""What the witness's figures say of a scenario."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What came after a fault; None and 0 where it did not recover.

    Attributes:
        recovered_s: from the fault's end until no token was expired and no rotation overdue.
        rotations: some seconds later, and until the end.
        lateness_p99_s: of those.
        overdue: sessions whose rotation was overdue at the end.
    """

    recovered_s: float | None
    rotations: int
    lateness_p99_s: float | None
    overdue: int


class Performance:
    """Keeps what was found, also where it was ended early.

    Attributes:
        outcomes: of the scenarios that were played to their end.
        findings: the witnesses' sentences on them.
        leaks: what was found; None where nobody looked.

    Args:
        settings: what was asked for.
        proxy: between the operator and the API server.
        said: gives what the drill has printed on standard error.
    """

    def __init__(self, settings: Settings, proxy: Proxy, said: Callable[[], str]) -> None:
        self.outcomes: dict[Scenario, Outcome] = {}
        self.findings: list[str] = []
        self.leaks: list[Leak] | None = None
        self._settings, self._proxy, self._said = settings, proxy, said
        self._metrics: dict[str, str] = {}
        self._newcomers = 0

    async def perform(self, run: Run) -> None:
        """Play everything.

        Raises:
            RunError, demo.children.StartError, bench.cluster.ApiError: it could not be done.
        """
        witness = await run.witness("creation")
        await run.create(over=run.settings.period)
        await run.all_ready(witness, READY_WITHIN_S)
        await run.evidence(witness)
        for scenario in self._settings.scenarios:
            self.outcomes[scenario] = await self._play(run, scenario)
        await self._look_for_leaks(run)

    async def _play(self, run: Run, scenario: Scenario) -> Outcome:
        operator, newcomer = run.stage.operator, None
        if scenario in WITH_CHANGES:
            newcomer = Newcomer(run, self._newcomers)
            self._newcomers += 1
        witness = await run.witness(scenario)
        await run.rest(f"{scenario}: before", self._settings.before)
        if scenario is Scenario.KILL:
            await self._keep_metrics(run)
        async with _followed(newcomer):
            struck = await FAULTS[scenario](run, self._proxy, self._settings.lasts(scenario), newcomer)
            aftermath = await self._afterwards(run, scenario, witness, struck)
        told = await run.evidence(witness)
        self.findings += [f"{scenario}: {finding}" for finding in told.findings]
        lives = run.stage.operator.pid == operator.pid and operator.exit_code() is None
        return Outcome(
            fault_s=struck.over_at - struck.began_at,
            exposure_minimum_s=struck.minimum,
            recovered_s=aftermath.recovered_s,
            rotations_after=aftermath.rotations,
            lateness_after_p99_s=aftermath.lateness_p99_s,
            overdue=aftermath.overdue,
            is_same_process=None if scenario is Scenario.KILL else lives,
            changes=None if newcomer is None else newcomer.changes(told.first_tokens),
            **{name: told.figures[name] for name in WITNESSED},
        )

    async def _afterwards(self, run: Run, scenario: Scenario, witness: Witness, struck: Struck) -> Aftermath:
        """Wait until it has recovered, then let a second witness see whether rotations come on time again."""
        deadline = time.time() + self._settings.after
        run.enter(f"{scenario}: recovering", self._settings.after)
        while time.time() < deadline:
            by = max(struck.over_at, time.time() - OVERDUE_S)
            if not witness.read().get("unfresh") and not await _overdue(run, by):
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        else:
            return Aftermath(None, 0, None, await _overdue(run, time.time() - OVERDUE_S))
        recovered_s = time.time() - struck.over_at
        await run.rest(f"{scenario}: settling", SETTLING_S)
        second = await run.witness(f"{scenario}-after", shown=False)
        await run.rest(f"{scenario}: after", max(0.0, deadline - time.time()))
        later = (await run.evidence(second)).figures
        overdue = await _overdue(run, time.time() - OVERDUE_S)
        return Aftermath(recovered_s, later["rotations"], later["lateness_p99_s"], overdue)

    async def _keep_metrics(self, run: Run) -> None:
        """Read the metrics of the operator that runs; they end with it."""
        port = await asyncio.to_thread(run.stage.operator.first, "port")
        url = f"http://127.0.0.1:{port}/metrics"
        async with aiohttp.ClientSession(timeout=ANSWER_WITHIN) as client, client.get(url) as it:
            self._metrics[f"metrics of operator {len(run.stage.operator_logs)}"] = await it.text()

    async def _look_for_leaks(self, run: Run) -> None:
        run.enter("looking for leaks")
        await self._keep_metrics(run)
        stage = run.stage
        secretive = Secretive(
            key=stage.key_file.read_text().strip(),
            canary=INSTRUCTIONS.strip(),
            token_hashes=frozenset(line["token_sha256"] for line in ledger_lines(stage.ledger)),
        )
        texts = self._metrics | {"error output": self._said()}
        logs = [*stage.operator_logs, *stage.witness_logs]
        self.leaks = await search(secretive, run.api, logs=logs, texts=texts)


async def _overdue(run: Run, by: float) -> int:
    """Count the sessions whose rotation should have come by a moment, and has not."""
    return sum(due < by for _, due in await run.api.plans())


@contextlib.asynccontextmanager
async def _followed(newcomer: Newcomer | None) -> AsyncIterator[None]:
    """Look at what becomes of the session that was deleted, within the block."""
    async with asyncio.TaskGroup() as group:
        following = group.create_task(newcomer.follow()) if newcomer is not None else None
        yield
        if following is not None:
            following.cancel()

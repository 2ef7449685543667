"""The faults: each begins, lasts and ends, and the sessions that are made and deleted meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bench.broken import minimum_of
from bench.cluster import NAMESPACE, SESSIONS, session_document, session_name
from bench.ledger import ledger_lines
from bench.run import Run
from bench.stage import API_SERVER
from demo.provider.actions import Respond
from demo.provider.remote import RemoteProvider
from drill.outcome import Changes
from drill.proxy import Proxy, Refusal
from drill.settings import Scenario

LOOK_AGAIN_S: Final = 0.25
IN_FLIGHT_S: Final = 2.0
"""A mint that began before a deletion may end after it by so much."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that is over; moments in seconds since the epoch.

    Attributes:
        began_at: when it began.
        over_at: when it ended: the provider was back, the API server ready, the operator started again.
        minimum: seconds over all sessions in which tokens had to be expired.
    """

    began_at: float
    over_at: float
    minimum: float = 0.0


class Newcomer:
    """A session that is created during a fault, and one that is deleted.

    Args:
        run: under way.
        number: how many such pairs there were before.
    """

    def __init__(self, run: Run, number: int) -> None:
        self._run = run
        self._born, self._deleted = run.settings.sessions + number, number
        self._born_at = self._deleted_at = 0.0
        self._gone_at: float | None = None

    async def change(self) -> None:
        """Create the one and delete the other."""
        self._born_at = time.time()
        await self._run.api.add(session_document(self._born, self._run.settings.lifetime))
        self._deleted_at = time.time()
        await self._run.api.delete(f"{SESSIONS}/{session_name(self._deleted)}")

    async def follow(self) -> None:
        """Look at the deleted session's Secret, from the deletion until cancelled: it may come back."""
        path = f"/api/v1/namespaces/{NAMESPACE}/secrets/{session_name(self._deleted)}"
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            if not self._deleted_at:
                continue
            if await self._run.api.exists(path):
                self._gone_at = None
            elif self._gone_at is None:
                self._gone_at = time.time()

    def changes(self, first_tokens: Mapping[str, float]) -> Changes:
        """Say what became of the two."""
        token_at, gone = first_tokens.get(session_name(self._born)), session_name(self._deleted)
        return Changes(
            born_s=None if token_at is None else token_at - self._born_at,
            deleted_s=None if self._gone_at is None else self._gone_at - self._deleted_at,
            ghost_mints=sum(
                line["model"] == gone and line["issued_at"] > self._deleted_at + IN_FLIGHT_S
                for line in ledger_lines(self._run.stage.ledger)
            ),
        )


Fault = Callable[[Run, Proxy, float, Newcomer | None], Awaitable[Struck]]


async def _kill(run: Run, _proxy: Proxy, seconds: float, _newcomer: Newcomer | None) -> Struck:
    began_at = time.time()
    run.stage.kill_operator()
    await run.rest("kill: without operator", seconds)
    over_at = time.time()
    run.stage.start_operator()
    run.enter("kill: starting")
    await asyncio.to_thread(run.stage.operator_url)
    return Struck(began_at, over_at, minimum_of(run, began_at, over_at))


async def _stop_api_server(run: Run, _proxy: Proxy, seconds: float, _newcomer: Newcomer | None) -> Struck:
    stage, began_at = run.stage, time.time()
    run.enter("apiserver: away", seconds)
    stage.is_to_end(API_SERVER)
    await asyncio.to_thread(stage.plane.stop, API_SERVER)
    await asyncio.sleep(began_at + seconds - time.time())
    run.enter("apiserver: starting")
    await asyncio.to_thread(stage.plane.start, API_SERVER)
    stage.has_begun(API_SERVER)
    over_at = time.time()
    return Struck(began_at, over_at, minimum_of(run, began_at, over_at))


async def _refuse_mints(run: Run, _proxy: Proxy, seconds: float, _newcomer: Newcomer | None) -> Struck:
    began_at = time.time()
    over_at = began_at + seconds
    with RemoteProvider(run.stage.base_url) as provider:
        await asyncio.to_thread(provider.fault, Respond(status=503), until=over_at)
        await run.rest("provider: 503", over_at - time.time())
        await asyncio.to_thread(provider.clear_faults)
    return Struck(began_at, over_at, minimum_of(run, began_at, over_at))


def _refusing(refusal: Refusal) -> Fault:
    async def fault(run: Run, proxy: Proxy, seconds: float, newcomer: Newcomer | None) -> Struck:
        began_at = time.time()
        run.enter(f"watch-{refusal.status}: refused", seconds)
        proxy.refuse(refusal)
        try:
            await asyncio.sleep(seconds / 4)
            if newcomer is not None:
                await newcomer.change()
            await asyncio.sleep(began_at + seconds - time.time())
        finally:
            proxy.relent()
        return Struck(began_at, time.time())

    return fault


FAULTS: Final[Mapping[Scenario, Fault]] = {
    Scenario.KILL: _kill,
    Scenario.API_SERVER: _stop_api_server,
    Scenario.PROVIDER: _refuse_mints,
    Scenario.WATCH_410: _refusing(Refusal(410, lists=False, told=True)),
    Scenario.WATCH_403: _refusing(Refusal(403, lists=True, told=False)),
}
WITH_CHANGES: Final = frozenset({Scenario.WATCH_410, Scenario.WATCH_403})
"""Where a session is created and another one deleted during the fault."""

"""Has the faults begin and end, on the models that they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from observer.content import TOKEN
from realtime_operator.ports import Clock
from sim import api_server, provider
from sim.api_server import ApiServer
from sim.faults import Fault, Kind, healed_by, last_of
from sim.judge import Judge
from sim.process import Process
from sim.provider import ModelledProvider
from sim.secret_feed import ModelledSecretFeed

PROVIDER: Final = {
    Kind.PROVIDER_503: provider.Manner.REFUSES,
    Kind.PROVIDER_429: provider.Manner.THROTTLES,
    Kind.PROVIDER_HANGS: provider.Manner.HANGS,
    Kind.PROVIDER_RESETS: provider.Manner.RESETS,
    Kind.PROVIDER_SLOW: provider.Manner.IS_SLOW,
}
API: Final = {
    Kind.API_AWAY: api_server.Manner.IS_AWAY,
    Kind.API_SLOW: api_server.Manner.IS_SLOW,
    Kind.API_409: api_server.Manner.MEDDLES,
    Kind.API_410: api_server.Manner.EXPIRES_LISTS,
}

BREAKS_THE_SECRET_WATCH: Final = frozenset({Kind.API_AWAY, Kind.API_410, Kind.SECRET_WATCH_BREAKS})

LOST_SHARE: Final = 0.02
"""Of the Secrets, at most: so many lose their tokens when somebody takes them away, one after the other."""

CLOCK_STEP_LIVES: Final = 1 / 60
"""How far the provider's clock is set forward at most, as a share of a life: tokens that are out expire so much sooner.

Never back: tokens that are out would live longer, and replacing them when they were due would count as too early.
"""


CLOCK_OFF_S: Final = (6.0, 18.0)
"""How far the provider's clock is off at most when a story begins, either way: in one story of two it is a clock that runs nearly right."""


class Director:
    """Plays faults."""

    def __init__(
        self,
        clock: Clock,
        dice: Random,
        *,
        api: ApiServer,
        provider: ModelledProvider,
        feed: ModelledSecretFeed | None,
        process: Process,
        judge: Judge,
        lifetime: int,
    ) -> None:
        """Stand ready; ``feed`` is None where Secrets are not watched."""
        self._clock, self._dice = clock, dice
        self._api, self._provider, self._process, self._judge = api, provider, process, judge
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._all: Sequence[Fault] = ()
        self._step = CLOCK_STEP_LIVES * lifetime
        self._active: list[Fault] = []

    async def play(self, faults: Sequence[Fault], own: set[asyncio.Task[Any]]) -> None:
        """Have all faults begin and end; ``own`` are the tasks that outlive the operator."""
        self._all = faults
        moments = [(fault.begin, True, fault) for fault in faults]
        moments += [(fault.end, False, fault) for fault in faults]
        for at, begins, fault in sorted(moments, key=lambda moment: moment[0]):
            await asyncio.sleep(max(0.0, at - self._clock.now()))
            if begins:
                await self._begin(fault, own)
            else:
                self._end(fault)

    async def excuse(self, spans: Sequence[tuple[float, float]]) -> None:
        """Tell the judge when the promise cannot be kept."""
        for begin, end in spans:
            await asyncio.sleep(begin - self._clock.now())
            self._judge.excuse_begins()
            await asyncio.sleep(end - self._clock.now())
            self._judge.excuse_ends()

    async def _begin(self, fault: Fault, own: set[asyncio.Task[Any]]) -> None:
        self._active.append(fault)
        self._set_manners()
        if fault.kind is Kind.KILL:
            await self._process.kill(own)
        elif fault.kind is Kind.RESTART:
            await self._process.end()
        elif fault.kind is Kind.PROVIDER_CLOCK:
            self._set_clock(self._provider.offset + self._dice.uniform(0, self._step))
        elif fault.kind is Kind.WATCH_GAP and self._process.watch is not None:
            self._process.watch.lose()
        elif fault.kind is Kind.SECRETS_LOST:
            self._take_secrets(fault.end - fault.begin)
        if self._feed is not None:
            self._trouble(self._feed, fault.kind)

    def _trouble(self, feed: ModelledSecretFeed, kind: Kind) -> None:
        if kind in BREAKS_THE_SECRET_WATCH:
            feed.break_off()
        elif kind is Kind.SECRET_WATCH_SILENT:
            feed.fall_silent()

    def _take_secrets(self, over: float) -> None:
        """Have somebody delete some Secrets, and the tokens from others, within so many seconds."""
        names = list(self._api.secrets.stored)
        count = self._dice.randint(1, max(1, round(LOST_SHARE * len(names))))
        for name in self._dice.sample(names, min(count, len(names))):
            self._loop.call_later(self._dice.uniform(0, over), self._take, name)

    def _take(self, name: tuple[str, str]) -> None:
        secrets, now = self._api.secrets, self._clock.now()
        document = secrets.stored.get(name)
        if document is None or TOKEN not in document["data"]:
            return
        self._judge.forgive(name, healed_by(self._all, now, is_watched=self._feed is not None))
        if self._dice.random() < 1 / 2:
            secrets.delete(name[1], name[0])
        else:
            rest = {key: value for key, value in document["data"].items() if key != TOKEN}
            secrets.overwrite({**document, "data": rest})

    def _set_clock(self, offset: float) -> None:
        self._provider.offset = offset
        self._judge.clock_set(offset)

    def _end(self, fault: Fault) -> None:
        self._active.remove(fault)
        self._set_manners()
        kinds = {fault.kind for fault in self._active}
        if fault.kind in {Kind.KILL, Kind.RESTART} and not kinds & {Kind.KILL, Kind.RESTART}:
            self._process.start()
        elif fault.kind is Kind.WATCH_GAP and self._process.watch is not None and fault.kind not in kinds:
            self._process.watch.open()
        elif fault.kind is Kind.SECRET_WATCH_SILENT and self._feed is not None and fault.kind not in kinds:
            self._feed.go_on()

    def _set_manners(self) -> None:
        of_provider, of_api = last_of(self._active, PROVIDER), last_of(self._active, API)
        self._provider.manner = PROVIDER[of_provider] if of_provider else provider.Manner.WELL
        self._api.manner = API[of_api] if of_api else api_server.Manner.WELL
        if self._feed is not None:
            self._feed.is_refused = any(fault.kind is Kind.SECRET_WATCH_BREAKS for fault in self._active)

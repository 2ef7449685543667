"""The show: applies the samples, has the observer watch, draws, and ends when it is time or when something dies."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from demo.kubectl import KubectlError
from demo.samples import NAMESPACE
from demo.samples import sessions as sample_sessions
from demo.screen import Frame
from demo.sessions import Sessions
from demo.verdict import Outcome
from observer import KubeconfigError, LedgerHttp, LedgerUnreadableError, Observer, ObserverNotReadyError

if TYPE_CHECKING:
    from demo.ending import Ending
    from demo.screen import Screen
    from demo.stage import Stage
    from observer import Figures

FRAME_SECONDS: Final = 0.25


async def show(stage: Stage, screen: Screen, ending: Ending, *, seconds: float) -> Outcome:
    """Run the show for `seconds` from the moment the sessions are applied, or until a signal or a death ends it."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    ledger = LedgerHttp(stage.base_url) if stage.stand_in is not None else None
    observer = Observer(kubeconfig=stage.observer_kubeconfig, namespaces=[NAMESPACE], ledger=ledger)
    run = Run(stage, screen, observer, Sessions(stage.observer_kubeconfig), over)

    def end() -> None:
        loop.call_soon_threadsafe(over.set)

    with ending.instead(end):
        try:
            await run.until(seconds)
            return run.outcome(has_ledger=ledger is not None)
        except UNABLE as error:
            return Outcome(troubles=[*run.troubles, str(error)])


class ObserverBroken(Exception):
    """The observer met an error of its own, so it cannot testify; the message names it."""


UNABLE: Final = (
    KubeconfigError,
    KubectlError,
    LedgerUnreadableError,
    ObserverBroken,
    ObserverNotReadyError,
)
"""Why there may be no figures."""


class Run:
    """One show.

    Attributes:
        troubles: sentences on what broke.
    """

    def __init__(
        self, stage: Stage, screen: Screen, observer: Observer, sessions: Sessions, over: asyncio.Event
    ) -> None:
        self._stage, self._screen, self._over = stage, screen, over
        self._observer, self._sessions = observer, sessions
        self._ended_at = 0.0
        self.troubles: list[str] = []

    async def until(self, seconds: float) -> None:
        """Observe, apply, draw.

        Raises:
            UNABLE: there will be no figures.
        """
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self._observer)
            await opened.enter_async_context(self._sessions)
            await asyncio.to_thread(self._stage.kubectl.apply, sample_sessions())
            began = time.monotonic()
            opened.enter_context(self._screen)
            while await self._goes_on(began + seconds):
                await self._draw(time.monotonic() - began, seconds)
            await self._draw(min(time.monotonic() - began, seconds), seconds)
            self._ended_at = time.time()

    def outcome(self, *, has_ledger: bool) -> Outcome:
        """Give what was seen.

        Raises:
            ObserverBroken: it cannot be told.
        """
        return Outcome(
            figures=self._figures(),
            findings=self._observer.findings(),
            rows=self._observer.rows(),
            states=self._sessions.known,
            ended_at=self._ended_at,
            has_ledger=has_ledger,
            troubles=self.troubles,
        )

    async def _goes_on(self, end: float) -> bool:
        """Wait for the next frame; tell whether there is one."""
        left = end - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, min(FRAME_SECONDS, left))):
                await self._over.wait()
        except TimeoutError:
            self.troubles += self._stage.deaths()
            return left > FRAME_SECONDS and not self.troubles
        return False

    async def _draw(self, elapsed: float, seconds: float) -> None:
        states = await self._sessions.read()
        rows = {row.name: row for row in self._observer.rows()}
        self._screen.draw(
            Frame(
                elapsed=elapsed,
                seconds=seconds,
                now=time.time(),
                states=list(states.values()),
                rows=rows,
                figures=self._figures(),
            )
        )

    def _figures(self) -> Figures:
        try:
            return self._observer.figures()
        except UNABLE:
            raise
        except Exception as error:
            raise ObserverBroken(f"the observer broke off: {type(error).__name__}") from error

"""Keeps kopf watching: in its own thread, started again with back-off whenever it ends, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import kopf
from kopf._cogs.structs.references import Insights

from realtime_operator.watch.credentials import ClusterCredentials
from realtime_operator.watch.registry import (
    LONGEST_PAUSE_OF_THE_WATCH_S,
    EndlessPauses,
    Heard,
    registry,
    settings,
)

_log = logging.getLogger(__name__)

STOP_S = 1.5
"""How long the exit waits for kopf's thread; it is a daemon, so it cannot keep the process."""

WELL_AFTER_S = 60.0
"""After so long without an end the back-off begins anew."""


class Watcher:
    """Use it as an asynchronous context manager: it watches inside.

    Args:
        kinds: which of our kinds.
        namespaces: which namespaces; None for all.
        credentials: for the API server.
        heard: told of each event, in kopf's thread.
    """

    def __init__(
        self,
        *,
        kinds: Sequence[str],
        namespaces: Sequence[str] | None,
        credentials: ClusterCredentials,
        heard: Heard,
    ) -> None:
        self._kinds = kinds
        self._namespaces = namespaces
        self._credentials = credentials
        self._heard = heard
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopping = threading.Event()
        self.restarts = 0
        self.is_watching = False

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching."""
        self._stopping.set()
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join, STOP_S)

    def _run(self) -> None:
        # It warns that signals are not heard in this thread, which is the point.
        logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
        # Not on uvloop: there kopf was seen not to end after a failed watch, and so not to begin again.
        asyncio.run(self._watch_forever())

    async def _watch_forever(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(_told_by_type)
        endless = EndlessPauses(LONGEST_PAUSE_OF_THE_WATCH_S)
        pauses = iter(endless)
        while not self._stopping.is_set():
            began = self._loop.time()
            await self._watch_once(self._stop)
            if self._stopping.is_set():
                return
            self.restarts += 1
            if self._loop.time() - began > WELL_AFTER_S:
                pauses = iter(endless)
            pause = next(pauses)
            _log.warning("the watch ended and begins again in %.1f s", pause)
            await _until(self._stop, pause)

    async def _watch_once(self, stop: asyncio.Event) -> None:
        # A parameter of kopf.operator() has this type, which has no public name.
        insights, end = Insights(), asyncio.Event()
        # Older than kopf's own task, so kopf does not cancel it.
        supervision = asyncio.ensure_future(self._supervise(insights, stop, end))
        try:
            await kopf.operator(
                registry=registry(self._kinds, self._credentials, self._heard),
                settings=settings(),
                insights=insights,
                standalone=True,
                clusterwide=self._namespaces is None,
                namespaces=list(self._namespaces or ()),
                stop_flag=end,
            )
        except Exception as error:  # noqa: BLE001 - whatever ends kopf, the table and the workers live on
            _log.warning("the watch ended: %s", type(error).__name__)
        finally:
            supervision.cancel()
            self.is_watching = False

    async def _supervise(self, insights: Insights, stop: asyncio.Event, end: asyncio.Event) -> None:
        """End kopf when we stop, and where a kind is not served yet, because kopf would not look for it again."""
        stopped = asyncio.ensure_future(stop.wait())
        discovered = asyncio.ensure_future(insights.ready_resources.wait())
        try:
            await asyncio.wait([stopped, discovered], return_when=asyncio.FIRST_COMPLETED)
            if discovered.done() and len(insights.watched_resources) < len(self._kinds):
                _log.warning("the API server does not serve all of our kinds; install the CRDs")
            elif discovered.done():
                self.is_watching = True
                await stopped
        finally:
            stopped.cancel()
            discovered.cancel()
            end.set()


def _told_by_type(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Kopf leaves its failed tasks to the loop, whose own words hold the exception's text, and that may quote an object."""
    error = context.get("exception")
    _log.warning("left to the watch's loop: %s", type(error).__name__ if error else context["message"])


async def _until(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return

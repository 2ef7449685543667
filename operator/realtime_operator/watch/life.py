"""One life of kopf: from its beginning until it is told to end, or ends by an error, in a loop that ends with it.

Kopf's own way to end is not taken. After an error it waits 5 s for its tasks, cancels each once, and then waits for them for ever; but
its watch-stream takes a cancellation that meets a failed request for the end of a pause, and streams on. So all tasks are cancelled
again and again for a moment, and what is left then ends with the loop, in which nothing runs any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import kopf
from kopf._cogs.structs.references import Insights
from kopf._core.engines.peering import Identity

from realtime_operator.unhurried import WATCH_S, unhurried_loop
from realtime_operator.watch.credentials import ClusterCredentials
from realtime_operator.watch.forgetful import Forgetful
from realtime_operator.watch.registry import Heard, registry, settings

_log = logging.getLogger(__name__)

LAST_MOMENT_S: Final = 1.0
"""For connections to be closed in order."""

CANCEL_AGAIN_S: Final = 0.1

OURSELVES: Final = Identity("realtime-operator")
"""Without it kopf asks for the name of the user, and in a pod there is none."""


class Life:
    """Watches until it ends; :meth:`run` is called once, in a thread without a loop.

    Attributes:
        is_watching: whether all kinds are found and their streams begun.
        lasted: seconds since the beginning.
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
        self._loop = unhurried_loop(WATCH_S)
        self._end = asyncio.Event()
        self.is_watching = False
        self.lasted = 0.0

    def run(self) -> None:
        """Watch; returns at the latest a moment after the end, whatever kopf is doing."""
        loop = self._loop
        began = loop.time()
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(_told_by_type)
        try:
            loop.run_until_complete(self._watch())
        finally:
            self.is_watching = False
            self.lasted = loop.time() - began
            loop.run_until_complete(_end_all())
            asyncio.set_event_loop(None)
            loop.close()

    def end(self) -> None:
        """End it, from any thread, whether it has begun or not."""
        with contextlib.suppress(RuntimeError):  # it is closed already
            self._loop.call_soon_threadsafe(self._end.set)

    async def _watch(self) -> None:
        insights = Insights()  # parameters of kopf.spawn_tasks() have these types, which have no public names
        try:
            tasks = await kopf.spawn_tasks(
                registry=registry(self._kinds, self._credentials, self._heard),
                settings=settings(),
                identity=OURSELVES,
                insights=insights,
                memories=Forgetful(),
                standalone=True,
                clusterwide=self._namespaces is None,
                namespaces=list(self._namespaces or ()),
                stop_flag=self._end,
            )
        except Exception as error:  # noqa: BLE001 - whatever ends kopf, the table and the workers live on
            _log.warning("the watch did not begin: %s", type(error).__name__)
            return
        supervision = asyncio.create_task(self._supervise(insights))
        ended, _ = await asyncio.wait([*tasks, supervision], return_when=asyncio.FIRST_COMPLETED)
        for each in ended:
            cause = None if each.cancelled() else each.exception()
            if cause is not None:
                _log.warning("the watch ended: %s", type(cause).__name__)

    async def _supervise(self, insights: Insights) -> None:
        """Return when it is to end, and where a kind is not served yet, because kopf would not look for it again."""
        discovered = asyncio.ensure_future(insights.ready_resources.wait())
        ended = asyncio.ensure_future(self._end.wait())
        await asyncio.wait([ended, discovered], return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return
        if len(insights.watched_resources) < len(self._kinds):
            _log.warning("the API server does not serve all of our kinds; install the CRDs")
            return
        self.is_watching = True
        await ended


async def _end_all() -> None:
    """Cancel whatever runs in this loop until it has ended or the last moment is over, and ask each for its error."""
    asked = asyncio.get_running_loop().time()
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        if asyncio.get_running_loop().time() - asked > LAST_MOMENT_S:
            _log.warning("%d tasks of the watch did not end and are left behind", len(others))
            return
        for task in others:
            task.cancel()
        ended, _ = await asyncio.wait(others, timeout=CANCEL_AGAIN_S)
        for task in ended:
            if not task.cancelled():
                task.exception()


def _told_by_type(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """What kopf leaves to the loop; the loop's own words hold the exception's text, and that may quote an object."""
    error = context.get("exception")
    _log.warning("left to the watch's loop: %s", type(error).__name__ if error else context["message"])

"""Keeps kopf watching: in its own thread, begun again with back-off whenever it ends, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Self

from realtime_operator.watch.credentials import ClusterCredentials
from realtime_operator.watch.life import Life
from realtime_operator.watch.registry import LONGEST_PAUSE_OF_THE_WATCH_S, EndlessPauses, Heard

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

    Attributes:
        restarts: how often the watch ended and was begun again.
    """

    def __init__(
        self,
        *,
        kinds: Sequence[str],
        namespaces: Sequence[str] | None,
        credentials: ClusterCredentials,
        heard: Heard,
    ) -> None:
        self._new_life = partial(
            Life, kinds=kinds, namespaces=namespaces, credentials=credentials, heard=heard
        )
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self._stopping = threading.Event()
        self._life: Life | None = None
        self.restarts = 0

    @property
    def is_watching(self) -> bool:
        """Whether all kinds are being watched."""
        return self._life is not None and self._life.is_watching

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching."""
        self._stopping.set()
        if self._life is not None:
            self._life.end()
        await asyncio.to_thread(self._thread.join, STOP_S)

    def _run(self) -> None:
        # It warns that signals are not heard in this thread, which is the point.
        logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
        endless = EndlessPauses(LONGEST_PAUSE_OF_THE_WATCH_S)
        pauses = iter(endless)
        while True:
            lasted = self._live()
            if self._stopping.is_set():
                return
            self.restarts += 1
            if lasted > WELL_AFTER_S:
                pauses = iter(endless)
            pause = next(pauses)
            _log.warning("the watch ended and begins again in %.1f s", pause)
            if self._stopping.wait(pause):
                return

    def _live(self) -> float:
        """One life, which may not even begin, as without file descriptors; gives the seconds that it lasted."""
        try:
            life = self._life = self._new_life()
            # Asked after the life can be seen, so that the exit meets one of the two.
            if self._stopping.is_set():
                life.end()
            life.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, this thread is the only one that watches
            _log.error("the watch met an error of its own: %s", type(error).__name__)
            return 0.0
        return life.lasted

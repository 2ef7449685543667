"""The operator's watch of Secrets, as its adapter passes it on: a list, then each change in its order, sometimes late, until it breaks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from realtime_operator.api.group import LABEL_MANAGED_BY, MANAGED_BY
from realtime_operator.core.secret_view import SecretStamp, stamp_of
from realtime_operator.secret_watch_ports import SecretName, SecretsHeard
from sim.api_server import ApiServer, Manner
from sim.secrets import unavailable

LIST_S: Final = (0.02, 1.0)
"""From a list's version to its last page; what changes meanwhile is told after it."""

LATE_S: Final = (0.0, 0.003, 0.3)
"""From a change to its news; one of them in each story: before the answer to the write, soon after it, and much later."""

ANSWER_S: Final = 0.002
"""From a write to its answer, where Secrets are watched: what a watch tells may come first."""

SILENT_S: Final = 150.0
"""As the product's adapter gives up one that has told nothing for so long, not even a bookmark."""


class ModelledSecretFeed:
    """Fulfils ``secret_watch_ports.SecretFeed`` for one operator after the other.

    Attributes:
        is_refused: nobody can follow.
        lists: how often a list was told.
    """

    def __init__(self, api: ApiServer, dice: Random) -> None:
        """Tell nobody anything yet."""
        self._api, self._dice = api, dice
        self._late = dice.choice(LATE_S)
        self._followed: list[_Watch] = []
        self.is_refused = False
        self.lists = 0
        api.secrets.answering = ANSWER_S
        api.secrets.told.append(self._told)
        api.secrets.forgotten.append(self._forgotten)

    async def follow(self, namespace: str | None, heard: SecretsHeard) -> None:
        """See ``secret_watch_ports.SecretFeed``."""
        await self._api.asked()
        watch = _Watch(namespace, heard, self._late)
        stamps = {
            name: stamp_of(document)
            for name, document in self._api.secrets.stored.items()
            if _is_labelled(document) and watch.concerns(name)
        }
        self._followed.append(watch)
        try:
            await asyncio.sleep(self._dice.uniform(*LIST_S))
            if self.is_refused or self._api.manner in {Manner.IS_AWAY, Manner.EXPIRES_LISTS}:
                raise unavailable()
            self.lists += 1
            watch.begin(stamps)
            await watch.broken.wait()
        finally:
            self._followed.remove(watch)
            watch.end()
        raise unavailable()

    def break_off(self) -> None:
        """End every watch, as a connection that is cut, or a version that is too old (410)."""
        for watch in self._followed:
            watch.broken.set()

    def fall_silent(self) -> None:
        """Let every watch say nothing, until it goes on or is given up; those that are begun later say what there is."""
        for watch in self._followed:
            watch.fall_silent()

    def go_on(self) -> None:
        """Let those that are silent say at once what has come meanwhile."""
        for watch in self._followed:
            watch.go_on()

    def _told(self, document: Mapping[str, Any]) -> None:
        metadata = document["metadata"]
        stamp = stamp_of(document) if _is_labelled(document) else None
        self._tell((metadata["namespace"], metadata["name"]), stamp)

    def _forgotten(self, name: SecretName) -> None:
        self._tell(name, None)

    def _tell(self, name: SecretName, stamp: SecretStamp | None) -> None:
        for watch in self._followed:
            if watch.concerns(name):
                watch.tell(name, stamp)


class _Watch:
    """One list and what comes after it.

    Attributes:
        broken: set when nothing more will come.
    """

    def __init__(self, namespace: str | None, heard: SecretsHeard, late: float) -> None:
        self._namespace, self._heard, self._late = namespace, heard, late
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[SecretName, SecretStamp | None]] = deque()
        self._is_begun, self._is_silent = False, True
        self._given_up: asyncio.TimerHandle | None = None
        self.broken = asyncio.Event()

    def concerns(self, name: SecretName) -> bool:
        """Whether a Secret is in the place that is followed."""
        return self._namespace in {None, name[0]}

    def begin(self, stamps: Mapping[SecretName, SecretStamp]) -> None:
        """Say what there was when it was listed, then what has changed since."""
        self._heard.listed(stamps)
        self._is_begun = True
        self.go_on()

    def tell(self, name: SecretName, stamp: SecretStamp | None) -> None:
        """Pass one change on, after those before it."""
        self._waiting.append((name, stamp))
        if not self._is_silent:
            self._loop.call_later(self._late, self._arrive)

    def fall_silent(self) -> None:
        """Keep what comes."""
        self._is_silent = True
        if self._is_begun and self._given_up is None:
            self._given_up = self._loop.call_later(SILENT_S, self.broken.set)

    def go_on(self) -> None:
        """Pass on what was kept."""
        self._forget_silence()
        self._is_silent = not self._is_begun
        while not self._is_silent and self._waiting:
            self._heard.changed(*self._waiting.popleft())

    def end(self) -> None:
        """Pass on nothing more."""
        self._is_begun, self._is_silent = False, True
        self._forget_silence()

    def _arrive(self) -> None:
        if self._waiting and not self._is_silent:
            self._heard.changed(*self._waiting.popleft())

    def _forget_silence(self) -> None:
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None


def _is_labelled(document: Mapping[str, Any]) -> bool:
    return (document["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY) == MANAGED_BY

"""Knows from a watch whether a session's Secret still is the version known, so that nobody has to look at it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from realtime_operator.core.errors import ClusterError
from realtime_operator.core.secret_view import SecretStamp
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.table import Entry, Table
from realtime_operator.ports import Clock
from realtime_operator.secret_watch_ports import SecretFeed, SecretName

_log = logging.getLogger(__name__)

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Between attempts to watch; meanwhile Secrets are looked at one by one, as without a watch."""


@dataclass(slots=True)
class _Doubt:
    """A version that is not the one known.

    Attributes:
        stamp: the version told of; None for none.
        told: whether its session was woken for it.
    """

    stamp: SecretStamp | None
    told: bool = False


class SecretWatch:
    """Follows our Secrets in each place, and wakes the sessions whose Secret somebody else has changed."""

    def __init__(
        self,
        *,
        clock: Clock,
        feed: SecretFeed | None,
        places: Sequence[str | None],
        table: Table,
        wake: Callable[[Entry], None],
    ) -> None:
        """Begin with nothing known.

        Args:
            clock: local time.
            feed: what tells of Secrets; None where nothing does.
            places: namespaces to follow; None is the whole cluster.
            table: the sessions.
            wake: has a session looked at now.
        """
        self._clock = clock
        self._feed = feed
        self._places = places
        self._table = table
        self._wake = wake
        self._followed: set[str | None] = set()
        self._doubts: dict[str, _Doubt] = {}

    def vouches_for(self, memory: SessionMemory) -> bool:
        """Whether the Secret of a session is known to be the version in memory."""
        place = memory.ref.namespace if memory.ref.namespace in self._places else None
        return place in self._followed and memory.ref.uid not in self._doubts

    async def run(self) -> None:
        """Follow until cancelled."""
        if self._feed is None:
            await asyncio.Event().wait()
        else:
            await asyncio.gather(*(self._keep_following(self._feed, place) for place in self._places))

    async def look(self) -> None:
        """Wake the sessions whose Secret has another version: by now mostly not those that have just written it themselves."""
        for uid, doubt in list(self._doubts.items()):
            entry = self._table.get(uid)
            if entry is None or entry.memory.stamp == doubt.stamp:
                del self._doubts[uid]
            elif not doubt.told:
                doubt.told = True
                entry.memory.checked_at = -math.inf
                self._wake(entry)

    def listed(self, place: str | None, stamps: Mapping[SecretName, SecretStamp]) -> None:
        """Compare what there is in a place with what is known; from now on changes are told."""
        for entry in self._table:
            memory = entry.memory
            namespace = memory.ref.namespace or ""
            if place in {None, namespace} and memory.stamp is not None:
                self._told(memory, stamps.get((namespace, memory.wanted.secret_name)))
        self._followed.add(place)

    def changed(self, name: SecretName, stamp: SecretStamp | None) -> None:
        """Compare one version with what is known of it."""
        for entry in self._table.claimants(*name):
            self._told(entry.memory, stamp)

    def _told(self, memory: SessionMemory, stamp: SecretStamp | None) -> None:
        if memory.stamp == stamp:
            self._doubts.pop(memory.ref.uid, None)
        else:
            self._doubts[memory.ref.uid] = _Doubt(stamp)

    async def _keep_following(self, feed: SecretFeed, place: str | None) -> None:
        pause, said = SHORTEST_PAUSE_S, ""
        heard = _Heard(partial(self.listed, place), self.changed)
        while True:
            began = self._clock.now()
            try:
                await feed.follow(place, heard)
            except ClusterError as error:
                if str(error) != said:
                    _log.warning("Secrets are not watched now, but looked at one by one: %s", error)
                said = str(error)
            except Exception:  # noqa: BLE001 - as without a watch, each is looked at; that is no reason to end
                _log.exception("the watch of Secrets ended unexpectedly")
            finally:
                self._followed.discard(place)
            if self._clock.now() - began > LONGEST_PAUSE_S:
                pause, said = SHORTEST_PAUSE_S, ""
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class _Heard:
    listed: Callable[[Mapping[SecretName, SecretStamp]], None]
    changed: Callable[[SecretName, SecretStamp | None], None]

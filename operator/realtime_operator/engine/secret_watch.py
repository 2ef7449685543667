"""Knows from a watch whether a session's Secret still is the version known, so that nobody has to look at it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from realtime_operator.core.errors import ClusterError
from realtime_operator.core.secret_view import SecretStamp
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.table import Entry, Table, claimed_by
from realtime_operator.ports import Clock
from realtime_operator.secret_watch_ports import SecretFeed, SecretName

_log = logging.getLogger(__name__)

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Between attempts to watch; meanwhile Secrets are looked at one by one, as without a watch. Also between two times that one session is
woken: who fights with somebody over its Secret does it more and more slowly, and never more slowly than without a watch."""


@dataclass(frozen=True, slots=True)
class _Woken:
    """When a session was woken last, local time, and the pause from then on."""

    at: float
    pause: float


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
        self._followed: dict[str | None, dict[SecretName, SecretStamp]] = {}
        self._news: set[SecretName] = set()
        self._woken: dict[str, _Woken] = {}

    def word_on(self, memory: SessionMemory) -> bool | None:
        """Whether a session's Secret is the version in memory, as the watch has told last; None where nothing is told of it."""
        name = claimed_by(memory)
        versions = self._versions_in(name[0])
        return None if versions is None else versions.get(name) == memory.stamp

    async def run(self) -> None:
        """Follow until cancelled."""
        if self._feed is None:
            await asyncio.Event().wait()
        else:
            await asyncio.gather(*(self._keep_following(self._feed, place) for place in self._places))

    async def look(self) -> None:
        """Wake the sessions whose Secret has another version, unless they are at work: mostly it is they who have written it."""
        now, waiting = self._clock.now(), set()
        for name in self._news:
            versions = self._versions_in(name[0])
            if versions is None:
                continue
            for entry in self._table.claimants(*name):
                if not _concerns(entry.memory, versions.get(name)):
                    continue
                if entry.queued or not self._may_wake(entry.memory.ref.uid, now):
                    waiting.add(name)
                else:
                    self._wake(entry)
        self._news = waiting
        for uid in [uid for uid, last in self._woken.items() if now - last.at > 2 * LONGEST_PAUSE_S]:
            del self._woken[uid]

    def listed(self, place: str | None, stamps: Mapping[SecretName, SecretStamp]) -> None:
        """Compare what there is in a place with what is known; from now on changes are told."""
        self._followed[place] = dict(stamps)
        for entry in self._table:
            memory = entry.memory
            name = claimed_by(memory)
            is_missed = name not in stamps and bool(memory.status.get("secretRef"))
            if place in {None, name[0]} and (memory.stamp is not None or is_missed):
                self._news.add(name)

    def changed(self, place: str | None, name: SecretName, stamp: SecretStamp | None) -> None:
        """Take in one version; its sessions hear of it with the next look."""
        versions = self._followed[place]  # begun by a list
        if stamp is None:
            versions.pop(name, None)
        else:
            versions[name] = stamp
        self._news.add(name)

    def _versions_in(self, namespace: str) -> dict[SecretName, SecretStamp] | None:
        return self._followed.get(namespace if namespace in self._places else None)

    def _may_wake(self, uid: str, now: float) -> bool:
        last = self._woken.get(uid)
        if last is not None and now - last.at < last.pause:
            return False
        is_again = last is not None and now - last.at < last.pause + LONGEST_PAUSE_S
        pause = min(2 * last.pause, LONGEST_PAUSE_S) if last is not None and is_again else SHORTEST_PAUSE_S
        self._woken[uid] = _Woken(now, pause)
        return True

    async def _keep_following(self, feed: SecretFeed, place: str | None) -> None:
        pause, said = SHORTEST_PAUSE_S, ""
        heard = _Heard(partial(self.listed, place), partial(self.changed, place))
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
                self._followed.pop(place, None)
            if self._clock.now() - began > LONGEST_PAUSE_S:
                pause, said = SHORTEST_PAUSE_S, ""
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class _Heard:
    listed: Callable[[Mapping[SecretName, SecretStamp]], None]
    changed: Callable[[SecretName, SecretStamp | None], None]


def _concerns(memory: SessionMemory, version: SecretStamp | None) -> bool:
    """Whether a version is news for a session.

    To one that has not seen its Secret yet, or has none, only what is said of the Secret that its status shows, or that there is none any
    more: the rotations of a rival are not.
    """
    if memory.stamp is not None:
        return version != memory.stamp
    return version is None or version.uid == (memory.status.get("secretRef") or {}).get("uid")

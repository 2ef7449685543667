"""Tells pods of a new token as soon as it is in its Secret, in a lane of its own: no pass and no Secret ever waits for a pod.

A pod's annotation is the only memory of whether it was told, so nothing is kept of pods between two lists, and nothing is watched.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from realtime_operator.core.delivery import Delivery, Tally
from realtime_operator.core.errors import ClusterError, ClusterForbidden
from realtime_operator.core.pod_view import ObservedPod
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.pod_ports import PodMetrics, PodPage, PodStore
from realtime_operator.ports import Clock, Notice

_log = logging.getLogger(__name__)

PAUSES_S = (0.0, 2.0, 8.0)
"""The pods are listed at once, after 2 s and after 10 s: one that was started across the rotation may have been given the token before,
and one that could not be told gets two more chances."""

LISTS_AT_ONCE = 8
TOLD_AT_ONCE = 16
"""Of all sessions: enough for 300 pods in a second, and few enough that Secrets find connections and an API server free."""

TOLD_AT_ONCE_BY_ONE = 4
"""Of one session, so that one with hundreds of pods leaves room for others."""

PATIENCE_S = 2.0
"""A pod that takes longer, as behind a slow webhook, is left for the next list; it gives its place to others."""

LATELY_S = 120.0
"""After a restart, pods are told of a token younger than this: of an older one their kubelets have found out by themselves."""


@dataclass(slots=True)
class _Errand:
    """One token of one session, of which its pods are to hear.

    Attributes:
        since: local time of the Secret's write; None where another process wrote it.
        is_urgent: whether the first list has not come to its end.
        unsaid: what a list found that may be a moment's trouble, so that the next one is waited for; None for nothing.
    """

    memory: SessionMemory
    token_id: str
    since: float | None
    is_urgent: bool = True
    unsaid: Tally | None = None


class PodLane:
    """What pods are still to be told."""

    def __init__(
        self,
        *,
        clock: Clock,
        pods: PodStore,
        metrics: PodMetrics,
        changed: Callable[[SessionMemory], None],
        announce: Callable[[Notice], None],
    ) -> None:
        """Begin with nobody to tell.

        Args:
            clock: local time.
            pods: where pods are listed and told.
            metrics: counts.
            changed: told of a session about whose pods there is something new to say.
            announce: told of events about the owners of pods.
        """
        self._clock = clock
        self._pods = pods
        self._metrics = metrics
        self._changed = changed
        self._announce = announce
        self._lists = asyncio.Semaphore(LISTS_AT_ONCE)
        self._places = asyncio.Semaphore(TOLD_AT_ONCE)
        self._errands: dict[str, tuple[_Errand, asyncio.Task[None]]] = {}
        self._ending = False

    def __len__(self) -> int:
        """How many sessions have pods that are being told."""
        return len(self._errands)

    def pass_ended(self, memory: SessionMemory) -> None:
        """Have the pods told, if the pass left a token in the Secret that they have not heard of."""
        wanted, holding = memory.wanted, memory.holding
        if not wanted.pod_selector:
            self._cancel(memory)
            memory.told = memory.delivery = None
            return
        if holding is None or memory.stamp is None or self._ending:
            return
        token = holding.token
        now_told, told = (token.token_id, wanted.pod_selector, wanted.secret_name), memory.told
        if told == now_told:
            return
        memory.told = now_told
        now = self._clock.now()
        if told is None and now - token.issued_at > LATELY_S and _is_complete(memory.delivery):
            return
        is_rotation = told is not None and told[0] != token.token_id
        self._begin(_Errand(memory, token.token_id, now if is_rotation else None))

    async def finish(self) -> None:
        """Let the pods hear of what is in their Secrets already; later lists are left to the next process."""
        self._ending = True
        for errand, task in list(self._errands.values()):
            if not errand.is_urgent:
                task.cancel()
        await asyncio.gather(*(task for _, task in self._errands.values()), return_exceptions=True)

    def _begin(self, errand: _Errand) -> None:
        self._cancel(errand.memory)
        uid = errand.memory.ref.uid
        task = asyncio.create_task(self._run(errand))
        self._errands[uid] = errand, task
        task.add_done_callback(lambda done: self._ended(uid, done))

    def _cancel(self, memory: SessionMemory) -> None:
        """A newer token makes the errand of the one before pointless."""
        before = self._errands.pop(memory.ref.uid, None)
        if before is not None:
            errand, task = before
            task.cancel()
            if errand.unsaid is not None:
                self._learn(errand, errand.unsaid, is_final=False)

    def _ended(self, uid: str, task: asyncio.Task[None]) -> None:
        if uid in self._errands and self._errands[uid][1] is task:
            del self._errands[uid]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("telling pods failed unexpectedly", exc_info=error, extra={"fields": {"uid": uid}})

    async def _run(self, errand: _Errand) -> None:
        for number, pause in enumerate(PAUSES_S):
            await asyncio.sleep(pause)
            if errand.memory.gone:
                return
            is_final = number == len(PAUSES_S) - 1
            tally = await self._round(errand, is_final=is_final)
            if number == 0 and errand.since is not None and tally.notified:
                self._metrics.notified_within(self._clock.now() - errand.since)
            errand.is_urgent = False
            # What fails once may be a moment's; what another attempt will not mend is told at once.
            errand.unsaid = None if number > 0 or tally.is_whole or tally.is_refused else tally
            if errand.unsaid is None:
                self._learn(errand, tally, is_final=is_final)
            if self._ending:
                return

    async def _round(self, errand: _Errand, *, is_final: bool) -> Tally:
        tally, page = Tally(errand.token_id), ""
        try:
            while True:
                listed = await self._page(errand.memory, page)
                if is_final:
                    self._hear(errand, listed)
                untold = [pod for pod in listed.pods if tally.is_untold(pod)]
                await self._tell(errand, untold, tally)
                if not (page := listed.next_page):
                    break
        except ClusterForbidden as error:
            tally.refused(None, str(error))
        except ClusterError as error:
            tally.unlisted(str(error))
        return tally

    async def _page(self, memory: SessionMemory, page: str) -> PodPage:
        async with self._lists:
            return await self._pods.page(
                memory.ref.namespace or "", memory.wanted.pod_selector, memory.wanted.sought, page=page
            )

    async def _tell(self, errand: _Errand, untold: list[ObservedPod], tally: Tally) -> None:
        remaining = iter(untold)
        workers = min(TOLD_AT_ONCE_BY_ONE, len(untold))
        await asyncio.gather(*(self._work(errand, remaining, tally) for _ in range(workers)))
        for pod in remaining:
            tally.behind(pod, "others took too long")

    async def _work(self, errand: _Errand, remaining: Iterator[ObservedPod], tally: Tally) -> None:
        """Tell one pod after the other; whoever met a slow one stops, so that a session of slow pods does not keep the places of others."""
        for pod in remaining:
            try:
                async with self._places, asyncio.timeout(PATIENCE_S):
                    is_there = await self._pods.tell(errand.memory.ref.namespace or "", pod, errand.token_id)
            except TimeoutError:
                self._count("failed")
                tally.behind(pod, f"no answer within {PATIENCE_S:g} s")
                return
            except ClusterForbidden as error:
                self._count("refused")
                tally.refused(pod, str(error))
            except ClusterError as error:
                self._count("failed")
                tally.behind(pod, str(error))
            else:
                self._count("told" if is_there else "gone")
                if is_there:
                    tally.told()
                else:
                    tally.gone()

    def _count(self, outcome: str) -> None:
        self._metrics.pod_notified(outcome=outcome)

    def _hear(self, errand: _Errand, listed: PodPage) -> None:
        """Take in what pods report of themselves, in whole seconds by their nodes' clocks; a time that cannot be is no report."""
        now, since = self._clock.now(), errand.since
        for pod in listed.pods:
            held_at = pod.held_since if pod.held == errand.token_id else None
            if since is not None and held_at is not None and math.floor(since) <= held_at <= now:
                self._metrics.held_after(max(0.0, held_at - since))

    def _learn(self, errand: _Errand, tally: Tally, *, is_final: bool) -> None:
        memory, before = errand.memory, errand.memory.delivery
        delivery = tally.delivery(before, final=is_final)
        if memory.gone or delivery == before:
            return
        memory.delivery = delivery
        trouble, known = delivery.trouble, before.trouble if before is not None else None
        if trouble is not None and (known is None or known.reason != trouble.reason):
            _log.warning("%s", trouble.message, extra={"fields": _named(memory) | {"reason": trouble.reason}})
            for owner in tally.owners:
                self._announce(Notice(owner.ref, True, trouble.reason, trouble.message, owner.api_version))
        self._changed(memory)


def _is_complete(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.is_complete


def _named(memory: SessionMemory) -> dict[str, str | None]:
    return {"namespace": memory.ref.namespace, "session": memory.ref.name}

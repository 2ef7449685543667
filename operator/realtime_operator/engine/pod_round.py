"""One list of a session's pods: who has not heard of the token is told, a few at a time; what pods say of themselves is heard."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass

from realtime_operator.core.delivery import Tally, is_late
from realtime_operator.core.errors import ClusterError, ClusterForbidden
from realtime_operator.core.pod_view import ObservedPod, told_again
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.places import Places
from realtime_operator.pod_ports import PodMetrics, PodPage, PodStore
from realtime_operator.ports import Clock

LISTS_AT_ONCE = 8
"""Of all sessions."""

TOLD_AT_ONCE = 24
"""Of all sessions: enough for 300 pods in a second, and few enough that Secrets find connections and an API server free."""

TOLD_AT_ONCE_BY_ONE = 6
"""Of one session, so that one with hundreds of pods leaves room for others."""

PATIENCE_S = 2.0
"""A pod that takes longer, as behind a slow webhook, is left for the next list; it gives its place to others."""


@dataclass(slots=True)
class Errand:
    """One token of one session, of which its pods are to hear.

    Attributes:
        since: local time of the Secret's write; None where another process wrote it.
        is_urgent: whether the first list has not come to its end.
        number: of the list, beginning with 1.
        listed: the first page, where it was asked for while the Secret was written; None for not.
        in_doubt: whether a list failed: kubelets may have lost the API server as well, and have learnt of the Secret after the pod.
        unsaid: what a list found that may be a moment's trouble, so that the next one is waited for; None for nothing.
    """

    memory: SessionMemory
    token_id: str
    since: float | None
    is_urgent: bool = True
    number: int = 1
    listed: asyncio.Task[PodPage] | None = None
    in_doubt: bool = False
    unsaid: Tally | None = None


class PodRounds:
    """Lists pods and tells them, for all sessions; a session's first list of a token goes before the later ones of others."""

    def __init__(self, *, clock: Clock, pods: PodStore, metrics: PodMetrics) -> None:
        """Begin with all places free.

        Args:
            clock: local time.
            pods: where pods are listed and told.
            metrics: counts.
        """
        self._clock = clock
        self._pods = pods
        self._metrics = metrics
        self._lists = Places(LISTS_AT_ONCE)
        self._places = Places(TOLD_AT_ONCE)

    async def round(self, errand: Errand, *, is_final: bool) -> Tally:
        """List the pods once, and tell those that have not heard of the token; gives what was found."""
        tally, page = Tally(errand.token_id), ""
        try:
            while True:
                listed = await (self._page(errand, page) if page else self._first_page(errand))
                if is_final:
                    self._hear(errand, listed)
                untold = [pod for pod in listed.pods if tally.is_untold(pod)]
                await self._tell(errand, untold, tally)
                if errand.number > 1:
                    await self._wake_again(errand, listed, in_doubt=errand.in_doubt and is_final)
                if not (page := listed.next_page):
                    break
        except ClusterForbidden as error:
            tally.refused(None, str(error))
        except ClusterError as error:
            errand.in_doubt = True
            tally.unlisted(str(error))
        return tally

    async def ask(self, memory: SessionMemory) -> PodPage:
        """Give the first page of a session's pods, for a token that is not written yet."""
        return await self._page(Errand(memory, "", None), "")

    async def _first_page(self, errand: Errand) -> PodPage:
        listed, errand.listed = errand.listed, None
        try:
            return await (listed or self._page(errand, ""))
        except ClusterError as error:
            if listed is None:
                raise
            errand.in_doubt = not isinstance(error, ClusterForbidden)
        return await self._page(errand, "")  # as long as there is another attempt it is nobody's trouble

    async def _page(self, errand: Errand, page: str) -> PodPage:
        memory = errand.memory
        async with self._lists.one(urgent=errand.is_urgent):
            return await self._pods.page(
                memory.ref.namespace or "", memory.wanted.pod_selector, memory.wanted.sought, page=page
            )

    async def _wake_again(self, errand: Errand, listed: PodPage, *, in_doubt: bool) -> None:
        """Have kubelets look once more that may have looked before they knew the Secret's new version.

        A kubelet looks into a cache of its own, which one watch brings up to date while another one tells it of the pod. Where a pod says
        that it holds another token, or where it cannot be told, the value changes once more; who is told of it counts as told anyway.
        """
        late = [pod for pod in listed.pods if is_late(pod, errand.token_id, in_doubt=in_doubt)]
        await self._tell(errand, late, Tally(errand.token_id), again=True)

    async def _tell(
        self, errand: Errand, pods: list[ObservedPod], tally: Tally, *, again: bool = False
    ) -> None:
        remaining = iter(pods)
        workers = min(TOLD_AT_ONCE_BY_ONE, len(pods))
        await asyncio.gather(*(self._work(errand, remaining, tally, again=again) for _ in range(workers)))
        for pod in remaining:
            tally.behind(pod, "others took too long")

    async def _work(
        self, errand: Errand, remaining: Iterator[ObservedPod], tally: Tally, *, again: bool
    ) -> None:
        """Tell one pod after the other; whoever met a slow one stops, so that a session of slow pods does not keep the places of others."""
        namespace, value = errand.memory.ref.namespace or "", errand.token_id
        if again:
            value = told_again(value, errand.number)
        for pod in remaining:
            try:
                async with self._places.one(urgent=errand.is_urgent), asyncio.timeout(PATIENCE_S):
                    is_there = await self._pods.tell(namespace, pod, value)
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
                if is_there:
                    self._count("again" if again else "told")
                    tally.told()
                else:
                    self._count("gone")
                    if not again:  # else it is counted elsewhere, and the next list does without it
                        tally.gone(pod)

    def _count(self, outcome: str) -> None:
        self._metrics.pod_notified(outcome=outcome)

    def _hear(self, errand: Errand, listed: PodPage) -> None:
        """Take in what pods report of themselves, in whole seconds by their nodes' clocks; a time that cannot be is no report."""
        now, since = self._clock.now(), errand.since
        for pod in listed.pods:
            held_at = pod.held_since if pod.held == errand.token_id else None
            if since is not None and held_at is not None and math.floor(since) <= held_at <= now:
                self._metrics.held_after(max(0.0, held_at - since))

"""Tells pods of a new token as soon as it is in its Secret, in a lane of its own: no pass and no Secret ever waits for a pod.

A pod's annotation is the only memory of whether it was told, so nothing is kept of pods between two lists, and nothing is watched.
The first list is made while the Secret is written, and thrown away if that takes long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from realtime_operator.core.delivery import Delivery, Tally
from realtime_operator.core.session_memory import SessionMemory, Wanted
from realtime_operator.engine.pod_round import Errand, PodRounds
from realtime_operator.pod_ports import PodMetrics, PodPage, PodStore
from realtime_operator.ports import Clock, Notice

_log = logging.getLogger(__name__)

PAUSES_S = (0.0, 2.0, 8.0)
"""The pods are listed at once, after 2 s and after 10 s: one that was started across the rotation may have been given the token before,
and one that could not be told gets two more chances, as has one whose kubelet looked too early."""

LISTED_S = 2.0
"""A list that was made so long before the token was written is made again."""

LATELY_S = 120.0
"""After a restart, pods are told of a token younger than this: of an older one their kubelets have found out by themselves."""


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
        hurry: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin with nobody to tell.

        Args:
            clock: local time.
            pods: where pods are listed and told.
            metrics: counts.
            changed: told of a session about whose pods there is something new to say.
            announce: told of events about the owners of pods.
            hurry: called when readers wait for what is done in the next moment.
        """
        self._clock = clock
        self._metrics = metrics
        self._changed = changed
        self._announce = announce
        self._hurry = hurry
        self._rounds = PodRounds(clock=clock, pods=pods, metrics=metrics)
        self._errands: dict[str, tuple[Errand, asyncio.Task[None]]] = {}
        self._listed: dict[str, tuple[Wanted, asyncio.Task[PodPage]]] = {}
        self._ending = False

    def __len__(self) -> int:
        """How many sessions have pods that are being told."""
        return len(self._errands)

    def writing(self, memory: SessionMemory) -> None:
        """Ask which pods there are while a new token is written, so that they are told as soon as it is; later lists find the rest."""
        if not memory.wanted.pod_selector or self._ending:
            return
        self._hurry()
        listed = asyncio.create_task(self._rounds.ask(memory))
        listed.add_done_callback(_looked_at)
        self._listed[memory.ref.uid] = memory.wanted, listed
        asyncio.get_running_loop().call_later(LISTED_S, self._forget, memory, listed)

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
        self._begin(Errand(memory, token.token_id, now if is_rotation else None, listed=self._taken(memory)))

    async def finish(self) -> None:
        """Let the pods hear of what is in their Secrets already; later lists are left to the next process."""
        self._ending = True
        for errand, task in list(self._errands.values()):
            if not errand.is_urgent:
                task.cancel()
        await asyncio.gather(*(task for _, task in self._errands.values()), return_exceptions=True)

    def _taken(self, memory: SessionMemory) -> asyncio.Task[PodPage] | None:
        """The list that was asked for while the token was written, if it is of the pods that are wanted still."""
        wanted, listed = self._listed.pop(memory.ref.uid, (None, None))
        return listed if wanted is memory.wanted else None

    def _forget(self, memory: SessionMemory, listed: asyncio.Task[PodPage]) -> None:
        """Whatever keeps a token from its Secret for so long, the list is of a time before."""
        if self._listed.get(memory.ref.uid, (None, None))[1] is listed:
            del self._listed[memory.ref.uid]

    def _begin(self, errand: Errand) -> None:
        self._hurry()
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

    async def _run(self, errand: Errand) -> None:
        for number, pause in enumerate(PAUSES_S, start=1):
            await asyncio.sleep(pause)
            if errand.memory.gone:
                return
            errand.number, is_final = number, number == len(PAUSES_S)
            tally = await self._rounds.round(errand, is_final=is_final)
            if number == 1 and errand.since is not None and tally.notified:
                self._metrics.notified_within(self._clock.now() - errand.since)
            errand.is_urgent = False
            # What fails once may be a moment's; what another attempt will not mend is told at once.
            errand.unsaid = None if number > 1 or tally.is_whole or tally.is_refused else tally
            if errand.unsaid is None:
                self._learn(errand, tally, is_final=is_final)
            if self._ending:
                return

    def _learn(self, errand: Errand, tally: Tally, *, is_final: bool) -> None:
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


def _looked_at(listed: asyncio.Task[PodPage]) -> None:
    """Nobody may come to ask what became of it."""
    if not listed.cancelled():
        listed.exception()


def _is_complete(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.is_complete


def _named(memory: SessionMemory) -> dict[str, str | None]:
    return {"namespace": memory.ref.namespace, "session": memory.ref.name}

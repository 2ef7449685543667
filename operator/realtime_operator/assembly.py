"""Joins the engine's parts around the ports. What stands behind the ports is chosen outside: the adapters, or models of the world."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from realtime_operator.api.group import KIND_CLUSTER_PROVIDER, KIND_PROVIDER, KIND_SESSION
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.concerned import Concerned, try_again
from realtime_operator.engine.directory import Directory
from realtime_operator.engine.dispatcher import TICK_S, Dispatcher
from realtime_operator.engine.gate import Gate
from realtime_operator.engine.intake import Intake
from realtime_operator.engine.lanes import Lanes, ProviderKey
from realtime_operator.engine.notice_lane import NoticeLane
from realtime_operator.engine.pod_lane import PodLane
from realtime_operator.engine.reach import Reach
from realtime_operator.engine.resync import kept_providers, kept_sessions, resync_all
from realtime_operator.engine.rhythm import Act, Rhythm, every, until_stopped
from realtime_operator.engine.secret_watch import SecretWatch
from realtime_operator.engine.session_values import SessionValues
from realtime_operator.engine.status_lane import StatusLane
from realtime_operator.engine.table import Table
from realtime_operator.glance import Glancer
from realtime_operator.pod_ports import PodMetrics
from realtime_operator.ports import Clock, Metrics, PassResult
from realtime_operator.reconciler import Reconciler
from realtime_operator.seams import BARE, Seams
from realtime_operator.settings import Settings
from realtime_operator.world import World

LAST_STATUS_S = 2.0
"""How long the exit waits for statuses; the Secrets are written, and the next start writes the rest."""

DELETED = "DELETED"

AFTER_A_NEW_LIST_S = 2.0
"""A list says nothing of what was deleted while nobody watched, so it is compared soon after it has come."""


class Counts(Metrics, PodMetrics, Protocol):
    """Everything that is counted."""


class Assembly:
    """The whole engine, from what the watch tells to what is written.

    Attributes:
        gate: in front of the workers.
        table: all sessions known.
        directory: all providers known.
        dispatcher: starts the passes.
        reach: whether what is to be served can be read.
    """

    def __init__(
        self,
        settings: Settings,
        world: World,
        *,
        clock: Clock,
        metrics: Counts,
        settled: Callable[[], None] = lambda: None,
        hurry: Callable[[], None] = lambda: None,
        seams: Seams = BARE,
    ) -> None:
        """Join the parts; made inside the running loop.

        Args:
            settings: of the operator.
            world: what it meets.
            clock: time.
            metrics: what counts.
            settled: called once, when everything that there was at the start has been taken in.
            hurry: called when readers wait for what is done in the next moment.
            seams: wrappers around the parts of the world.
        """
        self._settings = settings
        self._settled, self._is_settled = settled, False
        self.gate, self.table = Gate(), Table()
        self._objects = seams.objects(world.objects)
        self._values = SessionValues(
            clock=clock,
            references=world.references,
            table=self.table,
            wake=lambda entry: self.dispatcher.wake(entry),  # noqa: PLW0108 - made later
        )
        self.directory = Directory(
            clock=clock,
            gate=self.gate,
            objects=self._objects,
            references=world.references,
            files=world.files,
            cluster_kind=not settings.namespaces,
            changed=self._provider_changed,
            all_in_trouble=lambda key: self.dispatcher.all_in_trouble(key),  # noqa: PLW0108 - made later
            wake=lambda memories: self.dispatcher.wake_all(memories),  # noqa: PLW0108 - made later
            announce=lambda notice: self._notice_lane.submit(notice),  # noqa: PLW0108 - made later
        )
        secrets = seams.secrets(world.secrets)
        feed = world.secret_feed if settings.watch_secrets else None
        self._secret_watch = SecretWatch(
            clock=clock,
            feed=None if feed is None else seams.secret_feed(feed),
            places=settings.namespaces or (None,),
            table=self.table,
            wake=lambda entry: self.dispatcher.wake(entry),  # noqa: PLW0108 - made later
        )
        reconciler = Reconciler(
            clock=clock,
            providers=self.directory,
            mints=seams.mints(world.mints),
            secrets=secrets,
            values=self._values,
            metrics=metrics,
            writing=lambda memory: self._pod_lane.writing(memory),  # noqa: PLW0108 - made later
            word_on=self._secret_watch.word_on,
        )
        glancer = Glancer(
            clock=clock,
            providers=self.directory,
            secrets=secrets,
            word_on=self._secret_watch.word_on,
        )
        self.dispatcher = Dispatcher(
            clock=clock,
            gate=self.gate,
            table=self.table,
            lanes=Lanes(self.directory.max_in_flight),
            reconcile=seams.passes(reconciler.reconcile),
            glance=glancer.glance,
            provider_of=self.directory.lane_of,
            let_go=self.directory.let_go,
            mint_latency=self.directory.latency,
            report=self.report,
            metrics=metrics,
        )
        self._notice_lane = NoticeLane(world.events, is_in_a_burst=self.dispatcher.is_in_a_burst)
        self._status_lane = StatusLane(
            self._objects,
            is_in_a_burst=self.dispatcher.is_in_a_burst,
            gone=lambda uid: self._intake.gone(uid),  # noqa: PLW0108 - made later
        )
        pods = seams.pods(world.pods)
        self._pod_lane = PodLane(
            clock=clock,
            pods=pods,
            metrics=metrics,
            changed=lambda memory: self.dispatcher.wake_all([memory]),
            announce=self._notice_lane.submit,
            hurry=hurry,
        )
        others = [pods.can_list] * settings.pod_annotation
        self.reach = Reach(clock, self._objects, self.kinds, *others)
        self._resyncs = Rhythm(settings.resync_seconds, self._resync, quiet=AFTER_A_NEW_LIST_S)
        self._intake = Intake(
            clock=clock,
            table=self.table,
            dispatcher=self.dispatcher,
            status_lane=self._status_lane,
            announce=self._notice_lane.submit,
            tells_pods=settings.pod_annotation,
        )

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds that are watched, providers before those who need them."""
        cluster = [] if self._settings.namespaces else [KIND_CLUSTER_PROVIDER]
        return [*cluster, KIND_PROVIDER, KIND_SESSION]

    async def run(self, stop: asyncio.Event, *others: Act) -> None:
        """Run, and do what else is given each second, until ``stop`` is set; then let what is in flight end, and write what is known.

        Raises:
            Exception: whatever ended one of the loops.
        """
        lanes = (self._status_lane.flush, self._notice_lane.flush)
        looks = (self.directory.refresh, self._values.refresh, self.reach.look, self._secret_watch.look)
        acts = [every(TICK_S, act) for act in (*lanes, *looks, *others)]
        loops = [self.dispatcher.run(), self._resyncs.run(), self._secret_watch.run(), *acts]
        await until_stopped(stop, loops, at_end=self._end)

    def heard(self, kind: str, event_type: str | None, body: Mapping[str, Any], *, again: bool) -> None:
        """Take in what the watch tells of an object.

        Args:
            kind: of the object.
            event_type: as the watch says; None for an object of a list.
            body: the object's JSON document.
            again: whether a list is not the first one.
        """
        if event_type is None and (again or self.table.get(body["metadata"]["uid"])):
            self._resyncs.ask()  # not the first list, so there was a gap in the watch
        if kind == KIND_SESSION and event_type == DELETED:
            self._intake.gone(body["metadata"]["uid"])
        elif kind == KIND_SESSION:
            self._intake.seen(body)
        elif event_type == DELETED:
            self.directory.gone(kind, body["metadata"]["uid"])
        else:
            self.directory.seen(kind, body, listed=event_type is None)

    def report(self, memory: SessionMemory, result: PassResult) -> None:
        """Show what a session has come to, and tell of it."""
        self._pod_lane.pass_ended(memory)
        if result.status is not None:
            self._status_lane.submit(memory, result.status)
        for notice in result.notices:
            self._notice_lane.submit(notice)

    def _provider_changed(self, key: ProviderKey, concerned: Concerned) -> None:
        """A provider is another one: what failed because of it is tried at once."""
        try_again(
            self.table,
            concerned,
            may_use=lambda memory: self.directory.may_use(memory, key),
            wake=self.dispatcher.wake,
        )

    async def _end(self) -> None:
        await self.dispatcher.stop(grace=self._settings.grace_seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_STATUS_S):
                last = (self._pod_lane.finish(), self._status_lane.flush(), self._notice_lane.flush())
                await asyncio.gather(*last)

    async def _resync(self) -> None:
        providers = [kept_providers(kind, self.directory) for kind in self.kinds[:-1]]
        await resync_all(self._objects, [*providers, kept_sessions(self.table, self._intake)])
        if not self._is_settled:
            self._is_settled = True
            self._settled()

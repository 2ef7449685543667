"""The composition root: opens the adapters, joins the parts, runs the loops, closes everything."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from realtime_operator.adapters.cluster_access import ClusterAccess
from realtime_operator.adapters.credential_files import CredentialFiles
from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_events import KubeEvents
from realtime_operator.adapters.kube_objects import KubeObjects
from realtime_operator.adapters.kube_pods import KubePods
from realtime_operator.adapters.kube_references import KubeReferences
from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.adapters.probe_server import Check, ProbeServer
from realtime_operator.adapters.prometheus import PrometheusMetrics
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.adapters.system_clock import SystemClock
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
from realtime_operator.engine.rhythm import Rhythm, every, until_stopped
from realtime_operator.engine.session_values import SessionValues
from realtime_operator.engine.status_lane import StatusLane
from realtime_operator.engine.table import Table
from realtime_operator.observability import access, provider_samples, samples, ticking
from realtime_operator.ports import Clock, ObjectStore, PassResult, TokenProvider
from realtime_operator.reconciler import Reconciler
from realtime_operator.seams import BARE, Seams
from realtime_operator.settings import Settings
from realtime_operator.watch.feed import Feed
from realtime_operator.watch.watcher import Watcher

_log = logging.getLogger(__name__)

LAST_STATUS_S = 2.0
"""How long the exit waits for statuses; the Secrets are written, and the next start writes the rest."""

DELETED = "DELETED"

AFTER_A_NEW_LIST_S = 2.0
"""A list says nothing of what was deleted while nobody watched, so it is compared soon after it has come."""


class Operator:
    """The engine with its adapters, open.

    Attributes:
        table: all sessions known.
        metrics: what was counted.
    """

    def __init__(
        self,
        settings: Settings,
        access: ClusterAccess,
        *,
        instance: str,
        seams: Seams = BARE,
        hurry: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._hurry = hurry
        self._access = access
        self._seams = seams
        self._instance = instance
        self.clock: Clock = SystemClock()
        self._began = self.clock.now()
        self._is_settled = False
        self.gate = Gate()
        self.table = Table()
        self.metrics = PrometheusMetrics(
            lambda: samples(self.table, self.clock.now()),
            lambda: provider_samples(self._directory.entries(), self.clock.now()),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then let what is in flight end, write what is known, and close."""
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                KubeClient(self._access, connections=self._settings.connections)
            )
            mints = await stack.enter_async_context(
                RealtimeApi(self.clock, trust_env=self._settings.trust_env)
            )
            objects = self._seams.objects(KubeObjects(client, namespaces=self._namespaces))
            self._join(client, objects, self._seams.mints(mints))
            probes = await stack.enter_async_context(self._probes())
            feed = Feed(self._heard)
            self._watcher = await stack.enter_async_context(
                Watcher(
                    kinds=self._kinds,
                    namespaces=self._namespaces,
                    credentials=self._access,
                    heard=feed.put,
                )
            )
            _log.info("running", extra={"fields": {"port": probes.port, "instance": self._instance}})
            await self._loop_until(stop)
        _log.info("stopped")

    @property
    def _namespaces(self) -> Sequence[str] | None:
        return self._settings.namespaces or None

    @property
    def _kinds(self) -> list[str]:
        cluster = [] if self._namespaces else [KIND_CLUSTER_PROVIDER]
        return [*cluster, KIND_PROVIDER, KIND_SESSION]

    def _join(self, client: KubeClient, objects: ObjectStore, mints: TokenProvider) -> None:
        events = KubeEvents(client, self.clock, instance=self._instance)
        references = KubeReferences(client)
        self._values = SessionValues(
            clock=self.clock,
            references=references,
            table=self.table,
            wake=lambda entry: self._dispatcher.wake(entry),  # noqa: PLW0108 - made later
        )
        self._directory = Directory(
            clock=self.clock,
            gate=self.gate,
            objects=objects,
            references=references,
            files=CredentialFiles(self._settings.credentials_dir),
            cluster_kind=self._namespaces is None,
            changed=self._provider_changed,
            all_in_trouble=lambda key: self._dispatcher.all_in_trouble(key),  # noqa: PLW0108 - made later
            wake=lambda memories: self._dispatcher.wake_all(memories),  # noqa: PLW0108 - made later
            announce=lambda notice: self._notice_lane.submit(notice),  # noqa: PLW0108 - made later
        )
        reconciler = Reconciler(
            clock=self.clock,
            providers=self._directory,
            mints=mints,
            secrets=self._seams.secrets(KubeSecrets(client)),
            values=self._values,
            metrics=self.metrics,
            writing=lambda memory: self._pod_lane.writing(memory),  # noqa: PLW0108 - made later
        )
        self._dispatcher = Dispatcher(
            clock=self.clock,
            gate=self.gate,
            table=self.table,
            lanes=Lanes(self._directory.max_in_flight),
            reconcile=reconciler.reconcile,
            provider_of=self._directory.lane_of,
            let_go=self._directory.let_go,
            mint_latency=self._directory.latency,
            report=self._report,
            metrics=self.metrics,
        )
        self._notice_lane = NoticeLane(events, is_in_a_burst=self._dispatcher.is_in_a_burst)
        self._status_lane = StatusLane(
            objects,
            is_in_a_burst=self._dispatcher.is_in_a_burst,
            gone=lambda uid: self._intake.gone(uid),  # noqa: PLW0108 - made later
        )
        pods = self._seams.pods(KubePods(client, namespaces=self._namespaces))
        self._pod_lane = PodLane(
            clock=self.clock,
            pods=pods,
            metrics=self.metrics,
            changed=lambda memory: self._dispatcher.wake_all([memory]),
            announce=self._notice_lane.submit,
            hurry=self._hurry,
        )
        others = [pods.can_list] * self._settings.pod_annotation
        self._reach = Reach(self.clock, objects, self._kinds, *others)
        self._resyncs = Rhythm(
            self._settings.resync_seconds, lambda: self._resync(objects), quiet=AFTER_A_NEW_LIST_S
        )
        self._intake = Intake(
            clock=self.clock,
            table=self.table,
            dispatcher=self._dispatcher,
            status_lane=self._status_lane,
            announce=self._notice_lane.submit,
            tells_pods=self._settings.pod_annotation,
        )

    def _heard(self, kind: str, event_type: str | None, body: Mapping[str, Any]) -> None:
        if event_type is None and (self._watcher.restarts or self.table.get(body["metadata"]["uid"])):
            self._resyncs.ask()  # not the first list, so there was a gap in the watch
        if kind == KIND_SESSION and event_type == DELETED:
            self._intake.gone(body["metadata"]["uid"])
        elif kind == KIND_SESSION:
            self._intake.seen(body)
        elif event_type == DELETED:
            self._directory.gone(kind, body["metadata"]["uid"])
        else:
            self._directory.seen(kind, body, listed=event_type is None)

    def _report(self, memory: SessionMemory, result: PassResult) -> None:
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
            may_use=lambda memory: self._directory.may_use(memory, key),
            wake=self._dispatcher.wake,
        )

    async def _loop_until(self, stop: asyncio.Event) -> None:
        lanes = (self._status_lane.flush, self._notice_lane.flush)
        acts = (*lanes, self._directory.refresh, self._values.refresh, self._reach.look)
        loops = [self._dispatcher.run(), self._resyncs.run(), *(every(TICK_S, act) for act in acts)]
        await until_stopped(stop, loops, at_end=self._end)

    async def _end(self) -> None:
        await self._dispatcher.stop(grace=self._settings.grace_seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_STATUS_S):
                last = (self._pod_lane.finish(), self._status_lane.flush(), self._notice_lane.flush())
                await asyncio.gather(*last)

    async def _resync(self, objects: ObjectStore) -> None:
        providers = [kept_providers(kind, self._directory) for kind in self._kinds[:-1]]
        await resync_all(objects, [*providers, kept_sessions(self.table, self._intake)])
        if not self._is_settled:
            # What lives now lives long: later collections need not go through it. Once only, or what dies in cycles stays.
            self._is_settled = True
            gc.collect()
            gc.freeze()

    def _probes(self) -> ProbeServer:
        return ProbeServer(
            host=self._settings.host,
            port=self._settings.port,
            live=lambda: [self._ticking()],
            ready=lambda: [self._ticking(), *access(self._watcher.is_watching, self._reach.trouble)],
            metrics=self.metrics.expose,
        )

    def _ticking(self) -> Check:
        last_tick = max(self._dispatcher.last_tick, self._began)
        return ticking(now=self.clock.now(), last_tick=last_tick, leading=self.gate.is_open())

"""The composition root: opens the adapters, puts the assembly between them, runs it, closes everything."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from time import process_time
from typing import Any

from realtime_operator.adapters.cluster_access import ClusterAccess
from realtime_operator.adapters.credential_files import CredentialFiles
from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_events import KubeEvents
from realtime_operator.adapters.kube_objects import KubeObjects
from realtime_operator.adapters.kube_pods import KubePods
from realtime_operator.adapters.kube_references import KubeReferences
from realtime_operator.adapters.kube_secret_watch import KubeSecretWatch
from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.adapters.probe_server import Check, ProbeServer
from realtime_operator.adapters.prometheus import PrometheusMetrics
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.adapters.system_clock import SystemClock
from realtime_operator.assembly import Assembly
from realtime_operator.engine.capacity import Capacity
from realtime_operator.observability import access, provider_samples, samples, ticking
from realtime_operator.ports import Clock
from realtime_operator.seams import BARE, Seams
from realtime_operator.settings import Settings
from realtime_operator.watch.feed import Feed
from realtime_operator.watch.watcher import Watcher
from realtime_operator.world import World

_log = logging.getLogger(__name__)

UNLIMITED = 0
"""Connections for watches: one for each namespace, for as long as the process lives."""


class Operator:
    """The engine with its adapters, open.

    Attributes:
        metrics: what was counted.
    """

    def __init__(
        self,
        settings: Settings,
        access: ClusterAccess,
        *,
        instance: str,
        hurry: Callable[[], None] = lambda: None,
        seams: Seams = BARE,
    ) -> None:
        self._settings = settings
        self._hurry = hurry
        self._access = access
        self._seams = seams
        self._instance = instance
        self.clock: Clock = SystemClock()
        self._began = self.clock.now()
        self.metrics = PrometheusMetrics(
            lambda: samples(self._assembly.table, self.clock.now()),
            lambda: provider_samples(
                self._assembly.directory.entries(), self._capacity.shares, self.clock.now()
            ),
            lambda: self._capacity.core,
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
            watching = await stack.enter_async_context(KubeClient(self._access, connections=UNLIMITED))
            self._assembly = Assembly(
                self._settings,
                self._world(client, mints, watching),
                clock=self.clock,
                metrics=self.metrics,
                settled=_collect_no_more_of_it,
                hurry=self._hurry,
                seams=self._seams,
            )
            self._capacity = self._measured(self._assembly)
            probes = await stack.enter_async_context(self._probes())
            feed = Feed(self._heard)
            self._watcher = await stack.enter_async_context(
                Watcher(
                    kinds=self._assembly.kinds,
                    namespaces=self._namespaces,
                    credentials=self._access,
                    heard=feed.put,
                )
            )
            _log.info("running", extra={"fields": {"port": probes.port, "instance": self._instance}})
            await self._assembly.run(stop, self._capacity.look)
        _log.info("stopped")

    @property
    def _namespaces(self) -> Sequence[str] | None:
        return self._settings.namespaces or None

    def _world(self, client: KubeClient, mints: RealtimeApi, watching: KubeClient) -> World:
        return World(
            mints=mints,
            secrets=KubeSecrets(client),
            objects=KubeObjects(client, namespaces=self._namespaces),
            references=KubeReferences(client),
            files=CredentialFiles(self._settings.credentials_dir),
            events=KubeEvents(client, self.clock, instance=self._instance),
            pods=KubePods(client, namespaces=self._namespaces),
            secret_feed=KubeSecretWatch(watching),
        )

    def _measured(self, assembly: Assembly) -> Capacity:
        return Capacity(
            clock=self.clock,
            gate=assembly.gate,
            table=assembly.table,
            directory=assembly.directory,
            cpu_seconds=process_time,
            minted=lambda: self.metrics.tokens,
            report=assembly.report,
        )

    def _heard(self, kind: str, event_type: str | None, body: Mapping[str, Any]) -> None:
        self._assembly.heard(kind, event_type, body, again=bool(self._watcher.restarts))

    def _probes(self) -> ProbeServer:
        reach = self._assembly.reach
        return ProbeServer(
            host=self._settings.host,
            port=self._settings.port,
            live=lambda: [self._ticking()],
            ready=lambda: [self._ticking(), *access(self._watcher.is_watching, reach.trouble)],
            metrics=self.metrics.expose,
        )

    def _ticking(self) -> Check:
        assembly = self._assembly
        last_tick = max(assembly.dispatcher.last_tick, self._began)
        return ticking(now=self.clock.now(), last_tick=last_tick, leading=assembly.gate.is_open())


def _collect_no_more_of_it() -> None:
    """What lives now lives long: later collections need not go through it. Once only, or what dies in cycles stays."""
    gc.collect()
    gc.freeze()

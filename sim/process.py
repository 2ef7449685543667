"""The operator as a process among the models: started, ended, killed, and started again with nothing but what is stored."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from realtime_operator.api.group import LABEL_PROVIDER_KEY
from realtime_operator.assembly import Assembly
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.pod_view import ObservedPod, Sought
from realtime_operator.core.reasons import Reason
from realtime_operator.pod_ports import PodPage
from realtime_operator.ports import Clock, Notice, TokenProvider
from realtime_operator.reference_ports import KeyDocument
from realtime_operator.seams import BARE, Seams
from realtime_operator.secret_watch_ports import SecretFeed
from realtime_operator.settings import Settings
from realtime_operator.world import World
from sim.api_server import ApiServer, SecretsOverApi
from sim.watch import ModelledWatch

KEY_SECRET: Final = ("operator", "provider-key")
"""Namespace and name of the key's Secret."""


class Process:
    """One operator after the other.

    Attributes:
        counts: what all of them counted.
        watch: what the one that runs hears through; None while none does.
    """

    def __init__(
        self,
        clock: Clock,
        api: ApiServer,
        provider: TokenProvider,
        *,
        feed: SecretFeed | None = None,
        seams: Seams = BARE,
    ) -> None:
        """Run nothing yet; ``feed`` is None where Secrets are not watched."""
        self._clock = clock
        self._seams = seams
        self._api = api
        self._world = World(
            mints=provider,
            secrets=SecretsOverApi(api),
            objects=api,
            references=_References(api),
            files=_NoFiles(),
            events=_Unread(),
            pods=_NoPods(),
            secret_feed=feed,
        )
        self._settings = Settings(
            namespaces=(),
            resync_seconds=300.0,
            pod_annotation=False,
            watch_secrets=feed is not None,
            grace_seconds=5.0,
        )
        self.counts = Counts()
        self.watch: ModelledWatch | None = None
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    @property
    def table_size(self) -> int:
        """How many sessions the one that runs knows."""
        return len(self._assembly.table) if self._running is not None else 0

    def start(self) -> None:
        """Begin a life."""
        if self._running is not None:
            return
        self._stop = asyncio.Event()
        self._assembly = Assembly(
            self._settings, self._world, clock=self._clock, metrics=self.counts, seams=self._seams
        )
        self._running = asyncio.create_task(self._assembly.run(self._stop), name="operator")
        self.watch = ModelledWatch(self._api, self._assembly)
        self.watch.open()

    async def end(self) -> None:
        """End as SIGTERM does.

        Raises:
            Exception: whatever ended the operator before.
        """
        if self._running is None or self.watch is None:
            return
        self._stop.set()
        await self._running
        self.watch.close()
        self._running = self.watch = None

    async def kill(self, survivors: set[asyncio.Task[Any]]) -> None:
        """End as SIGKILL does: whatever was in flight stays undone.

        Args:
            survivors: the tasks of this loop that are no part of the operator.
        """
        if self._running is None or self.watch is None:
            return
        self.watch.close()
        self._assembly.gate.close()  # a pass that is cancelled begins no other one
        victims = asyncio.all_tasks() - survivors
        for task in victims:
            task.cancel()
        await asyncio.gather(*victims, return_exceptions=True)
        self._running = self.watch = None

    def raise_if_ended(self) -> None:
        """Raise what ended it, if anything did."""
        if self._running is not None and self._running.done():
            self._running.result()
            raise AssertionError("the operator ended, and nobody had asked for it")


class Counts:
    """Fulfils ``assembly.Counts``: counts, and keeps no list.

    Attributes:
        minted_for: mints by reason.
        failed_for: what failed, by reason.
    """

    def __init__(self) -> None:
        self.minted_for: Counter[str] = Counter()
        self.failed_for: Counter[str] = Counter()

    def minted(self, *, reason: str) -> None:
        """See ``ports.Metrics``."""
        self.minted_for[reason] += 1

    def mint_failed(self, *, reason: str) -> None:
        """See ``ports.Metrics``."""
        self.failed_for[reason] += 1

    def mint_latency(self, seconds: float) -> None:
        """See ``ports.Metrics``."""

    def lateness(self, seconds: float) -> None:
        """See ``ports.Metrics``."""

    def pass_failed(self, *, reason: str) -> None:
        """See ``ports.Metrics``."""
        self.failed_for[reason] += 1

    def pod_notified(self, *, outcome: str) -> None:
        """See ``pod_ports.PodMetrics``."""

    def notified_within(self, seconds: float) -> None:
        """See ``pod_ports.PodMetrics``."""

    def held_after(self, seconds: float) -> None:
        """See ``pod_ports.PodMetrics``."""


class _References:
    """The key of the one provider, and nothing else."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    async def key_secret(self, namespace: str, name: str) -> KeyDocument | None:
        """See ``reference_ports.ReferenceStore``."""
        await self._api.asked()
        if (namespace, name) != KEY_SECRET:
            return None
        return KeyDocument("1", {LABEL_PROVIDER_KEY: "true"}, {"api-key": "sk-simulated"})

    async def config_map(self, namespace: str, name: str) -> KeyDocument | None:  # noqa: ARG002 - as the port says
        """See ``reference_ports.ReferenceStore``."""
        return None

    async def namespace_labels(self, name: str) -> Mapping[str, str]:  # noqa: ARG002 - as the port says
        """See ``reference_ports.ReferenceStore``."""
        return {}


class _NoFiles:
    def read(self, path: str) -> str:
        raise ProviderNotReady(
            Reason.KEY_FILE_UNUSABLE, f"spec.auth.file.path {Path(path).name}: is not there."
        )


class _Unread:
    async def post(self, notice: Notice) -> None:
        """Nobody reads events here."""


class _NoPods:
    async def page(self, namespace: str, selector: str, sought: Sought, *, page: str = "") -> PodPage:  # noqa: ARG002
        return PodPage(())

    async def tell(self, namespace: str, pod: ObservedPod, token_id: str) -> bool:  # noqa: ARG002
        return False

    async def can_list(self) -> None:
        """There are none, and they may be listed."""

"""The whole engine among fakes, in virtual time: intake, table, dispatcher, lanes, status lane, reconciler."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self

from realtime_operator.adapters.system_clock import SystemClock
from realtime_operator.api.group import LABEL_PROVIDER_KEY
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.core.timestamps import from_rfc3339
from realtime_operator.engine.capacity import Capacity
from realtime_operator.engine.concerned import Concerned, try_again
from realtime_operator.engine.directory import Directory
from realtime_operator.engine.dispatcher import TICK_S, Dispatcher
from realtime_operator.engine.gate import Gate
from realtime_operator.engine.intake import Intake
from realtime_operator.engine.lanes import Lanes, ProviderKey
from realtime_operator.engine.pod_lane import PodLane
from realtime_operator.engine.secret_watch import SecretWatch
from realtime_operator.engine.session_values import SessionValues
from realtime_operator.engine.status_lane import StatusLane
from realtime_operator.engine.table import Table
from realtime_operator.glance import Glancer
from realtime_operator.ports import Notice, PassResult
from realtime_operator.reconciler import Reconciler
from realtime_operator.reference_ports import KeyDocument
from sim.secrets import InMemorySecrets
from tests.engine.cluster import InMemoryFiles, InMemoryObjects, InMemoryReferences
from tests.support.builders import KEY, a_session
from tests.support.fake_pods import InMemoryPods
from tests.support.fake_secret_feed import InMemorySecretFeed
from tests.support.fakes import CountingMetrics, FixedDirectory, ScriptedProvider

PROVIDER: ProviderKey = ("RealtimeProvider", "hotel", "default")

CPU_PER_MINT_S = 0.002
"""What the process is said to use for each."""


class World:
    """Made inside the running loop; sessions are applied to it as the watch would tell of them.

    Attributes:
        providers: the real directory, where the world was made with providers of its own.
        submitted: statuses that were different from the one before.
        limits_asked: how often it was asked how much may run at a provider.
        capacity: what the sessions need, where the world was made with providers of its own.
        expired_seconds: virtual seconds, a session each, in which a Secret's token was past its expiry or missing after the first.
    """

    def __init__(
        self,
        *,
        in_flight: int = 128,
        tells_pods: bool = True,
        reconcile: Any = None,
        providers: Sequence[dict[str, Any]] = (),
        before: World | None = None,
        watches_secrets: bool = False,
    ) -> None:
        """Begin with nothing, or with what the cluster has after the world ``before`` ended."""
        self.clock, self.gate, self.table = SystemClock(), Gate(), Table()
        self.objects, self.secrets, self.references = (
            InMemoryObjects(),
            InMemorySecrets(),
            InMemoryReferences(),
        )
        if before is not None:
            self.clock, self.objects, self.secrets = before.clock, before.objects, before.secrets
        self.pods: InMemoryPods = before.pods if before is not None else InMemoryPods()
        self.secret_feed = InMemorySecretFeed(self.secrets)
        self.secret_watch = SecretWatch(
            clock=self.clock,
            feed=self.secret_feed if watches_secrets else None,
            places=(None,),
            table=self.table,
            wake=lambda entry: self.dispatcher.wake(entry),  # noqa: PLW0108 - made later
        )
        self.provider, self.directory = ScriptedProvider(self.clock), FixedDirectory()
        self.providers: Directory | None = None
        if providers:
            self.providers = self._real_directory(providers)
        self._in_flight, self.limits_asked = in_flight, Counter[ProviderKey]()
        self.metrics = CountingMetrics()
        self.notices: list[Notice] = []
        self.expired_seconds = 0
        self.values = SessionValues(
            clock=self.clock,
            references=self.references,
            table=self.table,
            wake=lambda entry: self.dispatcher.wake(entry),  # noqa: PLW0108 - made later
        )
        self.reconciler = Reconciler(
            clock=self.clock,
            providers=self.providers or self.directory,
            mints=self.provider,
            secrets=self.secrets,
            values=self.values,
            metrics=self.metrics,
            writing=lambda memory: self.pod_lane.writing(memory),  # noqa: PLW0108 - made later
            word_on=self.secret_watch.word_on,
        )
        self.dispatcher = Dispatcher(
            clock=self.clock,
            gate=self.gate,
            table=self.table,
            lanes=Lanes(self._max_in_flight),
            reconcile=reconcile or self.reconciler.reconcile,
            glance=Glancer(
                clock=self.clock,
                providers=self.providers or self.directory,
                secrets=self.secrets,
                word_on=self.secret_watch.word_on,
            ).glance,
            provider_of=self.lane_of,
            let_go=self.providers.let_go if self.providers else lambda _: None,
            mint_latency=self.providers.latency if self.providers else lambda: 0.1,
            report=self._report,
            metrics=self.metrics,
        )
        self.status_lane = StatusLane(
            self.objects,
            is_in_a_burst=self.dispatcher.is_in_a_burst,
            gone=lambda uid: self.intake.gone(uid),  # noqa: PLW0108 - made later
        )
        self.intake = Intake(
            clock=self.clock,
            table=self.table,
            dispatcher=self.dispatcher,
            status_lane=self.status_lane,
            announce=self.notices.append,
            tells_pods=tells_pods,
        )
        self.pod_lane = PodLane(
            clock=self.clock,
            pods=self.pods,
            metrics=self.metrics,
            changed=lambda memory: self.dispatcher.wake_all([memory]),
            announce=self.notices.append,
        )
        self.capacity: Capacity | None = None
        if self.providers is not None:
            self.capacity = Capacity(
                clock=self.clock,
                gate=self.gate,
                table=self.table,
                directory=self.providers,
                cpu_seconds=lambda: CPU_PER_MINT_S * self.metrics.minted_for.total(),
                minted=self.metrics.minted_for.total,
                report=self._report,
            )
        self.submitted = 0
        self._seen: set[tuple[str, str]] = set()
        self._loops: list[asyncio.Task[None]] = []

    def _real_directory(self, providers: Sequence[dict[str, Any]]) -> Directory:
        """Real limits and outages: what the providers' objects say, with one key for all of them."""
        key = KeyDocument("1", {LABEL_PROVIDER_KEY: "true"}, {"api-key": KEY})
        self.references.secrets["hotel", "openai"] = key
        directory = Directory(
            clock=self.clock,
            gate=self.gate,
            objects=self.objects,
            references=self.references,
            files=InMemoryFiles(),
            cluster_kind=False,
            changed=self._provider_changed,
            all_in_trouble=lambda key: self.dispatcher.all_in_trouble(key),  # noqa: PLW0108 - made later
            wake=lambda memories: self.dispatcher.wake_all(memories),  # noqa: PLW0108 - made later
            announce=lambda notice: self.notices.append(notice),  # noqa: PLW0108 - made later
        )
        for body in providers:
            known = self.objects.documents.get((body["kind"], "hotel", body["metadata"]["name"]))
            if known is None:
                self.objects.put(body)
            directory.seen(body["kind"], known or body)
        return directory

    def _max_in_flight(self, key: ProviderKey) -> int:
        self.limits_asked[key] += 1
        return self.providers.max_in_flight(key) if self.providers else self._in_flight

    def _provider_changed(self, key: ProviderKey, concerned: Concerned) -> None:
        providers = self.providers
        if providers is not None:
            may_use = partial(_may_use, providers, key)
            try_again(self.table, concerned, may_use=may_use, wake=self.dispatcher.wake)

    def shown_of_provider(self, name: str = "default") -> Mapping[str, Any]:
        """The status of a provider that people see."""
        document = self.objects.documents["RealtimeProvider", "hotel", name]
        status: Mapping[str, Any] = document.get("status", {})
        return status

    def lane_of(self, memory: SessionMemory) -> ProviderKey:
        """The provider that a session names, without asking whether there is one."""
        ref = memory.wanted.provider_ref
        return PROVIDER if ref is None else (str(ref.kind), "hotel", ref.name)

    def apply(self, number: int = 0, *, generation: int = 1, **fields: Any) -> str:
        """Create or change session number so and so, and let the watch tell of it; gives its uid."""
        body = a_session(name=f"s{number}", uid=f"uid-{number}", generation=generation, **fields)
        known = self.objects.documents.get(("RealtimeSession", "hotel", f"s{number}"), {})
        if "status" in known:
            body["status"] = known["status"]
        self.objects.put(body)
        self.intake.seen(body)
        return f"uid-{number}"

    def memory(self, number: int = 0) -> SessionMemory:
        """What is known of a session."""
        entry = self.table.get(f"uid-{number}")
        assert entry is not None
        return entry.memory

    def shown(self, number: int = 0) -> Mapping[str, Any]:
        """The status that people see."""
        status: Mapping[str, Any] = self.objects.documents["RealtimeSession", "hotel", f"s{number}"]["status"]
        return status

    async def __aenter__(self) -> Self:
        """Start the loops."""
        self._loops = [
            asyncio.create_task(self.dispatcher.run()),
            asyncio.create_task(self._flushes()),
            asyncio.create_task(self._observes()),
            asyncio.create_task(self.secret_watch.run()),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them, as SIGTERM does."""
        await self.dispatcher.stop(grace=5)
        await self.pod_lane.finish()
        for loop in self._loops:
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop
        await self.status_lane.flush()

    def _report(self, memory: SessionMemory, result: PassResult) -> None:
        self.pod_lane.pass_ended(memory)
        if result.status is not None:
            self.submitted += result.status != memory.status
            self.status_lane.submit(memory, result.status)
        self.notices.extend(result.notices)

    async def _flushes(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            await self.status_lane.flush()
            await self.secret_watch.look()
            if self.providers is not None:
                await self.providers.refresh()
            if self.capacity is not None:
                await self.capacity.look()

    async def _observes(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._seen |= set(self.secrets.stored)
            self.expired_seconds += sum(self._is_dead(key) for key in self._seen)

    def _is_dead(self, key: tuple[str, str]) -> bool:
        document = self.secrets.stored.get(key)
        if document is None:
            return True
        expiry = document["metadata"]["annotations"]["realtime-operator.io/expires-at"]
        return self.clock.now() >= (from_rfc3339(expiry) or 0.0)


def _may_use(directory: Directory, key: ProviderKey, memory: SessionMemory) -> bool:
    return directory.may_use(memory, key)


def slow_mint(world: World, seconds: float) -> None:
    """Make every mint take so long."""

    async def answer(_: object) -> Any:
        await asyncio.sleep(seconds)
        return world.provider.token()

    world.provider.always = answer

"""One provider: its object, its key as last read, its clock, its limits."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from realtime_operator.api.group import KIND_CLUSTER_PROVIDER
from realtime_operator.api.provider import CaKind, Provider
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.mint_answer import clock_after
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_key import missing_key_secret, read_ca_bundle, read_key
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.engine.limiter import RateLimiter
from realtime_operator.ports import Clock, ReferenceStore

LATENCY_WEIGHT = 0.2
"""How much the newest answer counts in the mean latency: a handful of answers is enough to follow a provider that slows down."""


class ProviderEntry:
    """A provider as it is now, while it is known.

    Attributes:
        ref: the object.
        generation: of the object.
        status: the status document as last seen or written.
        trouble: what keeps it from being used, or None.
        read_at: local time at which its references were read last.
        latency: mean seconds from request to answer.
    """

    def __init__(self, provider: Provider, *, status: Mapping[str, Any], clock: Clock) -> None:
        self._now = clock
        self._limiter = RateLimiter(clock, None)
        self._provider_clock = ProviderClock()
        self._view: ProviderView | None = None
        self._reading = asyncio.Lock()
        self.latency = 0.0
        self.status = status
        self.change(provider)

    def change(self, provider: Provider) -> None:
        """Take in another spec; clock, latency and rate stay known."""
        metadata = provider.metadata
        self._provider = provider
        self.ref = ObjectRef(str(provider.kind), metadata.namespace or None, metadata.name, metadata.uid)
        self.generation = metadata.generation
        self._limiter.per_minute = provider.spec.limits.requests_per_minute
        self.trouble: ProviderNotReady | None = None
        self.read_at = -math.inf
        self._view = None

    @property
    def max_in_flight(self) -> int:
        """How many passes may run for it at once."""
        return self._provider.spec.limits.max_in_flight

    @property
    def was_read(self) -> bool:
        """Whether its references were read since its spec changed; from then on they are looked at in the background."""
        return self.read_at > -math.inf

    @property
    def view(self) -> ProviderView:
        """Its spec, key and policy; known while ``trouble`` is None."""
        if self._view is None:
            raise AssertionError("a provider is read before it is used")
        return self._view

    @property
    def clock(self) -> ProviderClock:
        """Its clock, as far as its answers tell."""
        return self._provider_clock

    async def admitted(self) -> None:
        """Wait until one more request is within its limits."""
        await self._limiter.admitted()

    def answered(self, answer: MintAnswer) -> None:
        """Learn from an answer: clock and latency."""
        self._provider_clock = clock_after(self._provider_clock, answer)
        self.latency += LATENCY_WEIGHT * (answer.received_at - answer.sent_at - self.latency)

    async def read(self, references: ReferenceStore, *, older_than: float) -> bool:
        """Read key and certificates, unless that was done after ``older_than``; say whether they, or the trouble with them, changed.

        Raises:
            ClusterError: they could not be read; what was known stays known.
        """
        async with self._reading:
            if self.read_at > older_than:
                return False
            before = (self._view, str(self.trouble)) if self.was_read else None
            provider, (view, trouble) = self._provider, await self._looked_at(references)
            while provider is not self._provider:  # another spec was heard of while this one's key was read
                provider, (view, trouble) = self._provider, await self._looked_at(references)
            self._view, self.trouble, self.read_at = view, trouble, self._now.now()
            return before is not None and before != (self._view, str(self.trouble))

    async def _looked_at(
        self, references: ReferenceStore
    ) -> tuple[ProviderView | None, ProviderNotReady | None]:
        try:
            return await self._viewed(references), None
        except ProviderNotReady as trouble:
            return None, trouble.with_traceback(None)

    async def _viewed(self, references: ReferenceStore) -> ProviderView:
        spec, ref = self._provider.spec, self._provider.spec.auth.secret_ref
        namespace = self._namespace(ref.namespace)
        document = await references.key_secret(namespace, ref.name)
        where = f"{namespace}/{ref.name}"
        if document is None:
            raise missing_key_secret(where)
        return ProviderView(
            kind=self.ref.kind,
            name=self.ref.name,
            base_url=spec.base_url.rstrip("/"),
            key=read_key(where, ref.key, document.labels, document.data),
            scheme=spec.auth.scheme,
            organization=spec.organization,
            project=spec.project,
            headers=spec.headers,
            paths=spec.paths,
            ca_bundle=await self._ca_bundle(references),
            allow=spec.allow,
        )

    async def _ca_bundle(self, references: ReferenceStore) -> str | None:
        ref = self._provider.spec.ca_bundle_ref
        if ref is None:
            return None
        namespace = self._namespace(ref.namespace)
        read = references.config_map if ref.kind is CaKind.CONFIG_MAP else references.key_secret
        document = await read(namespace, ref.name)
        return read_ca_bundle(
            f"{ref.kind} {namespace}/{ref.name}", ref.key, document.data if document else None
        )

    def _namespace(self, named: str | None) -> str:
        """A cluster provider says where its references live; a namespaced one may only use its own namespace."""
        if self.ref.kind == KIND_CLUSTER_PROVIDER:
            return named or ""
        return self.ref.namespace or ""


@dataclass(frozen=True, slots=True)
class Granted:
    """Fulfils ``ports.ProviderHandle`` for one pass: the provider as the pass found it, whatever is heard of it meanwhile.

    Attributes:
        entry: the provider, for its clock and its limits.
        view: its spec, key and policy when the pass began.
    """

    entry: ProviderEntry
    view: ProviderView

    @property
    def clock(self) -> ProviderClock:
        """Its clock, as far as its answers tell."""
        return self.entry.clock

    async def admitted(self) -> None:
        """Wait until one more request is within its limits."""
        await self.entry.admitted()

    def answered(self, answer: MintAnswer) -> None:
        """Learn from an answer: clock and latency."""
        self.entry.answered(answer)

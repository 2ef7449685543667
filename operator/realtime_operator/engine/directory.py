"""The providers that exist, and which of them a session gets.

Keys are read by name, from Secrets or files, and looked at again every 10 s, never listed or watched. A session that names no provider
gets the RealtimeProvider ``default`` of its namespace, else the ClusterRealtimeProvider ``default``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from realtime_operator.api.group import KIND_CLUSTER_PROVIDER
from realtime_operator.core.capacity import Offer
from realtime_operator.core.errors import ClusterError, ProviderNotReady
from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.provider_view import ProviderView, permitted_lifetime
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.believed import Believed
from realtime_operator.engine.candidates import candidates
from realtime_operator.engine.concerned import Concerned
from realtime_operator.engine.granted import Granted
from realtime_operator.engine.known_provider import known_provider
from realtime_operator.engine.lanes import ProviderKey
from realtime_operator.engine.provider_board import ProviderBoard
from realtime_operator.engine.provider_entry import ProviderEntry
from realtime_operator.engine.provider_reader import ProviderReader
from realtime_operator.ports import Clock, LeadershipGate, Notice, ObjectStore, ProviderHandle
from realtime_operator.reference_ports import KeyFiles, ReferenceStore

_log = logging.getLogger(__name__)

LOOK_AT_KEYS_S = 10.0
"""How old a key may be; an expired key that was replaced is in use after this at the latest."""

BELIEVED_MISSING_S = 60.0
"""How long a provider that was asked for by name and not found is not asked for again; the watch tells when one is made."""

DEFAULT_MAX_IN_FLIGHT = 128


class Directory:
    """Fulfils ``ports.ProviderDirectory``."""

    def __init__(
        self,
        *,
        clock: Clock,
        gate: LeadershipGate,
        objects: ObjectStore,
        references: ReferenceStore,
        files: KeyFiles,
        cluster_kind: bool,
        changed: Callable[[ProviderKey, Concerned], None],
        all_in_trouble: Callable[[ProviderKey], bool],
        wake: Callable[[Sequence[SessionMemory]], None],
        announce: Callable[[Notice], None],
    ) -> None:
        """Keep providers.

        Args:
            clock: time.
            gate: whether this replica may write a provider's status.
            objects: for providers that the watch has not told of yet, and for their status.
            references: key Secrets and what else providers refer to.
            files: the folder of credentials that the operator is given.
            cluster_kind: whether ClusterRealtimeProviders are honoured.
            changed: told of each provider that is another one now, and which of its sessions that concerns.
            all_in_trouble: whether no session of a provider is without a failure.
            wake: has sessions looked at now.
            announce: takes what people should hear of a provider.
        """
        self._board = ProviderBoard(clock, objects, announce)
        self._clock = clock
        self._gate = gate
        self._objects = objects
        self._references = references
        self._reader = ProviderReader(references, files)
        self._cluster_kind = cluster_kind
        self._changed = changed
        self._all_in_trouble = all_in_trouble
        self._wake = wake
        self._entries: dict[ProviderKey, ProviderEntry] = {}
        self._missing: Believed[ProviderKey, bool] = Believed(clock, seconds=BELIEVED_MISSING_S)
        self._asking: dict[ProviderKey, asyncio.Lock] = {}
        self._namespaces: Believed[str, Mapping[str, str]] = Believed(clock, seconds=LOOK_AT_KEYS_S)

    def seen(self, kind: str, body: Mapping[str, Any], *, listed: bool = False) -> None:
        """A provider exists, and looks like this; ``listed`` if that is no news."""
        metadata = body["metadata"]
        key = (kind, metadata.get("namespace") or "", metadata["name"])
        self._missing.drop(key)
        entry = self._entries.get(key)
        if (
            entry is not None
            and entry.ref.uid == metadata["uid"]
            and entry.generation >= metadata["generation"]
        ):
            # A watch that lags behind the resync still tells of what it was before.
            return
        provider = known_provider(kind, body)
        if entry is not None and entry.ref.uid != metadata["uid"]:
            self.gone(kind, entry.ref.uid)
            entry = None
        if entry is None:
            self._entries[key] = ProviderEntry(
                provider,
                status=body.get("status") or {},
                clock=self._clock,
                all_in_trouble=lambda: self._all_in_trouble(key),
                wake=self._wake,
            )
        else:
            entry.change(provider)
        self._changed(key, Concerned.WHO_LACKED_IT if listed else Concerned.ALL)

    def gone(self, kind: str, uid: str) -> None:
        """A provider does not exist any more."""
        for key, entry in list(self._entries.items()):
            if key[0] == kind and entry.ref.uid == uid:
                del self._entries[key]
                entry.ended()
                self._changed(key, Concerned.ALL)

    def known(self) -> list[tuple[ProviderKey, str, int]]:
        """All providers known: key, uid, generation."""
        return [(key, entry.ref.uid, entry.generation) for key, entry in self._entries.items()]

    def entries(self) -> list[ProviderEntry]:
        """All providers known."""
        return list(self._entries.values())

    def lane_of(self, memory: SessionMemory) -> ProviderKey:
        """In whose lanes a session stands: the provider it gets, if one is known, else the first it may get."""
        keys = self._candidates(memory)
        for key in keys:
            if key in self._entries:
                return key
        return keys[0]

    def may_use(self, memory: SessionMemory, key: ProviderKey) -> bool:
        """Whether a change of this provider may matter to the session."""
        return key in self._candidates(memory)

    def let_go(self, uid: str) -> None:
        """A session wants something else: it waits for no provider's moment any more."""
        for entry in self._entries.values():
            entry.admission.let_go(uid)

    def max_in_flight(self, key: ProviderKey) -> int:
        """How many passes may run for a provider at once."""
        entry = self._entries.get(key)
        return entry.admission.max_in_flight if entry is not None else DEFAULT_MAX_IN_FLIGHT

    def offer_of(self, key: ProviderKey) -> Offer | None:
        """What a provider allows; None where it is not known."""
        entry = self._entries.get(key)
        return entry.admission.offer(entry.ref) if entry is not None else None

    def latency(self) -> float:
        """Mean seconds that a mint takes at the slowest provider."""
        return max((entry.admission.latency for entry in self._entries.values()), default=0.0)

    async def resolve(
        self, memory: SessionMemory, template: MintTemplate
    ) -> tuple[ProviderHandle, int | None]:
        """Find the provider of a session; see ``ports.ProviderDirectory``."""
        entry = await self._find(memory)
        if not entry.was_read:
            await entry.read(self._reader, older_than=self._clock.now() - LOOK_AT_KEYS_S)
        if (trouble := entry.trouble) is not None:
            raise ProviderNotReady(trouble.reason, f"{entry.ref.kind} {entry.ref.name}: {trouble}")
        labels: Mapping[str, str] = {}
        granted = Granted(entry, entry.view)
        if granted.view.allow is not None and granted.view.allow.namespaces is not None:
            labels = await self._labels(memory.ref.namespace or "")
        return granted, permitted_lifetime(granted.view, template, labels)

    def gives(self, memory: SessionMemory, view: ProviderView) -> bool:
        """Whether a session would be given this very provider now; see ``ports.ProviderDirectory``."""
        entry = self._entries.get(self.lane_of(memory))
        return entry is not None and entry.still_serves(memory, view)

    async def refresh(self) -> None:
        """Look at keys that are older than 10 s, show what was found, and tell of what changed; what fails is tried again next time."""
        await asyncio.gather(*(self._refresh(key, entry) for key, entry in list(self._entries.items())))

    async def _refresh(self, key: ProviderKey, entry: ProviderEntry) -> None:
        try:
            if await entry.read(self._reader, older_than=self._clock.now() - LOOK_AT_KEYS_S):
                self._changed(key, Concerned.WHO_WAIT_FOR_PEOPLE)
            if self._gate.is_open():
                await self._board.show(entry)
        except ClusterError as error:
            _log.warning("%s %s not refreshed: %s", entry.ref.kind, entry.ref.name, error)

    async def _find(self, memory: SessionMemory) -> ProviderEntry:
        keys = self._candidates(memory)
        ref = memory.wanted.provider_ref
        if ref is not None and ref.kind == KIND_CLUSTER_PROVIDER and not self._cluster_kind:
            raise ProviderNotReady(
                Reason.PROVIDER_NOT_FOUND,
                "spec.providerRef names a ClusterRealtimeProvider, and this operator is installed for single namespaces, where only"
                " RealtimeProviders are honoured; name one of this namespace.",
            )
        for key in keys:
            entry = self._entries.get(key) or await self._fetched(key)
            if entry is not None:
                return entry
        named = " nor ".join(f"{kind} {name}" for kind, _, name in keys)
        how = (
            "create one, or set spec.providerRef" if ref is None else "create it, or correct spec.providerRef"
        )
        raise ProviderNotReady(Reason.PROVIDER_NOT_FOUND, f"There is no {named}; {how}.")

    async def _fetched(self, key: ProviderKey) -> ProviderEntry | None:
        """Ask by name, since a session may be heard of before its provider; one asks for all."""
        if self._missing.get(key):
            return None
        asking = self._asking.setdefault(key, asyncio.Lock())
        try:
            async with asking:
                entry = self._entries.get(key)
                return entry if entry is not None or self._missing.get(key) else await self._asked_for(key)
        finally:
            self._asking.pop(key, None)  # who waits for it still holds it, and finds the answer

    async def _asked_for(self, key: ProviderKey) -> ProviderEntry | None:
        kind, namespace, name = key
        body = await self._objects.get(kind, namespace or None, name)
        if body is None:
            self._missing.keep(key, found=True)
            return None
        self.seen(kind, body, listed=True)
        return self._entries.get(key)

    def _candidates(self, memory: SessionMemory) -> tuple[ProviderKey, ...]:
        ref = memory.wanted.provider_ref
        named = (str(ref.kind), ref.name) if ref is not None else None
        return candidates(named, memory.ref.namespace or "", cluster_kind=self._cluster_kind)

    async def _labels(self, namespace: str) -> Mapping[str, str]:
        labels = self._namespaces.get(namespace)
        if labels is None:
            labels = await self._references.namespace_labels(namespace)
            self._namespaces.keep(namespace, labels)
        return labels

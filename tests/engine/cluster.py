"""The cluster as the engine sees it: our own kinds, and what providers refer to, in memory."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.core.errors import OperatorError, ProviderNotReady
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.reasons import Reason
from realtime_operator.ports import Listed
from realtime_operator.reference_ports import KeyDocument
from sim.secrets import unavailable


@dataclass(slots=True)
class InMemoryObjects:
    """Our own kinds, as the API keeps them.

    Attributes:
        documents: by kind, namespace (empty for cluster-scoped kinds) and name.
        patches: every status patch that was taken: the object's uid, and the changes.
        gets: what was read by name.
        away: raised by every call until it is None again.
        list_breaks_after: a list is cut off after so many objects; None for never.
        hold: awaited within every status patch.
        asked: how many status patches were sent, taken or not.
        asked_for: kinds of which one object was asked for, to see whether that may be.
        refused: by uid, raised by each status patch of that object.
    """

    documents: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    patches: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    gets: list[tuple[str, str | None, str]] = field(default_factory=list)
    away: OperatorError | None = None
    list_breaks_after: int | None = None
    hold: Callable[[], Awaitable[object]] | None = None
    asked: int = 0
    asked_for: list[str] = field(default_factory=list)
    refused: dict[str, OperatorError] = field(default_factory=dict)

    def put(self, document: Mapping[str, Any]) -> None:
        """Store an object."""
        metadata = document["metadata"]
        key = (document["kind"], metadata.get("namespace") or "", metadata["name"])
        self.documents[key] = copy.deepcopy(dict(document))

    async def patch_status(self, ref: ObjectRef, status: Mapping[str, Any]) -> bool:
        """See ``ports.ObjectStore``."""
        self.asked += 1
        if self.hold is not None:
            await self.hold()
        if self.away is not None:
            raise self.away
        if ref.uid in self.refused:
            raise self.refused[ref.uid]
        self.patches.append((ref.uid, dict(status)))
        document = self.documents.get((ref.kind, ref.namespace or "", ref.name))
        if document is None or document["metadata"]["uid"] != ref.uid:
            return False
        kept = document.setdefault("status", {})
        for name, value in status.items():
            kept.pop(name, None)
            if value is not None:
                kept[name] = value
        return True

    async def get(self, kind: str, namespace: str | None, name: str) -> Mapping[str, Any] | None:
        """See ``ports.ObjectStore``."""
        self.gets.append((kind, namespace, name))
        await asyncio.sleep(0)  # as a request would, this lets others run
        if self.away is not None:
            raise self.away
        document = self.documents.get((kind, namespace or "", name))
        return copy.deepcopy(document) if document is not None else None

    async def can_list(self, kind: str) -> None:
        """See ``ports.ObjectStore``."""
        self.asked_for.append(kind)
        if self.away is not None:
            raise self.away

    async def list_metadata(self, kind: str) -> AsyncIterator[Listed]:
        """See ``ports.ObjectStore``."""
        if self.away is not None:
            raise self.away
        for number, document in enumerate(self._of(kind)):
            if number == self.list_breaks_after:
                raise unavailable()
            metadata = document["metadata"]
            ref = ObjectRef(kind, metadata.get("namespace"), metadata["name"], metadata["uid"])
            yield Listed(ref, metadata["generation"], metadata.get("resourceVersion", "1"))

    def _of(self, kind: str) -> Iterator[dict[str, Any]]:
        return iter([document for key, document in self.documents.items() if key[0] == kind])


@dataclass(slots=True)
class InMemoryReferences:
    """What providers refer to.

    Attributes:
        secrets: key Secrets by namespace and name.
        config_maps: by namespace and name.
        labels: of namespaces.
        reads: how often each call was made.
        away: raised by every call until it is None again.
    """

    secrets: dict[tuple[str, str], KeyDocument] = field(default_factory=dict)
    config_maps: dict[tuple[str, str], KeyDocument] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)
    away: OperatorError | None = None

    async def key_secret(self, namespace: str, name: str) -> KeyDocument | None:
        """See ``ports.ReferenceStore``."""
        self._enter("key_secret")
        return self.secrets.get((namespace, name))

    async def config_map(self, namespace: str, name: str) -> KeyDocument | None:
        """See ``ports.ReferenceStore``."""
        self._enter("config_map")
        return self.config_maps.get((namespace, name))

    async def namespace_labels(self, name: str) -> Mapping[str, str]:
        """See ``ports.ReferenceStore``."""
        self._enter("namespace_labels")
        return self.labels.get(name, {})

    def _enter(self, call: str) -> None:
        self.reads[call] += 1
        if self.away is not None:
            raise self.away


@dataclass(slots=True)
class InMemoryFiles:
    """Key files by their paths."""

    texts: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str:
        """See ``reference_ports.KeyFiles``."""
        if path not in self.texts:
            raise ProviderNotReady(
                Reason.KEY_FILE_UNUSABLE, f"spec.auth.file.path {path}: is not there; mount it."
            )
        return self.texts[path]

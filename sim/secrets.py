"""Secrets in memory, obeying ``realtime_operator.ports``; tests/contracts proves them beside a real API server's."""

from __future__ import annotations

import asyncio
import base64
import copy
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.core.errors import (
    ClusterUnavailable,
    InvalidSession,
    OperatorError,
    SecretMoved,
    SessionGone,
)
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_view import (
    ObservedSecret,
    SecretStamp,
    WrittenSecret,
    observed_secret,
    stamp_of,
    written_secret,
)

_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")


def unavailable() -> ClusterUnavailable:
    """The error of an API server that is away."""
    return ClusterUnavailable(Reason.CLUSTER_UNAVAILABLE, "The Kubernetes API does not answer.")


@dataclass(slots=True)
class InMemorySecrets:
    """Secrets as an API server keeps them: with uids and versions, and refusing what it refuses.

    Attributes:
        stored: documents by namespace and name.
        calls: how often each call was made.
        away: raised by every call until it is None again.
        refuse: raised once by the next call of that name.
        ended: namespaces that are terminating or gone.
        before_write: called before a write is carried out.
        latency: seconds that every read takes.
        writing: seconds that every write takes until it is carried out.
        answering: seconds from there to its answer, in which others see it already.
        added_labels: what admission adds to every Secret that is created.
        told: called with each version of a document as it is stored, as watches would be.
        forgotten: called with the namespace and name of one that is deleted.
    """

    stored: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    away: OperatorError | None = None
    refuse: dict[str, OperatorError] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    before_write: Callable[[], None] = lambda: None
    latency: float = 0.0
    writing: float = 0.0
    answering: float = 0.0
    added_labels: dict[str, str] = field(default_factory=dict)
    told: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)
    forgotten: list[Callable[[tuple[str, str]], None]] = field(default_factory=list)
    version: int = 0

    async def read(self, namespace: str, name: str) -> ObservedSecret | None:
        """See ``ports.SecretStore``."""
        if self.latency:
            await asyncio.sleep(self.latency)
        self._enter("read")
        document = self.stored.get((namespace, name))
        return observed_secret(_copied(document)) if document is not None else None

    async def look(self, namespace: str, name: str) -> SecretStamp | None:
        """See ``ports.SecretStore``."""
        if self.latency:
            await asyncio.sleep(self.latency)
        self._enter("look")
        document = self.stored.get((namespace, name))
        return stamp_of(document) if document is not None else None

    async def create(self, namespace: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """See ``ports.SecretStore``."""
        await self._begin("create")
        name = manifest["metadata"]["name"]
        if (namespace, name) in self.stored:
            raise SecretMoved(Reason.SECRET_MOVED, f"namespace {namespace} has a Secret of that name already")
        if namespace in self.ended:
            raise SessionGone(Reason.SESSION_GONE, f"namespace {namespace} is gone")
        self.put(namespace, manifest, self.added_labels)
        return written_secret(await self._answer(self.stored[namespace, name]), manifest)

    async def replace(self, namespace: str, name: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """See ``ports.SecretStore``."""
        await self._begin("replace")
        document, metadata = self.stored.get((namespace, name)), manifest["metadata"]
        if document is None or any(
            document["metadata"][field] != metadata[field] for field in ("uid", "resourceVersion")
        ):
            raise SecretMoved(Reason.SECRET_MOVED, f"Secret {namespace}/{name} is not the one observed")
        made = _decoded(_copied(manifest))
        del made["metadata"]["managedFields"]
        made["metadata"]["namespace"] = namespace
        return written_secret(await self._answer(self._keep(namespace, name, document, made)), manifest)

    async def patch(self, namespace: str, name: str, patch: Mapping[str, Any]) -> SecretStamp:
        """See ``ports.SecretStore``."""
        await self._begin("patch")
        document = self.stored.get((namespace, name))
        metadata = patch["metadata"]
        if (
            document is None
            or document["metadata"]["uid"] != metadata["uid"]
            or metadata.get("resourceVersion") not in (None, document["metadata"]["resourceVersion"])
        ):
            raise SecretMoved(Reason.SECRET_MOVED, f"Secret {namespace}/{name} is not the one observed")
        merged = _decoded(_merged(document, patch))
        if document.get("immutable") and merged.get("data") != document.get("data"):
            raise InvalidSession(
                Reason.SECRET_UNUSABLE,
                "the Secret is immutable or of another type: the API server refuses data",
            )
        return stamp_of(await self._answer(self._keep(namespace, name, document, merged)))

    async def _answer(self, document: dict[str, Any]) -> dict[str, Any]:
        if self.answering:
            await asyncio.sleep(self.answering)
        return document

    def _keep(
        self, namespace: str, name: str, before: Mapping[str, Any], after: dict[str, Any]
    ) -> dict[str, Any]:
        """Store what a write makes of a Secret: a new version, if it changes anything."""
        _check_labels(after)
        if after != before:
            self.version += 1
            after["metadata"]["resourceVersion"] = str(self.version)
            self.stored[namespace, name] = after
            self._tell(after)
        return after

    def put(
        self, namespace: str, manifest: Mapping[str, Any], added_labels: Mapping[str, str] | None = None
    ) -> SecretStamp:
        """Store a Secret as somebody else's client would, in the place of any other of that name."""
        document = _decoded(_copied(manifest))
        _check_labels(document)
        self.version += 1
        document["metadata"] |= {
            "namespace": namespace,
            "uid": f"secret-uid-{self.version}",
            "resourceVersion": str(self.version),
        }
        document["metadata"].setdefault("labels", {}).update(added_labels or {})
        self.stored[namespace, document["metadata"]["name"]] = document
        self._tell(document)
        return stamp_of(document)

    def overwrite(self, document: Mapping[str, Any]) -> None:
        """Let another version take the place of a Secret, as somebody else's client would."""
        metadata = document["metadata"]
        self.version += 1
        stored = {**document, "metadata": {**metadata, "resourceVersion": str(self.version)}}
        self.stored[metadata["namespace"], metadata["name"]] = stored
        self._tell(stored)

    def edit(self, **data: str | None) -> None:
        """Change entries of Secret concierge in namespace hotel behind the operator's back; None removes."""
        name = "concierge"
        document = self.stored["hotel", name]
        entries = {key.replace("_", "-"): value for key, value in data.items()}
        encoded = {key: value and base64.b64encode(value.encode()).decode() for key, value in entries.items()}
        self.overwrite(_merged(document, {"data": encoded}))

    def delete(self, name: str = "concierge", namespace: str = "hotel") -> None:
        """Delete a Secret."""
        del self.stored[namespace, name]
        for forgotten in self.forgotten:
            forgotten((namespace, name))

    def data(self, name: str = "concierge") -> dict[str, str]:
        """The decoded entries of a Secret in namespace hotel."""
        return dict(observed_secret(self.stored["hotel", name]).data)

    @property
    def writes(self) -> int:
        """How many creations and patches were tried."""
        return self.calls["create"] + self.calls["replace"] + self.calls["patch"]

    def _tell(self, document: dict[str, Any]) -> None:
        for told in self.told:
            told(document)

    async def _begin(self, call: str) -> None:
        if self.writing:
            await asyncio.sleep(self.writing)
        self._enter(call)
        self.before_write()

    def _enter(self, call: str) -> None:
        self.calls[call] += 1
        if self.away is not None:
            raise self.away.with_traceback(None)  # or it would grow with every call
        if call in self.refuse:
            raise self.refuse.pop(call)


def _merged(document: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396), applied to a copy."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result = dict(document) if isinstance(document, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _copied(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a Secret, as deep as anybody writes into one."""
    metadata = dict(document["metadata"])
    for name in ("labels", "annotations"):
        if metadata.get(name) is not None:
            metadata[name] = dict(metadata[name])
    made = {**document, "metadata": metadata}
    for name in ("data", "stringData"):
        if made.get(name) is not None:
            made[name] = dict(made[name])
    return made


def _decoded(document: dict[str, Any]) -> dict[str, Any]:
    """Move stringData into data, as the API server does, and add the type's default."""
    texts = document.pop("stringData", {})
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in texts.items()}
    if encoded:
        document["data"] = {**(document.get("data") or {}), **encoded}
    document.setdefault("type", "Opaque")
    return document


def _check_labels(document: Mapping[str, Any]) -> None:
    labels = document["metadata"].get("labels") or {}
    if not all(_LABEL_VALUE.fullmatch(value) for value in labels.values()):
        raise InvalidSession(
            Reason.INVALID_SPEC, "the API server refuses the Secret as invalid at metadata.labels"
        )

"""Stand-ins for what leaves the process, obeying ``realtime_operator.ports``; tests/contracts proves the one for Secrets."""

from __future__ import annotations

import asyncio
import base64
import copy
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.core.errors import (
    ClusterUnavailable,
    InvalidSession,
    OperatorError,
    ProviderError,
    SecretMoved,
    SessionGone,
)
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.mint_answer import clock_after
from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_view import ProviderView, permitted_lifetime
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_values import with_values
from realtime_operator.core.secret_view import (
    ObservedSecret,
    SecretStamp,
    WrittenSecret,
    observed_secret,
    stamp_of,
    written_secret,
)
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.ports import Clock
from tests.support.builders import NOW, a_view, minted

_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")


def unavailable() -> ClusterUnavailable:
    """The error of an API server that is away."""
    return ClusterUnavailable(Reason.CLUSTER_UNAVAILABLE, "The Kubernetes API does not answer.")


@dataclass(slots=True)
class SettableClock:
    """A clock that stands still until a test moves it."""

    time: float = NOW

    def now(self) -> float:
        """The time that was set."""
        return self.time


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
        writing: seconds that every write takes.
        added_labels: what admission adds to every Secret that is created.
    """

    stored: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    away: OperatorError | None = None
    refuse: dict[str, OperatorError] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    before_write: Callable[[], None] = lambda: None
    latency: float = 0.0
    writing: float = 0.0
    added_labels: dict[str, str] = field(default_factory=dict)
    version: int = 0

    async def read(self, namespace: str, name: str) -> ObservedSecret | None:
        """See ``ports.SecretStore``."""
        if self.latency:
            await asyncio.sleep(self.latency)
        self._enter("read")
        document = self.stored.get((namespace, name))
        return observed_secret(copy.deepcopy(document)) if document is not None else None

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
        self.put(namespace, manifest)
        self.stored[namespace, name]["metadata"].setdefault("labels", {}).update(self.added_labels)
        return written_secret(self.stored[namespace, name], manifest)

    async def replace(self, namespace: str, name: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """See ``ports.SecretStore``."""
        await self._begin("replace")
        document, metadata = self.stored.get((namespace, name)), manifest["metadata"]
        if document is None or any(
            document["metadata"][field] != metadata[field] for field in ("uid", "resourceVersion")
        ):
            raise SecretMoved(Reason.SECRET_MOVED, f"Secret {namespace}/{name} is not the one observed")
        made = _decoded(copy.deepcopy(dict(manifest)))
        del made["metadata"]["managedFields"]
        made["metadata"]["namespace"] = namespace
        return written_secret(self._keep(namespace, name, document, made), manifest)

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
        return stamp_of(self._keep(namespace, name, document, merged))

    def _keep(
        self, namespace: str, name: str, before: Mapping[str, Any], after: dict[str, Any]
    ) -> dict[str, Any]:
        """Store what a write makes of a Secret: a new version, if it changes anything."""
        _check_labels(after)
        if after != before:
            self.version += 1
            after["metadata"]["resourceVersion"] = str(self.version)
            self.stored[namespace, name] = after
        return after

    def put(self, namespace: str, manifest: Mapping[str, Any]) -> SecretStamp:
        """Store a Secret as somebody else's client would, in the place of any other of that name."""
        document = _decoded(copy.deepcopy(dict(manifest)))
        _check_labels(document)
        self.version += 1
        document["metadata"] |= {
            "namespace": namespace,
            "uid": f"secret-uid-{self.version}",
            "resourceVersion": str(self.version),
        }
        self.stored[namespace, document["metadata"]["name"]] = document
        return stamp_of(document)

    def edit(self, **data: str | None) -> None:
        """Change entries of Secret concierge in namespace hotel behind the operator's back; None removes."""
        name = "concierge"
        document = self.stored["hotel", name]
        entries = {key.replace("_", "-"): value for key, value in data.items()}
        encoded = {key: value and base64.b64encode(value.encode()).decode() for key, value in entries.items()}
        self.stored["hotel", name] = _merged(document, {"data": encoded})
        self.version += 1
        self.stored["hotel", name]["metadata"]["resourceVersion"] = str(self.version)

    def delete(self, name: str = "concierge") -> None:
        """Delete a Secret in namespace hotel."""
        del self.stored["hotel", name]

    def data(self, name: str = "concierge") -> dict[str, str]:
        """The decoded entries of a Secret in namespace hotel."""
        return dict(observed_secret(self.stored["hotel", name]).data)

    @property
    def writes(self) -> int:
        """How many creations and patches were tried."""
        return self.calls["create"] + self.calls["replace"] + self.calls["patch"]

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


Scripted = MintAnswer | OperatorError | Callable[[MintCall], Awaitable[MintAnswer]]


class ScriptedProvider:
    """Hands out tokens ek_1, ek_2, … of a settable life, unless the script says otherwise.

    Attributes:
        life: seconds that tokens live.
        script: what the next requests get: an answer, an error, or a function.
        always: what every request gets once the script is empty; None for a token.
        calls: the requests that came.
    """

    def __init__(self, clock: Clock, *, life: float = 600.0) -> None:
        self._clock = clock
        self.life = life
        self.script: list[Scripted] = []
        self.always: Scripted | None = None
        self.calls: list[MintCall] = []

    async def mint(self, call: MintCall) -> MintAnswer:
        """See ``ports.TokenProvider``."""
        self.calls.append(call)
        step = self.script.pop(0) if self.script else self.always
        if isinstance(step, OperatorError):
            raise step.with_traceback(None)
        if isinstance(step, MintAnswer):
            return step
        if step is not None:
            return await step(call)
        return self.token()

    def token(self) -> MintAnswer:
        """The answer with the next token."""
        return minted(f"ek_{len(self.calls)}", at=self._clock.now(), life=self.life)


@dataclass(slots=True)
class FixedHandle:
    """A provider that a session may use; nothing limits it."""

    view: ProviderView
    clock: ProviderClock = field(default_factory=ProviderClock)
    is_current: bool = True
    admissions: int = 0
    while_waiting: Callable[[], None] = lambda: None

    async def admitted(self, memory: SessionMemory) -> bool:  # noqa: ARG002 - as the port says
        """See ``ports.ProviderHandle``."""
        self.admissions += 1
        self.while_waiting()
        return True

    def answered(self, answer: MintAnswer, *, model: str, uid: str) -> None:  # noqa: ARG002 - as the port says
        """See ``ports.ProviderHandle``."""
        self.clock = clock_after(self.clock, answer)

    def succeeded(self) -> None:
        """See ``ports.ProviderHandle``."""

    def failed(self, memory: SessionMemory, error: ProviderError) -> None:
        """See ``ports.ProviderHandle``."""


@dataclass(slots=True)
class FixedDirectory:
    """Gives every session the one provider there is.

    Attributes:
        handle: that provider.
        trouble: raised instead, until it is None again.
    """

    handle: FixedHandle = field(default_factory=lambda: FixedHandle(a_view()))
    trouble: OperatorError | None = None

    async def resolve(self, memory: SessionMemory, template: MintTemplate) -> tuple[FixedHandle, int | None]:
        """See ``ports.ProviderDirectory``."""
        if self.trouble is not None:
            raise self.trouble.with_traceback(None)
        labels = {"kubernetes.io/metadata.name": memory.ref.namespace or ""}
        return self.handle, permitted_lifetime(self.handle.view, template, labels)


@dataclass(slots=True)
class FixedValues:
    """Gives the values of requests.

    Attributes:
        texts: by path.
        trouble: raised instead, until it is None again.
        while_reading: called before the values are given.
    """

    texts: dict[str, str] = field(default_factory=dict)
    trouble: OperatorError | None = None
    while_reading: Callable[[], None] = lambda: None

    async def filled(self, memory: SessionMemory, template: MintTemplate) -> MintTemplate:  # noqa: ARG002 - as the port says
        """See ``reference_ports.ValueSource``."""
        self.while_reading()
        if self.trouble is not None:
            raise self.trouble.with_traceback(None)
        return with_values(template, self.texts)


@dataclass(slots=True)
class CountingMetrics:
    """Keeps what was counted."""

    minted_for: Counter[str] = field(default_factory=Counter)
    failed_for: Counter[str] = field(default_factory=Counter)
    passes_failed_for: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    pods_by: Counter[str] = field(default_factory=Counter)
    told_within: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)

    def minted(self, *, reason: str) -> None:
        """See ``ports.Metrics``."""
        self.minted_for[str(reason)] += 1

    def mint_failed(self, *, reason: str) -> None:
        """See ``ports.Metrics``."""
        self.failed_for[str(reason)] += 1

    def mint_latency(self, seconds: float) -> None:
        """See ``ports.Metrics``."""
        self.latencies.append(seconds)

    def lateness(self, seconds: float) -> None:
        """See ``ports.Metrics``."""
        self.late.append(seconds)

    def pass_failed(self, *, reason: str) -> None:
        """See ``ports.Metrics``."""
        self.passes_failed_for[str(reason)] += 1

    def pod_notified(self, *, outcome: str) -> None:
        """See ``pod_ports.PodMetrics``."""
        self.pods_by[outcome] += 1

    def notified_within(self, seconds: float) -> None:
        """See ``pod_ports.PodMetrics``."""
        self.told_within.append(seconds)

    def held_after(self, seconds: float) -> None:
        """See ``pod_ports.PodMetrics``."""
        self.held.append(seconds)


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

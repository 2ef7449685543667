"""What the reconciler and the engine need from the world. The adapters fulfil it, and so do the tests' fakes.

Every call is bounded in time by its adapter. Errors are those of ``core.errors`` and no others; ``ClusterUnavailable`` and
``ClusterForbidden`` may come from any call to the cluster and are not repeated below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from realtime_operator.api.group import API_VERSION
from realtime_operator.core.errors import ProviderError
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.secret_view import ObservedSecret, SecretStamp, WrittenSecret
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.core.value_type import value_type


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> float:
        """Seconds since the epoch; never steps back while the process lives."""
        ...


class TokenProvider(Protocol):
    """The HTTP side of minting."""

    async def mint(self, call: MintCall) -> MintAnswer:
        """Send one request and read its answer, whatever the status; never follows redirects, never repeats.

        Raises:
            ProviderUnavailable: no complete answer came: refused, unresolvable, bad certificate, disconnected, deadline.
        """
        ...


class SecretStore(Protocol):
    """Our Secrets in the cluster, one by one and by name. Nothing is ever listed."""

    async def read(self, namespace: str, name: str) -> ObservedSecret | None:
        """Read one Secret; None where there is none."""
        ...

    async def look(self, namespace: str, name: str) -> SecretStamp | None:
        """Read only which Secret there is, in which version; None where there is none."""
        ...

    async def create(self, namespace: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """Create a Secret.

        Raises:
            SecretMoved: there is one of that name already.
            SessionGone: the namespace is terminating or gone.
            InvalidSession: the API server refuses the manifest as invalid.
        """
        ...

    async def replace(self, namespace: str, name: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """Put a whole Secret in the place of the one whose uid and version the manifest carries in its metadata.

        Raises:
            SecretMoved: the Secret is gone, or is another one, or has another version.
            InvalidSession: the API server refuses the manifest as invalid.
        """
        ...

    async def patch(self, namespace: str, name: str, patch: Mapping[str, Any]) -> SecretStamp:
        """Merge a patch into the Secret whose uid, and version if given, the patch carries in its metadata.

        Raises:
            SecretMoved: the Secret is gone, or is another one, or has another version.
            InvalidSession: the API server refuses the result as invalid.
        """
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """One object's metadata, as the resync sees it."""

    ref: ObjectRef
    generation: int
    resource_version: str


class ObjectStore(Protocol):
    """Our own three kinds in the cluster."""

    async def patch_status(self, ref: ObjectRef, status: Mapping[str, Any]) -> bool:
        """Merge changed status fields; None values remove. Says whether the object, by uid, is still there; if not, nothing is done."""
        ...

    async def get(self, kind: str, namespace: str | None, name: str) -> Mapping[str, Any] | None:
        """Read one object's JSON document; None where there is none."""
        ...

    async def can_list(self, kind: str) -> None:
        """Ask for one object of a kind, wherever it is watched; ClusterForbidden says that the right is missing."""
        ...

    def list_metadata(self, kind: str) -> AsyncIterator[Listed]:
        """List all objects of a kind, in pages, metadata only, within the watched namespaces; unavailable when a page has expired, too."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """An Event to post: something changed that a person may want to know, with a CamelCase reason and a sentence without secrets.

    ``api_version`` is that of the object it is about, which need not be one of ours.
    """

    about: ObjectRef
    warning: bool
    reason: str
    message: str
    api_version: str = API_VERSION


class EventSink(Protocol):
    """Kubernetes Events. Posting is best effort: a lost event loses nothing else."""

    async def post(self, notice: Notice) -> None:
        """Post one event; never raises for cluster trouble."""
        ...


class LeadershipGate(Protocol):
    """Whether this replica may act. One gate in front of the workers is all that high availability costs the design."""

    def is_open(self) -> bool:
        """Whether work may start now."""
        ...

    async def opened(self) -> None:
        """Wait until work may start."""
        ...


class Metrics(Protocol):
    """What the engine counts; series of single sessions are made from the live table at scrape time."""

    def minted(self, *, reason: str) -> None:
        """A token was minted and written."""
        ...

    def mint_failed(self, *, reason: str) -> None:
        """A mint ended without a token, for ``reason``."""
        ...

    def mint_latency(self, seconds: float) -> None:
        """The provider answered after so long."""
        ...

    def lateness(self, seconds: float) -> None:
        """A rotation's write ended so long after its rotation time; early is negative."""
        ...

    def pass_failed(self, *, reason: str) -> None:
        """A pass over a session ended in an error that is not the provider's."""
        ...


class ProviderHandle(Protocol):
    """One provider that a session may use now."""

    @property
    def view(self) -> ProviderView:
        """Its spec, key and policy."""

    @property
    def clock(self) -> ProviderClock:
        """Its clock, as far as its answers tell."""

    @property
    def is_current(self) -> bool:
        """Whether it still is what the pass found it to be."""

    async def admitted(self, memory: SessionMemory) -> bool:
        """Wait until one more request is within the limits, the most urgent first; ``ProviderDown`` while others probe it.

        Says whether the request may be sent; if not, what would be asked has changed meanwhile.
        """
        ...

    def answered(self, answer: MintAnswer, *, model: str, uid: str) -> None:
        """Learn from an answer to a session's request for a model: clock, latency and rate."""
        ...

    def succeeded(self) -> None:
        """Learn that a token came."""
        ...

    def failed(self, memory: SessionMemory, error: ProviderError) -> None:
        """Learn that none came, after the session remembered why."""
        ...


class ProviderDirectory(Protocol):
    """Finds the provider of a session."""

    async def resolve(
        self, memory: SessionMemory, template: MintTemplate
    ) -> tuple[ProviderHandle, int | None]:
        """Find the provider, check its policy, and say which lifetime to ask for.

        Raises:
            ProviderNotReady: there is none, it refuses this session, or it has no usable key.
        """
        ...

    def gives(self, memory: SessionMemory, view: ProviderView) -> bool:
        """Whether a session would be given this very provider, as when ``view`` was taken, and its token lives by the clock known now."""


@value_type(frozen=True, slots=True)
class PassResult:
    """What a pass over a session leaves to do.

    Attributes:
        wake_at: local time of the next pass at the latest.
        status: the status document that the object should have; None where there is nothing new to say.
        notices: events to post.
        again: whether another pass must follow at once, because what this one found changed meanwhile.
        needs_place: whether another pass must follow with one of the provider's places, because a look found that a mint is needed.
    """

    wake_at: float
    status: Mapping[str, Any] | None = None
    notices: Sequence[Notice] = ()
    again: bool = False
    needs_place: bool = False


class Reconcile(Protocol):
    """One pass over one session."""

    async def __call__(
        self, memory: SessionMemory, *, horizon: float, may_mint: bool, token_came: Callable[[], None]
    ) -> PassResult:
        """Bring memory and Secret up to date; begin what is due by the local time ``horizon``; say when a token waits to be written."""
        ...

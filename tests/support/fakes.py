"""Stand-ins for what leaves the process, obeying ``realtime_operator.ports``; tests/contracts proves the one for Secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from realtime_operator.core.errors import OperatorError, ProviderError
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.mint_answer import clock_after
from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_view import ProviderView, permitted_lifetime
from realtime_operator.core.secret_values import with_values
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.ports import Clock
from tests.support.builders import NOW, a_view, minted


@dataclass(slots=True)
class SettableClock:
    """A clock that stands still until a test moves it."""

    time: float = NOW

    def now(self) -> float:
        """The time that was set."""
        return self.time


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
        resolved: how often it was asked for, which each pass does once.
    """

    handle: FixedHandle = field(default_factory=lambda: FixedHandle(a_view()))
    trouble: OperatorError | None = None
    resolved: int = 0

    async def resolve(self, memory: SessionMemory, template: MintTemplate) -> tuple[FixedHandle, int | None]:
        """See ``ports.ProviderDirectory``."""
        self.resolved += 1
        if self.trouble is not None:
            raise self.trouble.with_traceback(None)
        labels = {"kubernetes.io/metadata.name": memory.ref.namespace or ""}
        return self.handle, permitted_lifetime(self.handle.view, template, labels)

    def gives(self, memory: SessionMemory, view: ProviderView) -> bool:  # noqa: ARG002 - as the port says
        """See ``ports.ProviderDirectory``."""
        return self.trouble is None and view is self.handle.view


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

"""A reconciler among fakes: one session, its Secret, a provider, a clock that the test moves."""

from __future__ import annotations

from typing import Any

from realtime_operator.api.session import RealtimeSession
from realtime_operator.core.report import changed_fields
from realtime_operator.core.session_memory import SessionMemory, wanted_of
from realtime_operator.ports import Notice, PassResult
from realtime_operator.reconciler import Reconciler
from sim.secrets import InMemorySecrets
from tests.support.builders import a_memory, a_session
from tests.support.fakes import CountingMetrics, FixedDirectory, FixedValues, ScriptedProvider, SettableClock


class Stage:
    """One session and all that its passes touch.

    Attributes:
        memory: what the process remembers of the session.
        status: as the API would show it.
        notices: events so far.
    """

    def __init__(self, **spec: Any) -> None:
        self.clock = SettableClock()
        self.secrets = InMemorySecrets()
        self.provider = ScriptedProvider(self.clock)
        self.directory = FixedDirectory()
        self.values = FixedValues()
        self.metrics = CountingMetrics()
        self.notices: list[Notice] = []
        self.spec = spec
        self.generation = 1
        self.annotations: dict[str, str] = {}
        self.memory: SessionMemory = a_memory(self.body())
        self.reconciler = self._reconciler()

    @property
    def status(self) -> dict[str, Any]:
        """The status as the API would show it."""
        return dict(self.memory.status)

    @property
    def mints(self) -> int:
        """How often the provider was asked."""
        return len(self.provider.calls)

    @property
    def token(self) -> str:
        """The token that readers find now."""
        return self.secrets.data()["token"]

    def condition(self, kind: str) -> dict[str, Any]:
        """A condition of the status; empty where it is not there."""
        return next((c for c in self.status.get("conditions", ()) if c["type"] == kind), {})

    def says(self, kind: str) -> tuple[str, str]:
        """Status and reason of a condition; two empty texts where it is not there."""
        condition = self.condition(kind)
        return condition.get("status", ""), condition.get("reason", "")

    def body(self) -> dict[str, Any]:
        """The session as the API shows it."""
        shown = getattr(self, "memory", None)
        return a_session(
            generation=self.generation,
            annotations=self.annotations,
            status=dict(shown.status) if shown is not None else None,
            **self.spec,
        )

    async def passes(self, *, after: float = 0.0, horizon: float | None = None) -> PassResult:
        """Let time go by, then make a pass, and show its status; ``horizon`` is now unless given."""
        self.clock.time += after
        result = await self.reconciler.reconcile(
            self.memory, horizon=self.clock.time if horizon is None else horizon
        )
        if result.status is not None:
            assert changed_fields(result.status, result.status) == {}
            self.memory.status = result.status
        self.notices.extend(result.notices)
        return result

    async def live(self, seconds: float) -> None:
        """Make passes as the engine would, for so long."""
        end = self.clock.time + seconds
        result = await self.passes()
        while result.wake_at < end:
            result = await self.passes(after=max(0.2, result.wake_at - self.clock.time))
        self.clock.time = max(self.clock.time, end)

    def change(self, **spec: Any) -> None:
        """Apply another spec: the fields given replace those there."""
        self.spec |= spec
        self.generation += 1
        self._take_in()

    def annotate(self, value: str) -> None:
        """Set the rotate annotation."""
        self.annotations = {"realtime-operator.io/rotate": value}
        self._take_in()

    def restart(self) -> None:
        """Forget all that is in memory, as the end of the process does."""
        self.memory = a_memory(self.body())
        self.reconciler = self._reconciler()
        self.directory.handle.clock = type(self.directory.handle.clock)()

    def _take_in(self) -> None:
        self.memory.wanted = wanted_of(RealtimeSession.model_validate(self.body()))

    def _reconciler(self) -> Reconciler:
        return Reconciler(
            clock=self.clock,
            providers=self.directory,
            mints=self.provider,
            secrets=self.secrets,
            values=self.values,
            metrics=self.metrics,
        )

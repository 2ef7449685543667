"""A provider as one pass found it."""

from __future__ import annotations

from realtime_operator.core.errors import ProviderError
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.core.value_type import value_type
from realtime_operator.engine.provider_entry import ProviderEntry


@value_type(frozen=True, slots=True)
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

    @property
    def is_current(self) -> bool:
        """Whether the provider is still so."""
        return self.entry.is_as(self.view)

    async def admitted(self, memory: SessionMemory) -> bool:
        """Wait until this session may ask."""
        return await self.entry.admission.admitted(memory)

    def succeeded(self) -> None:
        """Learn that a token came."""
        if self.is_current:
            self.entry.admission.succeeded()

    def failed(self, memory: SessionMemory, error: ProviderError) -> None:
        """Learn that none came."""
        if self.is_current:
            self.entry.admission.failed(memory, error)

    def answered(self, answer: MintAnswer, *, model: str, uid: str) -> None:
        """Learn from an answer: clock, latency and rate."""
        self.entry.answered(answer, model=model, uid=uid)

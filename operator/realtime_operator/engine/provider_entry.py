"""One provider: its object, its key as last read, its clock, its limits."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from realtime_operator.api.provider import Limits, ProviderSpec
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.mint_answer import clock_after
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_standing import Standing, standing_of
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.admission import Admission
from realtime_operator.engine.known_provider import KnownProvider
from realtime_operator.engine.provider_reader import ProviderReader
from realtime_operator.ports import Clock


class ProviderEntry:
    """A provider as it is now, while it is known.

    Attributes:
        ref: the object.
        generation: of the object.
        status: the status document as last seen or written.
        shown_at: local time at which it was last written.
        trouble: what keeps it from being used, or None.
        read_at: local time at which its references were read last.
        admission: who may ask it, and when.
    """

    def __init__(
        self,
        provider: KnownProvider,
        *,
        status: Mapping[str, Any],
        clock: Clock,
        all_in_trouble: Callable[[], bool],
        wake: Callable[[Sequence[SessionMemory]], None],
    ) -> None:
        """Begin to know a provider.

        Args:
            provider: the object.
            status: as seen.
            clock: time.
            all_in_trouble: whether no session of it is without a failure.
            wake: has sessions looked at now.
        """
        self._now = clock
        name = f"{provider.ref.kind} {provider.ref.name}"
        self.admission = Admission(clock, name, all_in_trouble=all_in_trouble, wake=wake)
        self._view: ProviderView | None = None
        self._reading = asyncio.Lock()
        self._gone = False
        self.status = status
        self.shown_at = -math.inf
        self.change(provider)
        known = standing_of(status, generation=self.generation)
        # By an unknown clock a token whose status was not written would be due as much too early, or too late.
        self._provider_clock = known.clock
        self.admission.resume(known)

    def change(self, provider: KnownProvider) -> None:
        """Take in another spec; clock and latency stay known, trouble and what its 429s told do not."""
        self._provider = provider
        self.ref, self.generation = provider.ref, provider.generation
        self.admission.limit(provider.spec.limits if isinstance(provider.spec, ProviderSpec) else Limits())
        self.trouble: ProviderNotReady | None = None
        self.read_at = -math.inf
        self._view = None
        self.admission.begin_anew()

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

    def still_serves(self, memory: SessionMemory, view: ProviderView) -> bool:
        """Whether it is the very provider that ``view`` was taken of, and the session's token lives by what is known of its clock now."""
        holding, latest = memory.holding, self._provider_clock.latest(self._now.now())
        lives = holding is not None and holding.token.expires_at > latest
        return lives and self.trouble is None and self.is_as(view)

    @property
    def standing(self) -> Standing:
        """How it stands with it now."""
        return replace(self.admission.standing, clock=self._provider_clock)

    def is_as(self, view: ProviderView) -> bool:
        """Whether it still is what a pass found it to be: what another one said tells nothing of this provider."""
        return not self._gone and (view is self._view or view == self._view)

    def ended(self) -> None:
        """It is gone: nobody waits for it any more, and what it still answers is nobody's trouble."""
        self._gone = True
        self.admission.begin_anew()

    def answered(self, answer: MintAnswer, *, model: str, uid: str) -> None:
        """Learn from an answer to a session's request for a model: clock, latency and rate."""
        self._provider_clock = clock_after(self._provider_clock, answer)
        self.admission.answered(answer, model=model, uid=uid)

    async def read(self, reader: ProviderReader, *, older_than: float) -> bool:
        """Read key and certificates, unless that was done after ``older_than``; say whether they, or the trouble with them, changed.

        Raises:
            ClusterError: they could not be read; what was known stays known.
        """
        async with self._reading:
            if self.read_at > older_than:
                return False
            before = (self._view, str(self.trouble)) if self.was_read else None
            provider, (view, trouble) = self._provider, await self._looked_at(reader)
            while provider is not self._provider:  # another spec was heard of while this one's key was read
                provider, (view, trouble) = self._provider, await self._looked_at(reader)
            # What is the same stays the very object that passes have, and is soon known for it.
            if view != self._view:
                self._view = view
            self.trouble, self.read_at = trouble, self._now.now()
            changed = before is not None and before != (self._view, str(self.trouble))
            if changed:
                self.admission.begin_anew()
            return changed

    async def _looked_at(self, reader: ProviderReader) -> tuple[ProviderView | None, ProviderNotReady | None]:
        try:
            return await reader.view_of(self._provider), None
        except ProviderNotReady as trouble:
            return None, trouble.with_traceback(None)

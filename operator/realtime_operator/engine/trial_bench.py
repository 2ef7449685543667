"""Where those sit who were refused since the last grant, while a provider is tried again: somebody who was well is the better trial."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from realtime_operator.core.called import Called, still_waits
from realtime_operator.core.errors import ProviderDown, ProviderThrottled
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.ports import Clock

AFTER_THE_OTHERS_S = 1.0
"""So long after the moment of a trial one of them is it, if nobody else was."""


class TrialBench:
    """The sessions that wait for another one's trial, without a place."""

    def __init__(
        self,
        clock: Clock,
        *,
        wake: Callable[[Sequence[SessionMemory]], None],
        trial_at: Callable[[], float],
    ) -> None:
        """Begin with nobody refused.

        Args:
            clock: time.
            wake: has sessions looked at now.
            trial_at: local time of the next trial at the earliest.
        """
        self._clock = clock
        self._wake = wake
        self._trial_at = trial_at
        self._refused: set[str] = set()
        self._waiting: dict[str, SessionMemory] = {}
        self._called = Called(1)
        self._timer: asyncio.TimerHandle | None = None

    def refused(self, memory: SessionMemory) -> None:
        """A session was refused."""
        self._refused.add(memory.ref.uid)
        self._arm()

    def admit(self, memory: SessionMemory, error: ProviderThrottled) -> None:
        """Let a session be the trial, if it was not refused since the last grant.

        Raises:
            ProviderDown: it was, and sits here now.
        """
        uid = memory.ref.uid
        if uid not in self._refused:
            self._called.clear()  # it is the trial
            return
        if self._called.comes(uid):
            return
        self._waiting.setdefault(uid, memory)
        self._arm()
        raise ProviderDown(error.reason, str(error))

    def forgo(self, uid: str) -> None:
        """A session that was called waits for something else now."""
        self._called.comes(uid)

    def clear(self) -> None:
        """Something was granted: whoever sits here goes on now."""
        self._refused.clear()
        self._called.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waited, self._waiting = list(self._waiting.values()), {}
        if waited:
            self._wake(waited)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            pause = max(0.0, self._trial_at() - self._clock.now()) + AFTER_THE_OTHERS_S
            self._timer = asyncio.get_running_loop().call_later(pause, self._choose)

    def _choose(self) -> None:
        self._timer = None
        now = self._clock.now()
        while self._waiting and not self._called.is_enough(now=now):
            memory = self._waiting.pop(next(iter(self._waiting)))
            if still_waits(memory):
                self._called.call(memory, now=now)
                self._wake([memory])
        self._arm()

"""The gate in front of one model that a provider limits apart from others: who waits at it has no place, and keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence

from realtime_operator.core.called import Called, still_waits
from realtime_operator.core.errors import ProviderDown, ProviderThrottled
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.core.throttle import Throttle
from realtime_operator.engine.turns import Lane, Turns, rotation_of, urgency_of
from realtime_operator.ports import Clock

COMING_AT_ONCE = 16
"""So many may have been given their moment and still read their Secrets: at 0.3 s that is enough for 3,000 mints a minute, and so few that
they may all come in one moment."""


class ModelGate:
    """Lets one session ask at a time, as far apart as the model's throttle says, the most urgent first."""

    def __init__(
        self,
        clock: Clock,
        throttle: Throttle,
        error: ProviderThrottled,
        *,
        wake: Callable[[Sequence[SessionMemory]], None],
    ) -> None:
        """Set a model apart.

        Args:
            clock: time.
            throttle: what is known of its limit.
            error: what it was refused with.
            wake: has sessions looked at now.
        """
        self._clock = clock
        self._throttle = throttle
        self._said = error.reason, str(error)
        self._wake = wake
        self._waiting: Turns[SessionMemory] = Turns()
        self._uids: set[str] = set()
        self._called = Called(COMING_AT_ONCE)
        self._last_at = -math.inf
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_needless(self) -> bool:
        """Whether nothing is left of the limit."""
        return not self._uids and self._throttle.is_open(self._clock.now())

    def admit(self, memory: SessionMemory) -> None:
        """Let a session ask, or remember that it waits; its moment wakes it.

        Raises:
            ProviderDown: it is not its moment.
        """
        now, uid = self._clock.now(), memory.ref.uid
        if self._called.comes(uid):
            return
        if not self._uids and self._throttle.next_moment(self._last_at, now) <= now:
            self._last_at = now
            return
        if uid not in self._uids:
            urgency = urgency_of(memory, now=now, horizon=now)
            self._waiting.push(rotation_of(memory, now=now) if urgency.lane is Lane.LOOK else urgency, memory)
            self._uids.add(uid)
        self._arm()
        raise ProviderDown(*self._said)

    def forgo(self, uid: str) -> None:
        """A session that was called waits for something else now: another one may have its moment."""
        if self._called.comes(uid):
            self._last_at = -math.inf
            self._arm()

    def granted(self) -> None:
        """The model was granted a request."""
        self._throttle.granted(self._clock.now())
        self._arm()

    def stood_still(self, *, since: float, now: float) -> None:
        """Nobody could ask since then; see ``Throttle.stood_still``."""
        self._throttle.stood_still(since=since, now=now)

    def refused(self, error: ProviderThrottled, *, row: int, latency: float) -> None:
        """The model was refused once more; see ``Throttle.refused``."""
        self._said = error.reason, str(error)
        self._throttle.refused(
            self._clock.now(), row=row, wish=error.retry_after or 0.0, refill=error.refill, latency=latency
        )
        if self._throttle.in_trial:
            self._called.clear()  # whoever is on its way waits for the end of the pause
        self._arm()

    def let_all_go(self) -> None:
        """The provider is another one: whoever waits goes on now."""
        if self._timer is not None:
            self._timer.cancel()
        waited = []
        while (memory := self._waiting.pop(self._clock.now())) is not None:
            waited.append(memory)
        self._uids.clear()
        self._wake(waited)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._uids:
            now = self._clock.now()
            pause = max(0.0, self._throttle.next_moment(self._last_at, now) - now)
            self._timer = asyncio.get_running_loop().call_later(pause, self._choose)

    def _choose(self) -> None:
        self._timer, now = None, self._clock.now()
        if self._called.is_enough(now=now):
            self._last_at = now  # the moment passes; the next one comes as far apart as ever
        else:
            self._call_next(now)
        self._arm()

    def _call_next(self, now: float) -> None:
        while (memory := self._waiting.pop(now)) is not None:
            self._uids.discard(memory.ref.uid)
            if still_waits(memory):
                self._last_at = now
                self._called.call(memory, now=now)
                self._wake([memory])
                return

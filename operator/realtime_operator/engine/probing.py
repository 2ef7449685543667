"""Carries out what is known of a provider's outage: sends its probes at their time, and wakes whoever waits for its end."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence

from realtime_operator.core.errors import ProviderDown, ProviderError
from realtime_operator.core.outage import Outage
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.ports import Clock

_log = logging.getLogger(__name__)


class Probing:
    """One provider's outage, with a timer of its own: a probe is sent in its moment, not with the next tick."""

    def __init__(
        self,
        clock: Clock,
        name: str,
        *,
        all_in_trouble: Callable[[], bool],
        wake: Callable[[Sequence[SessionMemory]], None],
    ) -> None:
        """Expect no trouble.

        Args:
            clock: time.
            name: of the provider, for the log.
            all_in_trouble: whether no session of this provider is without a failure.
            wake: has sessions looked at now.
        """
        self._clock = clock
        self._name = name
        self._all_in_trouble = all_in_trouble
        self._wake = wake
        self._outage = Outage()
        self._since = math.inf
        self._armed_for = math.inf
        self._timer: asyncio.TimerHandle | None = None

    @property
    def down(self) -> ProviderDown | None:
        """Why nobody but a probe may ask, or None."""
        return self._outage.down

    def resume(self, down: ProviderDown) -> None:
        """Begin with what another process knew."""
        self._since = self._clock.now()
        self._outage.resume(down, now=self._since)

    def admit(self, memory: SessionMemory) -> None:
        """Let a session ask.

        Raises:
            ProviderDown: the provider is down, and this session is not the probe.
        """
        try:
            self._outage.admit(memory, now=self._clock.now())
        finally:
            self._arm()

    def may_still(self, memory: SessionMemory) -> None:
        """Ask again after a wait.

        Raises:
            ProviderDown: meanwhile the provider went down, and this session is not the probe.
        """
        try:
            self._outage.may_still(memory, now=self._clock.now())
        finally:
            self._arm()

    def failed(self, memory: SessionMemory, error: ProviderError) -> None:
        """Take in that a mint failed, after the session remembered it."""
        now = self._clock.now()
        if self._outage.failed(memory, error, now=now, all_in_trouble=self._all_in_trouble):
            self._since = now
            _log.warning("%s is down, and probed until it is back: %s", self._name, error)
        self._arm()

    def end(self) -> float | None:
        """A token came, or the provider is another one: whoever waited goes on now; gives the moment since which it was down, or None."""
        was_down, waited = self._outage.is_down, self._outage.end()
        self._arm()
        if not was_down:
            return None
        seconds = self._clock.now() - self._since
        _log.warning("%s is asked again after %.1f s; %d sessions waited", self._name, seconds, len(waited))
        self._wake(waited)
        return self._since

    def _arm(self) -> None:
        at = self._outage.next_probe_at
        if at == self._armed_for:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for, self._timer = at, None
        if at < math.inf:
            pause = max(0.0, at - self._clock.now())
            self._timer = asyncio.get_running_loop().call_later(pause, self._probe)

    def _probe(self) -> None:
        self._armed_for, self._timer = math.inf, None
        chosen = self._outage.choose(now=self._clock.now())
        self._arm()
        if chosen is not None:
            self._wake([chosen])

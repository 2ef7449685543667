"""A provider's outage: one fact, known once, instead of one that every session finds out for itself.

The provider is down after three mints in a row that ended in its own trouble, of three sessions that had none before, or where every
session has trouble: those whose own requests fail for ever never stop the others. One answer is enough where the account has no credit,
for that is everybody's. While it is down a session asks in each time slot, as a probe; the others wait, and cost nothing. The first token
ends it, and whoever waited goes on in that moment.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from realtime_operator.core.called import Called
from realtime_operator.core.errors import (
    FailureClass,
    ProviderDown,
    ProviderError,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderUnreadable,
)
from realtime_operator.core.probe_pace import PROBE_EVERY_S, probe_pause
from realtime_operator.core.probe_queue import ProbeQueue
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory

MINTS_IN_A_ROW = 3
"""So many failures, of as many sessions: fewer may be one session's own trouble, more would be asked for nothing."""

WISHES_IN_A_ROW = 3
"""So many answers in a row must ask for a pause until the provider is believed to mean everybody; fewer bind who got them."""

_ITS_TROUBLE = (ProviderUnavailable, ProviderThrottled, ProviderUnreadable)


class Outage:
    """What is known of one provider's trouble; times are local.

    Attributes:
        next_probe_at: when the next probe is to be sent; infinite while none is.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._said: ProviderDown | None = None
        self._failures = 0
        self._newly: set[str] = set()
        self._waiting = ProbeQueue()
        self._asking: set[str] = set()
        self._called = Called(1)
        self._slot, self._slots = -math.inf, 0
        self._wishes: deque[float] = deque(maxlen=WISHES_IN_A_ROW)
        self._not_before = -math.inf
        self._expired_since = math.inf
        self.next_probe_at = math.inf

    @property
    def is_down(self) -> bool:
        """Whether nobody but a probe may ask."""
        return self._said is not None

    @property
    def down(self) -> ProviderDown | None:
        """Why nobody but a probe may ask, or None."""
        return _again(self._said) if self._said is not None else None

    def resume(self, down: ProviderDown, *, now: float) -> None:
        """Begin with what another process knew: the first session that comes probes whether it still is so."""
        self._said, self._slot = _again(down), now - PROBE_EVERY_S

    def admit(self, memory: SessionMemory, *, now: float) -> None:
        """Let a session ask, or remember that it waits.

        Raises:
            ProviderDown: the provider is down, and this session is not the probe.
        """
        uid = memory.ref.uid
        # No session has two passes at a time, so whatever it asked before has ended.
        self._asking.discard(uid)
        if self._said is None:
            return
        if self._called.comes(uid):
            self._asking.add(uid)
            return
        self._wait(memory, now=now)
        raise _again(self._said)

    def may_still(self, memory: SessionMemory, *, now: float) -> None:
        """Ask again after a wait, in which the provider may have gone down.

        Raises:
            ProviderDown: it did, and this session is not the probe.
        """
        if self._said is not None and memory.ref.uid not in self._asking:
            self._wait(memory, now=now)
            raise _again(self._said)

    def failed(
        self, memory: SessionMemory, error: ProviderError, *, now: float, all_in_trouble: Callable[[], bool]
    ) -> bool:
        """Take in that a mint failed, after the session remembered it; says whether the provider is down since this moment.

        Args:
            memory: of the session.
            error: what the mint ended in.
            now: when.
            all_in_trouble: whether no session of this provider is without a failure.
        """
        self._asking.discard(memory.ref.uid)
        if not _tells_of_the_provider(error):
            self._waiting.drop(memory.ref.uid)  # its own trouble, for which it has its own time
            return False
        self._failures += 1
        if _is_new_trouble(memory, error):
            self._newly.add(memory.ref.uid)
        wish = error.retry_after or 0.0
        self._wishes.append(wish)
        self._not_before = now + min(self._wishes) if len(self._wishes) == WISHES_IN_A_ROW else -math.inf
        self._waiting.add(memory, not_before=now + wish)
        was_down = self.is_down
        if not was_down and not self._is_enough(error, all_in_trouble):
            return False
        self._said = ProviderDown(error.reason, str(error), failure_class=error.failure_class)
        if was_down:
            _hold(memory)
            self._hasten(memory, now=now)
            return False
        self._slot = now
        for each in self._waiting.everybody():
            _hold(each)
            self._hasten(each, now=now)
        return True

    def end(self) -> list[SessionMemory]:
        """Forget all trouble, because a token came or the provider is another one; gives the sessions that waited for that.

        Some may not wait any more: to look at one in vain harms nobody, and one left out would go on waiting.
        """
        waited = self._waiting.everybody() if self.is_down else []
        self._forget()
        return waited

    def choose(self, *, now: float) -> SessionMemory | None:
        """Begin the time slot of a probe: gives the session that may ask in it, or None where nobody could.

        It is one that has failed least often, then one with few probes, and of these the one that got a token last: if some fail by
        their own fault, it is the least likely of them. A probe that hangs stays out of it, and so does a session that the provider
        asked to wait. The slot is left to the one chosen before, where that is still on its way.
        """
        # From slot to slot by the plan, not by the moment at which it is looked at, or the pauses would grow by every delay.
        on_time = now - self.next_probe_at < PROBE_EVERY_S
        self._slot, self._slots = self.next_probe_at if on_time else now, self._slots + 1
        self.next_probe_at = math.inf
        first = self._waiting.first_to_expire()
        if first is not None:
            self._hasten(first, now=now)
        if self._called.is_enough(now=now):
            return None
        chosen = self._waiting.choose(now=now, is_on_its_way=self._is_on_its_way)
        if chosen is not None:
            self._called.call(chosen, now=now)
        return chosen

    def _is_on_its_way(self, uid: str) -> bool:
        return uid in self._asking or uid in self._called

    def _wait(self, memory: SessionMemory, *, now: float) -> None:
        self._waiting.add(memory)
        self._hasten(memory, now=now)

    def _hasten(self, memory: SessionMemory, *, now: float) -> None:
        """See to it that the next probe comes as soon as this session needs it."""
        left, cause = memory.expires_at - now, self._said.failure_class if self._said is not None else None
        if left <= 0:
            self._expired_since = min(self._expired_since, now)
        pause = probe_pause(cause, probes=self._slots, left=left, expired_for=now - self._expired_since)
        self.next_probe_at = max(min(self.next_probe_at, self._slot + pause), self._not_before)

    def _is_enough(self, error: ProviderError, all_in_trouble: Callable[[], bool]) -> bool:
        if error.reason == Reason.PROVIDER_BILLING:
            return bool(self._newly)
        if self._failures < MINTS_IN_A_ROW:
            return False
        return len(self._newly) >= MINTS_IN_A_ROW or all_in_trouble()


def _again(down: ProviderDown) -> ProviderDown:
    """A fresh copy: an exception that is raised again and again would keep growing its traceback."""
    return ProviderDown(down.reason, str(down), failure_class=down.failure_class)


def _tells_of_the_provider(error: ProviderError) -> bool:
    return isinstance(error, _ITS_TROUBLE) or error.reason == Reason.PROVIDER_BILLING


def _hold(memory: SessionMemory) -> None:
    failure = memory.failure
    if failure is None or not failure.minting:
        return
    if failure.failure_class is FailureClass.SOON or failure.reason == Reason.PROVIDER_BILLING:
        memory.failure = failure.until_it_is_back()


def _is_new_trouble(memory: SessionMemory, error: ProviderError) -> bool:
    """Whether a session that was well tells of the provider; being throttled may concern one model, or one tenant, alone."""
    was_well = memory.failure is None or memory.failure.count <= 1
    return was_well and not isinstance(error, ProviderThrottled)

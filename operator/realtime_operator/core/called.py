"""Who was woken to ask a provider, and has not come yet: reading a Secret first may take longer than the pause to the next one's moment."""

from __future__ import annotations

from realtime_operator.core.session_memory import SessionMemory

COMES_WITHIN_S = 2.0
"""Who takes longer still may ask when it comes, but keeps nobody else waiting any more: perhaps it never does."""


def still_waits(memory: SessionMemory) -> bool:
    """Whether a session was held back, and nothing has come of it meanwhile."""
    failure = memory.failure
    return not memory.gone and not memory.wanted.suspended and failure is not None and failure.is_held_back


class Called:
    """Sessions that may ask when they come; times are local."""

    def __init__(self, at_once: int) -> None:
        """Begin with nobody.

        Args:
            at_once: how many may be on their way.
        """
        self._at_once = at_once
        self._coming: dict[str, tuple[SessionMemory, float]] = {}

    def __contains__(self, uid: str) -> bool:
        """Whether a session was called, and has not come yet."""
        return uid in self._coming

    def call(self, memory: SessionMemory, *, now: float) -> None:
        """Let a session ask when it comes."""
        self._coming[memory.ref.uid] = memory, now

    def comes(self, uid: str) -> bool:
        """A session is here: says whether it was called, which it is no more."""
        return self._coming.pop(uid, None) is not None

    def is_enough(self, *, now: float) -> bool:
        """Whether so many are on their way that nobody else should be called; forgets those for whom nothing is left to ask."""
        self._coming = {uid: each for uid, each in self._coming.items() if still_waits(each[0])}
        on_their_way = sum(at > now - COMES_WITHIN_S for _, at in self._coming.values())
        return on_their_way >= self._at_once

    def clear(self) -> None:
        """Forget all: nobody need be called any more."""
        self._coming.clear()

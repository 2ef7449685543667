"""What was found out and is believed for a while, so that it need not be asked for at every pass."""

from __future__ import annotations

import math
from typing import Generic, TypeVar

from realtime_operator.ports import Clock

Key = TypeVar("Key")
Found = TypeVar("Found")


class Believed(Generic[Key, Found]):
    """Answers by what they are about; each is forgotten after some seconds, so that names seen once do not gather."""

    def __init__(self, clock: Clock, *, seconds: float) -> None:
        """Know nothing yet.

        Args:
            clock: time.
            seconds: how long an answer is believed.
        """
        self._clock = clock
        self._seconds = seconds
        self._answers: dict[Key, tuple[float, Found]] = {}
        self._sweep_at = -math.inf

    def __len__(self) -> int:
        """How many answers take up memory."""
        return len(self._answers)

    def get(self, key: Key) -> Found | None:
        """The answer about ``key`` while it is believed, else None."""
        until, found = self._answers.get(key, (-math.inf, None))
        return found if until > self._clock.now() else None

    def keep(self, key: Key, found: Found) -> None:
        """Believe an answer from now on."""
        now = self._clock.now()
        if now >= self._sweep_at:
            self._answers = {each: answer for each, answer in self._answers.items() if answer[0] > now}
            self._sweep_at = now + self._seconds
        self._answers[key] = now + self._seconds, found

    def drop(self, key: Key) -> None:
        """Believe it no longer."""
        self._answers.pop(key, None)

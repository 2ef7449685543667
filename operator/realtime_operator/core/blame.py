"""Whom a provider's 429 is about: the whole provider, one model, or one session of it. The answer does not tell, but what others get does.

What is said of models here holds for the sessions of one model, too.

A model that is refused again while another is granted has a limit of its own, unless more models are refused than granted. Two models
that are refused with none granted in between, or one at a rate that is known to be near the limit, tell of the provider; and so does one
where nobody else has been granted anything for a minute. That last verdict is a guess, and the next answer may show that it was wrong.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from enum import Enum

from realtime_operator.core.rate_hint import MINUTE_S

ROW_FORGOTTEN_S = 300.0
"""Who was refused and does not come again for so long is gone, or wants nothing any more; who wants something asks far sooner."""


class Blamed(Enum):
    """Who has to slow down."""

    ALL = "all"
    MODEL = "model"
    NOBODY_YET = "nobody yet"
    """The session that was refused waits, and the next answer tells more."""


class Blame:
    """What the answers of one provider tell of its models; times are local."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._rows: dict[str, tuple[int, float]] = {}
        self._suspects: set[str] = set()
        self._last, self._other = ("", -math.inf), ("", -math.inf)
        self._guessed: str | None = None
        self._granted: deque[tuple[int, Counter[str]]] = deque()

    def granted(self, model: str, now: float) -> str | None:
        """A model was granted a request; gives the model whose own limit was taken for the provider's, or None."""
        self._rows.pop(model, None)
        self._suspects.clear()
        self._count(model, now)
        if self._last[0] != model:
            self._other = self._last
        self._last = model, now
        guessed, self._guessed = self._guessed, None
        return guessed if guessed != model else None

    def granted_lately(self, model: str) -> list[tuple[int, int]]:
        """How many requests a model was granted in each second of about the last minute."""
        return [(second, models[model]) for second, models in self._granted if model in models]

    def _count(self, model: str, now: float) -> None:
        if not self._granted or self._granted[-1][0] != int(now):
            self._granted.append((int(now), Counter()))
            while self._granted[0][0] < now - MINUTE_S:
                self._granted.popleft()
        self._granted[-1][1][model] += 1

    def _forget_rows_before(self, moment: float) -> None:
        self._rows = {model: row for model, row in self._rows.items() if row[1] >= moment}

    def refused(self, model: str, now: float, *, apart: bool, in_trial: bool, in_use: bool) -> Blamed:
        """A model was refused.

        Args:
            model: which.
            now: when.
            apart: whether it is known to have a limit of its own.
            in_trial: whether the provider has just been found at its limit, and has granted nothing since.
            in_use: whether its rate is known, and nearly used up.
        """
        if apart:
            return Blamed.MODEL
        self._forget_rows_before(now - ROW_FORGOTTEN_S)
        row = self._rows.get(model, (0, now))[0] + 1
        self._rows[model] = row, now
        if in_trial:
            self._guessed = self._guessed if self._guessed == model else None
            return Blamed.ALL
        others_at = self._other[1] if self._last[0] == model else self._last[1]
        if now - others_at > MINUTE_S:
            self._guessed = model if self._rows.keys() == {model} else None
            return Blamed.ALL
        if row > 1 and len(self._rows) > len(set().union(*(models for _, models in self._granted))):
            return Blamed.ALL
        if row > 1:
            del self._rows[model]
            return Blamed.MODEL
        self._suspects.add(model)
        return Blamed.ALL if in_use or len(self._suspects) > 1 else Blamed.NOBODY_YET

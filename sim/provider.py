"""A modelled provider: latency, a clock of its own, a ledger, and manners that faults change."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from enum import Enum, auto
from random import Random
from typing import Final

from observer.content import Mint
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import Reason
from realtime_operator.ports import Clock

LATENCY_S: Final = (0.1, 0.2)
"""The usual time from request to answer: the bench's 0.15 s, with some jitter."""

SLOW_S: Final = (1.0, 6.0)
DEADLINE_S: Final = 12.0
"""As the product's adapter gives up."""

MINTED_ANYWAY: Final = 0.5
"""Share of the requests whose answer is lost that had their token made."""

RETRY_AFTER_SHARE: Final = 1 / 30
"""Of a life: 429 asks for a pause of up to so much."""

_SECONDS = re.compile(rb'"seconds":(\d+)')


class Manner(Enum):
    """How requests are answered."""

    WELL = auto()
    REFUSES = auto()
    THROTTLES = auto()
    HANGS = auto()
    RESETS = auto()
    IS_SLOW = auto()


class ModelledProvider:
    """Fulfils ``ports.TokenProvider``.

    Attributes:
        manner: how requests are answered now.
        offset: seconds by which its clock is ahead.
        answers: how many requests were answered, by status; 0 where no answer came.
    """

    def __init__(self, clock: Clock, dice: Random, *, lifetime: int, enter: Callable[[Mint], None]) -> None:
        """Be well.

        Args:
            clock: the operator's.
            dice: for latencies and lost answers.
            lifetime: of the tokens that will be asked for, in seconds.
            enter: takes each line of the ledger.
        """
        self._clock = clock
        self._dice = dice
        self._enter = enter
        self._longest_pause = max(1, round(RETRY_AFTER_SHARE * lifetime))
        self._made = 0
        self._dated = (-1, "")
        self.manner = Manner.WELL
        self.offset = 0.0
        self.answers: Counter[int] = Counter()

    async def mint(self, call: MintCall) -> MintAnswer:
        """See ``ports.TokenProvider``."""
        sent_at, manner = self._clock.now(), self.manner
        if manner is Manner.HANGS:
            await asyncio.sleep(DEADLINE_S)
            raise self._lost(call)
        await asyncio.sleep(self._dice.uniform(*(SLOW_S if manner is Manner.IS_SLOW else LATENCY_S)))
        if manner is Manner.RESETS:
            raise self._lost(call)
        if manner is Manner.REFUSES:
            return self._answer(503, b"{}", sent_at)
        if manner is Manner.THROTTLES:
            return self._answer(
                429, b"{}", sent_at, {"retry-after": str(self._dice.randint(1, self._longest_pause))}
            )
        return self._answer(200, self._token(call, answered=True), sent_at)

    def _token(self, call: MintCall, *, answered: bool) -> bytes:
        asked = _SECONDS.search(call.body)
        if asked is None:
            raise AssertionError("a session asks for its lifetime")
        self._made += 1
        value, issued = b"ek_%d" % self._made, self._clock.now() + self.offset
        expires = int(issued + int(asked[1]))
        self._enter(Mint(hashlib.sha256(value).digest(), issued, expires, answered))
        return b'{"value":"%s","expires_at":%d}' % (value, expires)

    def _answer(
        self, status: int, body: bytes, sent_at: float, headers: dict[str, str] | None = None
    ) -> MintAnswer:
        self.answers[status] += 1
        now = self._clock.now()
        return MintAnswer(
            status, {"date": self._date(now + self.offset), **(headers or {})}, body, sent_at, now
        )

    def _date(self, now: float) -> str:
        if self._dated[0] != int(now):
            self._dated = int(now), formatdate(int(now), usegmt=True)
        return self._dated[1]

    def _lost(self, call: MintCall) -> ProviderUnavailable:
        self.answers[0] += 1
        if self._dice.random() < MINTED_ANYWAY:
            self._token(call, answered=False)
        return ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "The provider gave no answer.")

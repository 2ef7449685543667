"""Work that may start, in lanes for each provider, so that one that hangs delays nobody else's sessions.

Within a provider their order is that of ``engine.turns``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from realtime_operator.core.value_type import value_type
from realtime_operator.engine.turns import Turns, Urgency

ProviderKey = tuple[str, str, str]
"""Kind, namespace and name of the provider that a session wants."""

LOOKS_BESIDE = 8
"""So many looks may run beside what a provider is given: they ask the cluster alone, as a rule, and a Secret that somebody deleted must not
wait until a crowd of others has its tokens."""


STORING_LEAST = 8
"""So many tokens may wait for a slow cluster, however few requests a provider takes at once."""


@value_type(frozen=True, slots=True)
class Work:
    """One session to look at.

    Attributes:
        uid: of the session.
        provider: whose lanes it stands in.
        urgency: where it stands there.
        horizon: rotations due by this local time are begun.
        beside: whether it has none of the provider's places, but one of those for looks.
    """

    uid: str
    provider: ProviderKey
    urgency: Urgency
    horizon: float
    beside: bool = False


@dataclass(slots=True)
class _Queues:
    waiting: Turns[Work] = field(default_factory=Turns)
    in_flight: int = 0
    beside: int = 0
    storing: set[str] = field(default_factory=set)

    def may_ask(self, limit: int) -> bool:
        """Whether one more may start: so many tokens wait to be written at most as may be asked for."""
        return self.in_flight < limit and len(self.storing) < max(limit, STORING_LEAST)


class Lanes:
    """What waits to start, and how much runs, by provider."""

    def __init__(self, max_in_flight: Callable[[ProviderKey], int]) -> None:
        self._max_in_flight = max_in_flight
        self._queues: dict[ProviderKey, _Queues] = {}

    def push(self, work: Work) -> None:
        """Add work; the caller sees to it that a session waits or runs only once."""
        queues = self._queues.setdefault(work.provider, _Queues())
        queues.waiting.push(work.urgency, work)

    def start(self, now: float, *, provider: ProviderKey | None = None) -> list[Work]:
        """Take out all that may start; each counts as running until ``finished``.

        Args:
            now: local time.
            provider: whose lanes alone are looked at; None for all, of which there may be hundreds.
        """
        started = []
        for key in list(self._queues) if provider is None else [provider]:
            if (queues := self._queues.get(key)) is None:
                continue
            limit = self._max_in_flight(key)
            while queues.may_ask(limit) and (work := queues.waiting.pop(now)) is not None:
                queues.in_flight += 1
                started.append(work)
            while queues.beside < LOOKS_BESIDE and (work := queues.waiting.pop_look()) is not None:
                queues.beside += 1
                started.append(replace(work, beside=True))
            if not (queues.in_flight or queues.beside or queues.storing or queues.waiting):
                del self._queues[key]
        return started

    def token_came(self, work: Work) -> bool:
        """The provider is done with it: its place is another's, and what it still does counts as storing; says whether anybody waits."""
        queues = self._queues[work.provider]
        if not work.beside and work.uid not in queues.storing:
            queues.in_flight -= 1
            queues.storing.add(work.uid)
        return bool(queues.waiting)

    def finished(self, work: Work) -> None:
        """It came to its end."""
        queues = self._queues[work.provider]
        if work.beside:
            queues.beside -= 1
        elif work.uid in queues.storing:
            queues.storing.remove(work.uid)
        else:
            queues.in_flight -= 1

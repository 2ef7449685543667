"""What goes wrong, and when: drawn from a seed before the story begins, so that what it makes impossible is known beforehand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

MEAN_PAUSE_LIVES: Final = 1.5
"""Lives of a token from one fault's beginning to the next one's, on average: about a hundred faults a day for tokens of 600 s."""

SHORT: Final = (0.005, 0.15)
LONG: Final = (0.15, 1.2)
"""How long a fault lasts, as shares of a life: most much less than a rotation leaves, some more than a life has."""

LONG_SHARE: Final = 0.2

DOWN_S: Final = (0.5, 30.0)
"""How long the operator stays away after it was killed."""

QUIET_BEGIN_LIVES, QUIET_END_LIVES = 1.5, 2.0
"""No fault begins before all sessions are there, or is felt so late that nobody could see whether all went well after it."""


class Kind(StrEnum):
    """What goes wrong."""

    PROVIDER_503 = "provider-503"
    PROVIDER_429 = "provider-429"
    PROVIDER_HANGS = "provider-hangs"
    PROVIDER_RESETS = "provider-resets"
    PROVIDER_SLOW = "provider-slow"
    PROVIDER_CLOCK = "provider-clock"
    API_AWAY = "api-away"
    API_SLOW = "api-slow"
    API_409 = "api-409"
    API_410 = "api-410"
    WATCH_GAP = "watch-gap"
    SECRETS_LOST = "secrets-lost"
    SECRET_WATCH_BREAKS = "secret-watch-breaks"
    SECRET_WATCH_SILENT = "secret-watch-silent"
    KILL = "kill"
    RESTART = "restart"


BLOCKING: Final = frozenset(
    {
        Kind.PROVIDER_503,
        Kind.PROVIDER_429,
        Kind.PROVIDER_HANGS,
        Kind.PROVIDER_RESETS,
        Kind.API_AWAY,
        Kind.KILL,
        Kind.RESTART,
    }
)
"""While these last no token can be minted and written."""


OF_THE_SECRET_WATCH: Final = frozenset({Kind.SECRET_WATCH_BREAKS, Kind.SECRET_WATCH_SILENT})
"""They come only where Secrets are watched."""


COST_NO_TOKEN: Final = OF_THE_SECRET_WATCH | {Kind.SECRETS_LOST}
"""What is minted while these last reaches its Secret all the same."""


HEALS_S: Final = 65.0
HEALS_WATCHED_S: Final = 5.0
"""Where nothing else is wrong a token that somebody took away is back within this: the longest time between two looks and a pass, or a late
word of the watch, two ticks and a pass."""


ECHO_S: Final[Mapping[Kind, float]] = {Kind.PROVIDER_429: 900.0}
"""How long a fault slows mints down after its end: the operator keeps to the rate that 429s left, and has forgotten it after so long."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them, in seconds since the epoch."""

    kind: Kind
    begin: float
    end: float


def drawn(dice: Random, kinds: Collection[Kind], *, begin: float, end: float, lifetime: float) -> list[Fault]:
    """Draw the faults of a stretch of time, in the order of their beginnings."""
    faults: list[Fault] = []
    at, last = begin + QUIET_BEGIN_LIVES * lifetime, end - QUIET_END_LIVES * lifetime
    over_by = {kind: last - ECHO_S.get(kind, 0.0) for kind in sorted(kinds)}
    latest = max(over_by.values(), default=begin)
    while (at := at + dice.expovariate(1 / (MEAN_PAUSE_LIVES * lifetime))) < latest:
        kind = dice.choice([kind for kind, over in over_by.items() if at < over])
        faults.append(Fault(kind, at, min(at + _lasts(dice, kind, lifetime), over_by[kind])))
    return faults


def _lasts(dice: Random, kind: Kind, lifetime: float) -> float:
    if kind in {Kind.KILL, Kind.RESTART}:
        return dice.uniform(*DOWN_S)
    return lifetime * dice.uniform(*(LONG if dice.random() < LONG_SHARE else SHORT))


def troubles(faults: Iterable[Fault], *, recovery: float) -> Iterator[tuple[float, float]]:
    """Stretches of time in which no token could be minted and written; less than ``recovery`` seconds between two make them one."""
    begin = end = None
    for fault in sorted(faults, key=lambda fault: fault.begin):
        if fault.kind not in BLOCKING:
            continue
        if begin is not None and end is not None and fault.begin > end + recovery:
            yield begin, end
            begin = end = None
        begin = fault.begin if begin is None else begin
        end = max(end or 0.0, fault.end + ECHO_S.get(fault.kind, 0.0))
    if begin is not None and end is not None:
        yield begin, end


def impossible(faults: Iterable[Fault], *, left: float, recovery: float) -> list[tuple[float, float]]:
    """When the promise could not be kept.

    Args:
        faults: all of them.
        left: seconds of life that every token has left when its rotation is due: a trouble that is shorter costs nothing, and of a longer
            one nothing before they have passed.
        recovery: seconds after a trouble's end by which all is as before.
    """
    spans = troubles(faults, recovery=recovery)
    return [(begin + left, end + recovery) for begin, end in spans if end > begin + left]


def healed_by(faults: Iterable[Fault], at: float, *, is_watched: bool) -> float:
    """When a token must be back that somebody takes away.

    Args:
        faults: all of them; what else is wrong then has to end, and what is not watched any more has to be looked at.
        at: when it is taken away, in seconds since the epoch.
        is_watched: whether Secrets are watched.
    """
    by = at + (HEALS_WATCHED_S if is_watched else HEALS_S)
    for fault in sorted(faults, key=lambda fault: fault.begin):
        over = fault.end + ECHO_S.get(fault.kind, 0.0) + HEALS_S
        if fault.kind is not Kind.SECRETS_LOST and fault.begin <= by and over >= at:
            by = max(by, over)
    return by


def last_of(active: Sequence[Fault], manners: Mapping[Kind, object]) -> Kind | None:
    """Of the faults that last, the one that began last and is one of those that ``manners`` tells of."""
    return next((fault.kind for fault in reversed(active) if fault.kind in manners), None)

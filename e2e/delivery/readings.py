"""What reading pods say in their logs, and how long a token took from its Secret into their files. Pure."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from e2e.pod import Seen, seen_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .told import Told

UNSEEN_SECONDS: Final = 5.0
"""A token that was written so long before a pod's last word, and that the pod has not seen, did not reach it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pod has seen.

    Attributes:
        pod: its name.
        seen: counts, and the ids of all tokens in order.
        first: when a token was first in the file, by its id; seconds since the epoch.
        until: when the pod last said something.
    """

    pod: str
    seen: Seen
    first: dict[str, float]
    until: float

    @property
    def session(self) -> str:
        """The session that it belongs to."""
        return self.pod.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over several pods."""

    reads: int
    expired: int
    failed: int


def readings_in(log: str) -> list[Reading]:
    """Read what `kubectl logs --prefix --timestamps` gives of several pods: `[pod/NAME/CONTAINER] TIME LINE`."""
    lines: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line in log.splitlines():
        prefix, _, rest = line.partition(" ")
        moment, _, said = rest.partition(" ")
        if prefix.startswith("[pod/") and said.startswith("{"):
            lines[prefix.split("/")[1]].append((_seconds(moment), said))
    return [_reading(pod, said) for pod, said in sorted(lines.items())]


def totals(readings: Iterable[Reading]) -> Totals:
    """Add up."""
    seen = [one.seen for one in readings]
    return Totals(
        sum(one.reads for one in seen),
        sum(one.expired_reads for one in seen),
        sum(one.failed_reads for one in seen),
    )


def delays(readings: Iterable[Reading], writes: Iterable[Told], *, since: float, until: float) -> list[float]:
    """Give the seconds from every Secret's write to every pod's first sight of the token; infinite where it never came.

    Args:
        readings: of pods.
        writes: of Secrets; the name is the session's.
        since: writes before this moment do not count, nor do those before the pod's own first token.
        until: nor do those after this one.
    """
    listed = sorted(writes)
    found = []
    for reading in readings:
        begun = min(reading.first.values(), default=math.inf)
        last = min(until, reading.until - UNSEEN_SECONDS)
        found += [
            reading.first.get(write.token_id, math.inf) - write.at
            for write in listed
            if write.name == reading.session and max(since, begun) < write.at <= last
        ]
    return found


def quantile(values: Sequence[float], share: float) -> float | None:
    """Give the smallest value that at least this share of all values does not exceed; None where there is no value."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _reading(pod: str, said: list[tuple[float, str]]) -> Reading:
    first: dict[str, float] = {}
    for at, line in said:
        told = json.loads(line)
        if told["event"] == "token":
            first.setdefault(told["token_id"], at)
    return Reading(pod, seen_in("\n".join(line for _, line in said)), first, said[-1][0])


def _seconds(text: str) -> float:
    """Read a time with nanoseconds."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return dt.datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")

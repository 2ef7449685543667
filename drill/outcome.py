"""What became of the sessions in one scenario, and whether that is as it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

LATE_S: Final = 1.0
"""A rotation that comes later than its time by more than this is not on time; a quiet machine needs a quarter of it."""

HEARD_WITHIN_S: Final = 20.0
"""After a fault that ends the watch again and again the pause before the next beginning may have grown to 16 s."""

COLLECTED_WITHIN_S: Final = 10.0
"""For the comparison after a new list, and the garbage collector."""

MUST_BE_NONE: Final[Mapping[str, str]] = {
    "expired_seconds": "s with an expired token",
    "missing_seconds": "s without a token",
    "undue_mints": "mints that were not due",
    "torn": "Secrets that contradicted themselves or the ledger",
    "unfresh": "sessions without a fresh token at the end",
    "overdue": "sessions whose rotation was overdue at the end",
}


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the session that was created during the fault, and of the one that was deleted.

    Attributes:
        born_s: seconds from the creation to its first token; None: it got none.
        deleted_s: seconds from the deletion until its Secret was gone for good; None: it is there.
        ghost_mints: mints for it after it was deleted.
    """

    born_s: float | None
    deleted_s: float | None
    ghost_mints: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario. What is not explained here is as in `observer.Figures`, from before the fault to the end.

    Attributes:
        fault_s: how long the fault lasted, in seconds.
        exposure_minimum_s: seconds of expired tokens that were unavoidable, over all sessions.
        recovered_s: from the end of the fault until no token was expired and no rotation overdue; None: never.
        rotations_after: rotations from 2 s later on.
        lateness_after_p99_s: of those; None where there were none.
        overdue: sessions whose rotation was overdue at the end.
        is_same_process: whether the operator's process lived through it; None where it was killed.
        changes: sessions created and deleted during the fault; None where there were none.
    """

    fault_s: float
    exposure_minimum_s: float
    expired_seconds: float
    missing_seconds: float
    undue_mints: int
    orphan_mints: int
    cut_short_mints: int
    unjudged_mints: int
    torn: int
    unfresh: int
    rotations: int
    recovered_s: float | None
    rotations_after: int
    lateness_after_p99_s: float | None
    overdue: int
    is_same_process: bool | None = None
    changes: Changes | None = None

    @property
    def ok(self) -> bool:
        """Whether all is as it should be."""
        return not self.failings()

    def failings(self) -> list[str]:
        """Say what is not as it should be."""
        return [*self._counted(), *self._not_recovered(), *self._not_heard()]

    def as_dict(self) -> dict[str, Any]:
        """Give the figures for JSON."""
        figures: dict[str, Any] = asdict(self) | {"ok": self.ok}
        figures |= figures.pop("changes") or dict.fromkeys(("born_s", "deleted_s", "ghost_mints"))
        return {
            name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()
        }

    def _counted(self) -> Iterator[str]:
        figures = asdict(self)
        for name, what in MUST_BE_NONE.items():
            if figures[name]:
                yield f"{figures[name]:g} {what}"

    def _not_recovered(self) -> Iterator[str]:
        if self.is_same_process is False:
            yield "the operator's process is another one"
        if self.recovered_s is None:
            yield "it did not recover"
        elif not self.rotations_after:
            yield "no token was rotated after it had recovered"
        elif self.lateness_after_p99_s is None or self.lateness_after_p99_s > LATE_S:
            late = self.lateness_after_p99_s
            yield "rotations stayed late" + (f": {late:.1f} s" if late is not None else "")

    def _not_heard(self) -> Iterator[str]:
        if self.changes is None:
            return
        born, deleted = self.changes.born_s, self.changes.deleted_s
        heard = self.fault_s + HEARD_WITHIN_S
        if born is None:
            yield "the session created during the fault got no token"
        elif born > heard:
            yield f"the session created during the fault got its token after {born:.1f} s"
        if deleted is None:
            yield "the Secret of the session deleted during the fault is there"
        elif deleted > heard + COLLECTED_WITHIN_S:
            yield f"the Secret of the session deleted during the fault was there for {deleted:.1f} s"

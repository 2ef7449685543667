"""What the observer found, as one record of numbers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


SHARES: Final = (
    *(0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    *(0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0),
)
"""Where a distribution is told: enough points to draw it, its ends told more closely than its middle."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The account up to one moment. Seconds are added up over all sessions.

    Attributes:
        sessions: sessions seen, those deleted since included.
        observations: how many times the content of a Secret was judged.
        rotations: writes that replaced a token; the first token of a session is none.
        expired_seconds: time in which a Secret's token was past its expiry on the provider's clock.
        missing_seconds: time in which a session that had its token once had no Secret, or none with a token.
        excused_seconds: expired and missing time of sessions that were suspended or not yet back from it, and
            missing time of sessions that only a person can mend.
        fresh_again_at: when the last expired or missing time ended, on the observer's clock; None while there
            is some, or never was.
        unfresh: sessions whose token is expired or missing at this moment.
        torn: contents whose parts contradict each other, or the ledger.
        mints: entries of the ledger since the observation began; 0 without a ledger.
        undue_mints: mints that replaced a token which was not due, with nobody asking.
        orphan_mints: tokens of the ledger that no Secret ever held, after a grace, though their session was there.
        cut_short_mints: the same where a deletion of their session explains it; like orphans not counted once they come.
        unanswered_mints: orphans that the provider never told to anybody.
        unjudged_mints: tokens that no Secret was seen to hold, made while the watch was blind.
        life_used_mean: share of a token's life that was used when it was replaced, or None.
        lateness_p50_s: write seen minus ``rotationTime`` of the token replaced, median; early is negative.
        lateness_p99_s: the same, 99th percentile.
        lateness_max_s: the same, the latest.
    """

    sessions: int
    observations: int
    rotations: int
    expired_seconds: float
    missing_seconds: float
    excused_seconds: float
    fresh_again_at: float | None
    unfresh: int
    torn: int
    mints: int
    undue_mints: int
    orphan_mints: int
    cut_short_mints: int
    unanswered_mints: int
    unjudged_mints: int
    life_used_mean: float | None
    lateness_p50_s: float | None
    lateness_p99_s: float | None
    lateness_max_s: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give the figures for JSON, seconds rounded to the millisecond."""
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }

    @property
    def kept(self) -> bool:
        """Whether the promise was kept and nothing was minted or written in vain."""
        return not (
            self.expired_seconds or self.missing_seconds or self.torn or self.undue_mints or self.orphan_mints
        )


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session of a live table.

    Attributes:
        namespace: of the session.
        name: of the session.
        first_token_at: when a Secret that it controls was first seen with a token, on the observer's clock, or None.
        issued_at: of the token held, on the provider's clock, or None.
        expires_at: of the token held, on the provider's clock, or None.
        rotations: how many times its token was replaced.
        expired_seconds: time with an expired token.
        missing_seconds: time without a token.
    """

    namespace: str
    name: str
    first_token_at: float | None
    issued_at: float | None
    expires_at: float | None
    rotations: int
    expired_seconds: float
    missing_seconds: float


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest of the ordered values that at least ``share`` of them do not exceed; None of no values."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

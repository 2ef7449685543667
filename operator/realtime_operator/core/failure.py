"""What is remembered of failures: enough to wait for the right thing, also after a restart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from realtime_operator.core.errors import (
    ClusterError,
    FailureClass,
    OperatorError,
    ProviderDown,
    ProviderError,
    ProviderRejected,
)
from realtime_operator.core.schedule import PROBE_MIN_S, RETRY_FIRST_S, probe_delay, retry_delay, spread

ALWAYS_AGAIN_S = 60.0
"""How often something that a person must mend in the cluster is looked at: a read by name is cheap, a mint is not."""

SETTLES_FIRST_S = 10.0
"""A refusal that time may mend, such as that of a deployment made just now, is tried again after 10, 20, 40 … s, in the end every 5 min;
one that says that something is not there, as a gateway does while it is rolled out, about so, too, and in the end every 5 to 15 min."""

TRIED_WITHIN_S = 60.0
"""Within so long of a start, spread by the UID, what was refused before is tried once more: it may have been mended meanwhile."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The last of a row of failures.

    Attributes:
        count: failures in a row; 0 where none was tried, because the provider is down.
        reason: in one word.
        message: in a sentence, with the remedy.
        failure_class: what has to happen before another attempt.
        at: when it happened.
        next_attempt: when another attempt is made at the latest; infinite where only a change of the spec helps, or the end of an outage.
        generation: of the session that failed.
        rotate: the rotate annotation's value then.
        minting: whether the provider was asked, so that asking again must wait.
    """

    count: int
    reason: str
    message: str
    failure_class: FailureClass
    at: float
    next_attempt: float
    generation: int
    rotate: str
    minting: bool

    def holds_back(self, *, now: float, generation: int, rotate: str) -> bool:
        """Whether another attempt has to wait; a new spec or a new wish of a person never has to."""
        same_wish = (self.generation, self.rotate) == (generation, rotate)
        return self.minting and same_wish and now < self.next_attempt

    @property
    def is_held_back(self) -> bool:
        """Whether it has no time of its own, and waits for the end of the provider's outage."""
        waits = self.next_attempt == math.inf and not self.minting
        return waits and self.failure_class is not FailureClass.TERMINAL

    def at_once(self) -> Failure:
        """The same failure, after which nothing has to be waited for: what it was about is not so any more."""
        return replace(self, next_attempt=self.at)

    def after_a_restart(self, *, now: float, uid: str) -> Failure:
        """The same failure, with a time at which it is tried once more, though only a person or another spec helps.

        A provider or a key that was mended while nobody watched is told by nothing else. Not sooner than a minute after the attempt
        before, so that an operator that is started again and again does not press the provider.

        Args:
            now: when the operator started.
            uid: of the session.
        """
        if not self.minting or self.failure_class is FailureClass.SOON:
            return self
        due = max(now + TRIED_WITHIN_S * spread(uid), self.at + TRIED_WITHIN_S)
        # What became due meanwhile became so for all of them.
        return replace(self, next_attempt=min(self.next_attempt, due) if self.next_attempt > now else due)

    def until_it_is_back(self) -> Failure:
        """The same failure, whose next attempt has no time of its own: it comes with the end of the provider's outage."""
        return replace(self, next_attempt=math.inf, minting=False)


def failure_after(
    before: Failure | None,
    error: OperatorError,
    *,
    now: float,
    life_left: float,
    uid: str,
    generation: int,
    rotate: str,
) -> Failure:
    """Add a failure to the row and say when to try again.

    Args:
        before: the failure before, or None.
        error: what went wrong.
        now: when.
        life_left: seconds of life of the token held; 0 or less without one.
        uid: of the session.
        generation: of the session.
        rotate: the rotate annotation's value.
    """
    same_row = before is not None and before.generation == generation
    count = before.count + 1 if before is not None and same_row else 1
    return Failure(
        count=count,
        reason=str(error.reason),
        message=str(error),
        failure_class=error.failure_class,
        at=now,
        next_attempt=now + _delay(error, count=count, life_left=life_left, uid=uid),
        generation=generation,
        rotate=rotate,
        minting=isinstance(error, ProviderError),
    )


def held_back(
    before: Failure | None, down: ProviderDown, *, now: float, generation: int, rotate: str
) -> Failure:
    """Remember that an attempt was not made: it adds nothing to the row, and says nothing new where the trouble is known.

    Args:
        before: the failure before, or None.
        down: why the provider was not asked.
        now: when.
        generation: of the session.
        rotate: the rotate annotation's value.
    """
    row = before if before is not None and before.generation == generation else None
    known = row is not None and (row.reason, row.message) == (str(down.reason), str(down))
    return Failure(
        count=row.count if row is not None else 0,
        reason=str(down.reason),
        message=str(down),
        failure_class=down.failure_class,
        at=row.at if row is not None and known else now,
        next_attempt=math.inf,
        generation=generation,
        rotate=rotate,
        minting=False,
    )


def _delay(error: OperatorError, *, count: int, life_left: float, uid: str) -> float:
    wish = error.retry_after if isinstance(error, ProviderError) else None
    match error.failure_class:
        case FailureClass.SOON if isinstance(error, ProviderRejected):
            return max(min(PROBE_MIN_S, _settling(count)), wish or 0.0)
        case FailureClass.PEOPLE if isinstance(error, ProviderError):
            return max(_probe_delay(error, count=count, uid=uid), wish or 0.0)
        case FailureClass.SOON | FailureClass.PEOPLE:
            # Where no mint was sent looking again costs the provider nothing.
            return retry_delay(attempt=count, life_left=life_left, uid=uid, retry_after=wish)
        case FailureClass.TERMINAL if isinstance(error, ClusterError):
            # At first it may be the garbage collector that is awaited, later on a person.
            return min(ALWAYS_AGAIN_S, RETRY_FIRST_S * 2.0 ** min(count - 1, 16))
        case FailureClass.TERMINAL:
            return math.inf


def _probe_delay(error: ProviderError, *, count: int, uid: str) -> float:
    settling = _settling(count) * (0.5 + spread(f"{uid}/{count}"))
    if isinstance(error, ProviderRejected) and settling < PROBE_MIN_S:
        return settling
    return probe_delay(attempt=count, uid=uid)


def _settling(count: int) -> float:
    return SETTLES_FIRST_S * 2.0 ** min(count - 1, 16)

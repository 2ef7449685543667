"""What an error that nobody planned comes to: one session waits a moment, as after any other failure."""

from __future__ import annotations

from realtime_operator.core.errors import FailureClass
from realtime_operator.core.failure import Failure
from realtime_operator.core.reasons import Reason
from realtime_operator.core.schedule import retry_delay
from realtime_operator.core.session_memory import SessionMemory


def after_surprise(memory: SessionMemory, *, now: float) -> Failure:
    """The failure to remember of a pass that ended in an error of the operator's own at the local time ``now``."""
    count = memory.failure.count + 1 if memory.failure is not None else 1
    delay = retry_delay(
        attempt=count, life_left=memory.expires_at - now, uid=memory.ref.uid, retry_after=None
    )
    return Failure(
        count=count,
        reason=Reason.INTERNAL_ERROR,
        message="The operator met an error of its own; its log tells more. It tries again.",
        failure_class=FailureClass.SOON,
        at=now,
        next_attempt=now + delay,
        generation=memory.wanted.generation,
        rotate=memory.wanted.rotate,
        minting=True,
    )

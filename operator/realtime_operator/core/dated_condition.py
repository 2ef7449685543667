"""A condition as status keeps it; its transition time moves only when its status changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realtime_operator.api.conditions import ConditionType
from realtime_operator.core.shared_parts import condition
from realtime_operator.core.timestamps import to_rfc3339
from realtime_operator.core.value_type import value_type


@value_type(frozen=True, slots=True)
class Verdict:
    """A condition without its times."""

    type: ConditionType
    status: str
    reason: str
    message: str


def dated_condition(
    verdict: Verdict, last: Mapping[str, Any] | None, *, generation: int, now: float
) -> Mapping[str, Any]:
    """The condition to store; the last one itself where nothing has changed.

    Args:
        verdict: what it says.
        last: the condition of this type so far, or None.
        generation: of the object it is about.
        now: the transition time, used only if the status differs from the one before.
    """
    unchanged = last is not None and last["status"] == verdict.status
    since = last["lastTransitionTime"] if last is not None and unchanged else to_rfc3339(now)
    words = (verdict.type.value, verdict.status, str(verdict.reason))
    made = condition((*words, verdict.message, since, generation))
    return last if last is not None and last == made else made

"""How conditions change."""

from __future__ import annotations

from datetime import UTC, datetime

from realtime_operator.api.conditions import (
    PENDING,
    Condition,
    ConditionStatus,
    ConditionType,
    set_condition,
)
from realtime_operator.api.model import EPOCH

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 13, tzinfo=UTC)


def a_condition(
    status: ConditionStatus = ConditionStatus.TRUE,
    *,
    kind: ConditionType = ConditionType.READY,
    reason: str = "Issued",
) -> Condition:
    """Return a condition that has not been placed yet."""
    return Condition(type=kind, status=status, reason=reason)


def test_a_first_condition_begins_now() -> None:
    """A condition of a new type is put at the end, with the present time."""
    (placed,) = set_condition((), a_condition(), NOON)
    assert (placed.type, placed.last_transition_time) == ("Ready", NOON)


def test_the_time_stays_while_the_status_stays() -> None:
    """A new reason under the same status keeps the time of the change."""
    before = set_condition((), a_condition(), NOON)
    (after,) = set_condition(before, a_condition(reason="Rotated"), LATER)
    assert (after.reason, after.last_transition_time) == ("Rotated", NOON)


def test_the_time_moves_when_the_status_changes() -> None:
    """A changed status is dated with the present."""
    before = set_condition((), a_condition(), NOON)
    (after,) = set_condition(before, a_condition(ConditionStatus.FALSE, reason="Expired"), LATER)
    assert after.last_transition_time == LATER


def test_other_conditions_stay_where_they_are() -> None:
    """Only the condition of the same type is replaced, in its place."""
    stalled = a_condition(ConditionStatus.FALSE, kind=ConditionType.STALLED)
    before = set_condition(set_condition((), a_condition(), NOON), stalled, NOON)
    after = set_condition(before, a_condition(ConditionStatus.UNKNOWN, reason="Pending"), LATER)
    assert [one.type for one in after] == ["Ready", "Stalled"]
    assert after[1] is before[1]


def test_what_the_api_server_sets_first_is_readable() -> None:
    """The status of a new object parses: Ready is unknown, since a time that is no real one."""
    (pending,) = (Condition.model_validate(one) for one in PENDING["conditions"])
    assert (pending.type, pending.status, pending.reason) == ("Ready", ConditionStatus.UNKNOWN, "Pending")
    assert pending.last_transition_time == EPOCH

"""Conditions as kstatus reads them, and the one rule of how they change."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import ConfigDict, Field

from realtime_operator.api.model import EPOCH, ApiModel, Time, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


class ConditionType(StrEnum):
    """The conditions that the operator sets; providers have only Ready."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    ROTATION_HEALTHY = "RotationHealthy"
    DELIVERED = "Delivered"


class ConditionStatus(StrEnum):
    """True, False or Unknown, as strings on the wire."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiModel):
    """One aspect of the object's state, as a person or a tool asks for it."""

    model_config = ConfigDict(
        json_schema_extra={"required": ["type", "status", "lastTransitionTime", "reason", "message"]}
    )

    type: str = Field(
        max_length=316,
        description="What the condition is about: Ready, Reconciling, Stalled, RotationHealthy or Delivered.",
    )
    status: ConditionStatus = Field(description="Whether it holds: True, False or Unknown.")
    reason: str = Field(
        min_length=1,
        max_length=1024,
        pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="Why, in one CamelCase word, for programs.",
    )
    message: str = Field(
        default="",
        max_length=32768,
        description="Why, in a sentence, for people: what happened and who can help.",
    )
    last_transition_time: Time = Field(
        default=EPOCH, description="When the status last changed; a new reason or message does not move it."
    )
    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that this was said about."
    )


PENDING: Final[dict[str, Any]] = {
    "observedGeneration": -1,
    "conditions": [
        {
            "type": ConditionType.READY.value,
            "status": ConditionStatus.UNKNOWN.value,
            "reason": "Pending",
            "message": "Waiting for the operator. Is it running, and does it watch this namespace?",
            "lastTransitionTime": rfc3339(EPOCH),
        }
    ],
}
"""The status that the API server gives a new object: without it, waiting tools do not wait."""


def is_shown_ready(status: Mapping[str, Any]) -> bool:
    """Whether a status document says that Ready is true."""
    conditions = status.get("conditions") or ()
    return any(each["type"] == ConditionType.READY and each["status"] == "True" for each in conditions)


def has_status(body: Mapping[str, Any]) -> bool:
    """Whether an object was looked at; a new one was not, and who wipes the status takes it away (the CRD's default is generation -1)."""
    return bool((body.get("status") or {}).get("observedGeneration", -1) >= 0)


def set_condition(existing: Iterable[Condition], new: Condition, now: datetime) -> tuple[Condition, ...]:
    """Return the conditions with `new` in the place of the one of its type, or at the end.

    Args:
        existing: The conditions so far, at most one of each type.
        new: The condition to set; its transition time is ignored.
        now: The transition time, used only if the status differs from the one before.
    """
    kept = tuple(existing)
    before = next((one for one in kept if one.type == new.type), None)
    since = before.last_transition_time if before is not None and before.status == new.status else now
    placed = new.model_copy(update={"last_transition_time": since})
    if before is None:
        return (*kept, placed)
    return tuple(placed if one is before else one for one in kept)

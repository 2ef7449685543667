"""Rebuilds the memory of a session from its status, which is all that a new process has of the one before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from realtime_operator.api.conditions import is_shown_ready
from realtime_operator.core.delivery import Delivery, delivery_of
from realtime_operator.core.errors import FailureClass
from realtime_operator.core.failure import Failure
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory, Wanted, propagation_for
from realtime_operator.core.shared_parts import shared
from realtime_operator.core.timestamps import from_rfc3339

_TERMINAL_REASONS = frozenset({Reason.INVALID_SPEC, Reason.PROVIDER_REJECTED, Reason.ENDPOINT_RETIRED})
_PEOPLE_REASONS = frozenset({Reason.PROVIDER_UNAUTHORIZED, Reason.PROVIDER_BILLING})
_MINTING_REASONS = (_TERMINAL_REASONS - {Reason.INVALID_SPEC}) | _PEOPLE_REASONS
_MINTING_REASONS |= {Reason.PROVIDER_THROTTLED, Reason.PROVIDER_UNAVAILABLE, Reason.PROVIDER_UNREADABLE}


def remembered(ref: ObjectRef, wanted: Wanted, status: Mapping[str, Any]) -> SessionMemory:
    """Rebuild the memory of a session from its status: when to look next, and which failures were seen."""
    observed = status.get("observedGeneration", -1)
    ready = is_shown_ready(status)
    delivery = delivery_of(status) if wanted.pod_selector else None
    return SessionMemory(
        ref=ref,
        wanted=wanted,
        status=shared(status),
        confirmed_generation=observed if ready else -1,
        rotations=status.get("rotations", 0),
        failure=_failure_of(status, observed, wanted.rotate),
        rotation_at=from_rfc3339(status.get("rotationTime")),
        expires_at=from_rfc3339(status.get("expirationTime")) or 0.0,
        scheduled_for=_scheduled_for(status, wanted, delivery),
        delivery=delivery,
    )


def _scheduled_for(
    status: Mapping[str, Any], wanted: Wanted, delivery: Delivery | None
) -> tuple[str, str] | None:
    """Status keeps the rotation time of its token, unless spec or settings, and so perhaps the propagation, changed since."""
    if "tokenID" not in status or "rotationTime" not in status:
        return None
    reasons = {c["type"]: c["reason"] for c in status.get("conditions") or ()}
    was_unserved = reasons.get("Delivered") == Reason.POD_ANNOTATION_OFF
    if status.get("observedGeneration") != wanted.generation or was_unserved != wanted.is_unserved:
        return None
    return status["tokenID"], propagation_for(wanted, delivery).value


def _failure_of(status: Mapping[str, Any], generation: int, rotate: str) -> Failure | None:
    failures = status.get("failures") or {}
    if not failures.get("count"):
        return None
    reason = failures.get("lastReason", "")
    told = {c["type"]: c for c in status.get("conditions") or ()}
    # Not Ready's: its message may say more than the failure's, and would say it twice after every restart.
    tellers = (told[kind] for kind in ("Stalled", "RotationHealthy", "Reconciling") if kind in told)
    message = next((c["message"] for c in tellers if c["reason"] in {reason, Reason.RETRYING}), reason)
    next_attempt = from_rfc3339(failures.get("nextAttemptTime"))
    is_ready = told.get("Ready", {}).get("status") == "True"
    failure_class = FailureClass.SOON
    if reason in _TERMINAL_REASONS and next_attempt is None:
        failure_class = FailureClass.TERMINAL
    elif "Stalled" in told or reason in _PEOPLE_REASONS or (is_ready and reason in _TERMINAL_REASONS):
        # While a token lives nobody is Stalled, and only the reason is left to tell who must act.
        failure_class = FailureClass.PEOPLE
    # What waits for no change of the spec and has no time waited for the end of an outage, which is asked about anew.
    without_time = math.inf if failure_class is FailureClass.TERMINAL else 0.0
    return Failure(
        count=failures["count"],
        reason=reason,
        message=message,
        failure_class=failure_class,
        at=from_rfc3339(failures.get("lastTime")) or 0.0,
        next_attempt=next_attempt or without_time,
        generation=generation,
        rotate=rotate,
        minting=reason in _MINTING_REASONS,
    )

"""A status of a session with everything in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from realtime_operator.api.conditions import Condition, ConditionStatus, ConditionType, set_condition
from realtime_operator.api.provider import ProviderKind
from realtime_operator.api.session import Failures, PodCounts, ProviderRef, RealtimeSessionStatus, SecretRef

ISSUED = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_status() -> RealtimeSessionStatus:
    """Return a status in which every field is set."""
    ready = Condition(
        type=ConditionType.READY,
        status=ConditionStatus.TRUE,
        reason="Issued",
        message="Fine.",
        observed_generation=1,
    )
    return RealtimeSessionStatus(
        observed_generation=1,
        conditions=set_condition((), ready, ISSUED),
        provider_ref=ProviderRef(kind=ProviderKind.CLUSTER_PROVIDER, name="default"),
        secret_ref=SecretRef(name="concierge", uid="u-1"),
        token_id="4f1d0c2a9b7e",
        issued_time=ISSUED,
        expiration_time=ISSUED + timedelta(seconds=600),
        rotation_time=ISSUED + timedelta(seconds=400),
        rotations=418,
        failures=Failures(
            count=1, last_reason="ProviderUnavailable", last_time=ISSUED, next_attempt_time=ISSUED
        ),
        pods=PodCounts(consuming=12, notified=12, confirmed=11),
        last_handled_rotate="1764000000",
    )

"""What people see: the status document, its changes, and the events that tell of them.

``Ready`` answers "does the Secret hold an unexpired token for the current spec"; a failing rotation does not flip it, the real expiry
does. ``Reconciling`` and ``Stalled`` are there only while Ready is not true, because tools read them as "not finished" and "failed".
Messages of healthy conditions never change from rotation to rotation, so that a rotation's status write stays small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from realtime_operator.api.conditions import ConditionType as Type
from realtime_operator.core.dated_condition import Verdict, dated_condition
from realtime_operator.core.delivery import Delivery
from realtime_operator.core.errors import FailureClass
from realtime_operator.core.failure import Failure
from realtime_operator.core.reasons import Reason
from realtime_operator.core.schedule import Lead, too_short_message
from realtime_operator.core.shared_parts import NO_FAILURES, provider_ref
from realtime_operator.core.timestamps import from_rfc3339, to_rfc3339
from realtime_operator.core.token_secret import Holding
from realtime_operator.core.value_type import value_type

_UNSERVED = (
    "This operator does not serve PodAnnotation, so the token is rotated as for Kubelet, and a mounted file lags up to 80 seconds behind;"
    " have it installed with podAnnotation.enabled=true, or set delivery.propagation Kubelet and remove podSelector."
)

TELL_AGAIN_S = 60.0
"""How often status tells of a failure that only repeats itself: count and times, not who must act."""


@value_type(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a pass knows at its end.

    Attributes:
        now: local time.
        generation: of the session.
        suspended: as the spec says.
        provider: kind and name of the provider resolved, or None.
        secret_name: of the Secret.
        secret_uid: or None where there is no Secret of ours.
        holding: the token in the Secret, or None.
        expired: whether that token no longer works.
        current: whether that token was minted for the current spec.
        rotation_at: local time at which its rotation is due, or None.
        lead: the rule's figures for that token, or None.
        rotations: how many times a token was replaced.
        failure: the last of a row of failures, or None.
        is_unserved: whether PodAnnotation is asked for and not served.
        delivery: what is known of the pods that use the token; None for nothing.
    """

    now: float
    generation: int
    suspended: bool
    provider: tuple[str, str] | None
    secret_name: str
    secret_uid: str | None
    holding: Holding | None
    expired: bool
    current: bool
    rotation_at: float | None
    lead: Lead | None
    rotations: int
    failure: Failure | None
    is_unserved: bool = False
    delivery: Delivery | None = None

    @property
    def ready(self) -> bool:
        """Whether the Secret holds an unexpired token for the current spec."""
        return self.holding is not None and not self.expired and self.current


def status_document(facts: Facts, before: Mapping[str, Any]) -> dict[str, Any]:
    """The status that the object should have.

    Args:
        facts: what is known.
        before: the status so far, for the times of conditions that did not change.
    """
    conditions = _conditions(facts, before.get("conditions") or ())
    document: dict[str, Any] = {
        "observedGeneration": facts.generation,
        "conditions": conditions,
        "rotations": facts.rotations,
        "failures": _failures(facts.failure),
    }
    if facts.failure is not None and conditions == before.get("conditions"):
        # The same again: people know it, and a session that stays broken must not cost a write for every attempt.
        document["failures"] = _told_lately(before, facts) or document["failures"]
    if facts.provider is not None:
        document["providerRef"] = provider_ref(*facts.provider)
    if facts.secret_uid is not None:
        document["secretRef"] = {"name": facts.secret_name, "uid": facts.secret_uid}
    if facts.delivery is not None:
        document["pods"] = facts.delivery.document()
    if facts.holding is not None:
        token = facts.holding.token
        document |= {
            "tokenID": token.token_id,
            "issuedTime": to_rfc3339(token.issued_at),
            "expirationTime": to_rfc3339(token.expires_at),
        }
        if facts.rotation_at is not None:
            document["rotationTime"] = to_rfc3339(facts.rotation_at)
        if facts.holding.rotate:
            document["lastHandledRotate"] = facts.holding.rotate
    return document


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a status that differ, each as a whole; None for one that goes. Empty where nothing changed."""
    changes: dict[str, Any] = dict.fromkeys(before.keys() - after.keys())
    return changes | {name: value for name, value in after.items() if before.get(name) != value}


def news(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[bool, str, str]]:
    """Events about what changed: whether it is a warning, the reason, the message. Nothing for a plain rotation."""
    old = {condition["type"]: condition for condition in before.get("conditions") or ()}
    # Sessions that lack capacity lose their token and get the next one in turns: their provider has the event about it.
    was_shed = old.get(Type.READY, {}).get("reason") == Reason.CAPACITY_EXCEEDED
    for condition in after["conditions"]:
        kind, status, reason = condition["type"], condition["status"], condition["reason"]
        last = old.get(kind, {})
        if (last.get("status"), last.get("reason")) == (status, reason):
            continue
        bad = status == "False" and reason not in {Reason.MINTING, Reason.SUSPENDED}
        good = kind == Type.READY and status == "True"
        recovered = (
            kind in {Type.ROTATION_HEALTHY, Type.DELIVERED}
            and status == "True"
            and last.get("status") == "False"
        )
        if bad or ((good or recovered) and not was_shed):
            yield bad, reason, condition["message"]


def _told_lately(before: Mapping[str, Any], facts: Facts) -> Any:
    """What was told of failures, where that is enough for now: the same reason, less than a minute ago; else None."""
    told = before.get("failures") or {}
    told_at = from_rfc3339(told.get("lastTime"))
    if facts.failure is None or told.get("lastReason") != facts.failure.reason or told_at is None:
        return None
    return told if facts.now - told_at < TELL_AGAIN_S else None


def _failures(failure: Failure | None) -> Mapping[str, Any]:
    if failure is None:
        return NO_FAILURES
    document = {"count": failure.count, "lastReason": failure.reason, "lastTime": to_rfc3339(failure.at)}
    if math.isfinite(failure.next_attempt):
        document["nextAttemptTime"] = to_rfc3339(failure.next_attempt)
    return document


def _conditions(facts: Facts, before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    old = {condition["type"]: condition for condition in before}
    return [
        dated_condition(verdict, old.get(verdict.type), generation=facts.generation, now=facts.now)
        for verdict in _verdicts(facts)
    ]


def _verdicts(facts: Facts) -> Iterator[Verdict]:
    yield _ready(facts)
    if not facts.ready:
        yield from _progress(facts)
    if facts.holding is not None and not facts.expired:
        yield _rotation_healthy(facts)
    if facts.holding is not None:
        yield _delivered(facts)


def _ready(facts: Facts) -> Verdict:
    if facts.ready:
        # Without the Secret's name, which secretRef has: so thousands of sessions hold one condition between them, 0.4 KB of memory each.
        return Verdict(
            Type.READY, "True", Reason.ISSUED, "The Secret holds an unexpired token for this spec."
        )
    failure, holding = facts.failure, facts.holding
    said = f" {failure.message}" if failure is not None else ""
    if holding is not None and facts.expired:
        when = to_rfc3339(holding.token.expires_at)
        if facts.suspended:
            return Verdict(
                Type.READY, "False", Reason.SUSPENDED, f"The token expired at {when}; spec.suspend is true."
            )
        shed = failure is not None and failure.reason == Reason.CAPACITY_EXCEEDED
        reason = Reason.CAPACITY_EXCEEDED if shed else Reason.EXPIRED
        return Verdict(Type.READY, "False", reason, f"The token expired at {when}.{said}")
    if failure is not None:
        kept = ""
        if holding is not None:
            kept = f" The token of the spec before works until {to_rfc3339(holding.token.expires_at)}."
        return Verdict(Type.READY, "False", failure.reason, failure.message + kept)
    if facts.suspended:
        return Verdict(Type.READY, "False", Reason.SUSPENDED, "spec.suspend is true, so no token is minted.")
    return Verdict(Type.READY, "False", Reason.MINTING, "A token for this spec is being minted.")


def _progress(facts: Facts) -> Iterator[Verdict]:
    failure = facts.failure
    if facts.suspended:
        return
    if failure is not None and failure.failure_class is not FailureClass.SOON:
        yield Verdict(Type.STALLED, "True", failure.reason, failure.message)
    elif failure is not None:
        yield Verdict(Type.RECONCILING, "True", Reason.RETRYING, failure.message)
    else:
        yield Verdict(Type.RECONCILING, "True", Reason.MINTING, "A token for this spec is being minted.")


def _rotation_healthy(facts: Facts) -> Verdict:
    if facts.failure is not None:
        return Verdict(Type.ROTATION_HEALTHY, "False", facts.failure.reason, facts.failure.message)
    if facts.suspended:
        return Verdict(
            Type.ROTATION_HEALTHY, "Unknown", Reason.SUSPENDED, "spec.suspend is true, so nothing is rotated."
        )
    return Verdict(Type.ROTATION_HEALTHY, "True", Reason.ROTATING, "The token is rotated before it expires.")


def _delivered(facts: Facts) -> Verdict:
    if facts.expired:
        return Verdict(Type.DELIVERED, "False", Reason.EXPIRED, "Readers see an expired token.")
    if facts.is_unserved:
        return Verdict(Type.DELIVERED, "False", Reason.POD_ANNOTATION_OFF, _UNSERVED)
    delivery = facts.delivery
    trouble = delivery.trouble if delivery is not None else None
    # Then the kubelet's pace is what rotation is timed for, and the missing right is what has to be mended.
    is_forbidden = delivery is not None and delivery.is_forbidden
    if facts.lead is not None and not facts.lead.sufficient and not is_forbidden:
        return Verdict(Type.DELIVERED, "False", Reason.LIFETIME_TOO_SHORT, too_short_message(facts.lead))
    if trouble is not None:
        return Verdict(Type.DELIVERED, "False", trouble.reason, trouble.message)
    message = "The life of the token leaves time for every reader to see the next one."
    return Verdict(Type.DELIVERED, "True", Reason.WITHIN_PROPAGATION, message)

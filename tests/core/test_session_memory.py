"""What is remembered of a session, rebuilt from its status."""

from __future__ import annotations

import math
from typing import Any

import pytest

from realtime_operator.api.conditions import PENDING
from realtime_operator.core.errors import FailureClass, InvalidSession
from realtime_operator.core.mint_request import MintTemplate
from tests.support.builders import NOW, a_memory, a_session

TIMES: dict[str, Any] = {
    "expirationTime": "2025-11-24T16:10:00Z",
    "rotationTime": "2025-11-24T16:06:40Z",
    "tokenID": "0123456789ab",
}


def a_condition(kind: str, status: str, reason: str, message: str = "") -> dict[str, str]:
    """A condition as stored."""
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2025-11-24T15:00:00Z",
    }


def remembered(generation: int = 1, **status: Any) -> Any:
    """The memory of a session with this status."""
    return a_memory(a_session(generation=generation, status={"observedGeneration": 1} | status))


@pytest.mark.parametrize("status", [None, {}, PENDING], ids=["none", "empty", "the API server's default"])
def test_a_session_that_was_never_dealt_with(status: dict[str, Any] | None) -> None:
    """Nothing is known of it: no token, no failure, no generation confirmed."""
    memory = a_memory(a_session(status=status))
    assert (memory.expires_at, memory.rotation_at, memory.failure) == (0.0, None, None)
    assert (memory.confirmed_generation, memory.rotations, memory.observed) == (-1, 0, False)
    assert (memory.holding, memory.stamp, memory.scheduled_for) == (None, None, None)


def test_a_session_that_was_ready() -> None:
    """Expiry, rotation time and count are taken from status; the Secret is still to be seen."""
    memory = remembered(conditions=[a_condition("Ready", "True", "Issued")], rotations=7, **TIMES)
    assert (memory.expires_at, memory.rotation_at, memory.rotations) == (NOW + 600, NOW + 400, 7)
    assert memory.confirmed_generation == 1
    assert memory.scheduled_for == ("0123456789ab", "Kubelet")
    assert not memory.observed


def test_a_spec_that_changed_meanwhile() -> None:
    """The rotation time of another generation may be of another propagation, so it is worked out anew."""
    memory = remembered(2, conditions=[a_condition("Ready", "True", "Issued")], **TIMES)
    assert memory.scheduled_for is None
    assert memory.confirmed_generation == 1


FAILURES: list[tuple[str, str, list[dict[str, str]], FailureClass, bool, str]] = [
    (
        "being retried",
        "ProviderUnavailable",
        [
            a_condition("Ready", "False", "ProviderUnavailable", "Away. And more."),
            a_condition("Reconciling", "True", "Retrying", "Away."),
        ],
        FailureClass.SOON,
        True,
        "Away.",
    ),
    (
        "stalled until people act",
        "ProviderUnauthorized",
        [
            a_condition("Ready", "False", "Expired", "The token expired. Mend it."),
            a_condition("Stalled", "True", "ProviderUnauthorized", "Mend it."),
        ],
        FailureClass.PEOPLE,
        True,
        "Mend it.",
    ),
    (
        "not stalled yet, but people must act",
        "ProviderBilling",
        [
            a_condition("Ready", "True", "Issued", "Fine."),
            a_condition("RotationHealthy", "False", "ProviderBilling", "Pay."),
        ],
        FailureClass.PEOPLE,
        True,
        "Pay.",
    ),
    (
        "refused while the token lives: not stalled yet, but time alone does not mend it",
        "ProviderRejected",
        [
            a_condition("Ready", "True", "Issued", "Fine."),
            a_condition("RotationHealthy", "False", "ProviderRejected", "No such path."),
        ],
        FailureClass.PEOPLE,
        True,
        "No such path.",
    ),
    (
        "a deployment made just now, which time mends",
        "ProviderRejected",
        [a_condition("Reconciling", "True", "ProviderRejected", "It may be new.")],
        FailureClass.SOON,
        True,
        "It may be new.",
    ),
    (
        "refused as written, with the old token's expiry named",
        "ProviderRejected",
        [
            a_condition(
                "Ready", "False", "ProviderRejected", "No. The token of the spec before works until x."
            ),
            a_condition("Stalled", "True", "ProviderRejected", "No."),
        ],
        FailureClass.PEOPLE,
        True,
        "No.",
    ),
    (
        "a key that is missing costs the provider nothing",
        "KeyMissing",
        [a_condition("Stalled", "True", "KeyMissing", "Add it.")],
        FailureClass.PEOPLE,
        False,
        "Add it.",
    ),
    (
        "a status without conditions",
        "ProviderUnavailable",
        [],
        FailureClass.SOON,
        True,
        "ProviderUnavailable",
    ),
]


@pytest.mark.parametrize(
    ("reason", "conditions", "kind", "minting", "message"),
    [row[1:] for row in FAILURES],
    ids=[row[0] for row in FAILURES],
)
def test_failures_are_remembered(
    reason: str,
    conditions: list[dict[str, str]],
    kind: FailureClass,
    minting: bool,  # noqa: FBT001 - a column
    message: str,
) -> None:
    """Count, reason, message, class and next attempt come back from status."""
    failures = {
        "count": 3,
        "lastReason": reason,
        "lastTime": "2025-11-24T16:00:00Z",
        "nextAttemptTime": "2025-11-24T16:00:20Z",
    }
    failure = remembered(conditions=conditions, failures=failures).failure
    assert (failure.count, failure.reason, failure.message) == (3, reason, message)
    assert (failure.failure_class, failure.minting) == (kind, minting)
    assert (failure.at, failure.next_attempt, failure.generation) == (NOW, NOW + 20, 1)


def test_a_failure_that_waited_for_the_end_of_an_outage_is_tried_at_once() -> None:
    """Time heals it and no time is told: after a restart that never means never."""
    failure = remembered(failures={"count": 2, "lastReason": "ProviderUnavailable"}).failure
    assert failure.failure_class is FailureClass.SOON
    assert not failure.holds_back(now=NOW, generation=1, rotate="")


def test_a_failure_without_a_next_attempt_waits_for_another_spec() -> None:
    """What was terminal stays so."""
    failure = remembered(failures={"count": 1, "lastReason": "ProviderRejected"}).failure
    assert failure.next_attempt == math.inf
    assert failure.holds_back(now=NOW + 1e6, generation=1, rotate="")
    assert not failure.holds_back(now=NOW, generation=2, rotate="")


def test_what_a_session_wants() -> None:
    """The spec is parsed once; a request that cannot be made is kept as its error, and the rest is known all the same."""
    memory = a_memory(a_session(secret={"name": "other"}, annotations={"realtime-operator.io/rotate": "7"}))
    assert isinstance(memory.wanted.template, MintTemplate)
    assert (memory.wanted.secret_name, memory.wanted.rotate, memory.wanted.generation) == ("other", "7", 1)
    bad = a_memory(a_session(nullPaths=["/model/x"]))
    assert isinstance(bad.wanted.template, InvalidSession)
    assert bad.wanted.secret_name == "concierge"

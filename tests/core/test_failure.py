"""What is remembered of failures, before and after a restart."""

from __future__ import annotations

import math

import pytest

from realtime_operator.core.errors import (
    ClusterForbidden,
    ClusterUnavailable,
    FailureClass,
    InvalidSession,
    OperatorError,
    ProviderError,
    ProviderNotReady,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
    SecretConflict,
)
from realtime_operator.core.failure import ALWAYS_AGAIN_S, Failure, failure_after
from realtime_operator.core.reasons import Reason
from tests.support.builders import NOW, UID

DOWN = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "away")


def after(error: OperatorError, before: Failure | None = None, *, generation: int = 1) -> Failure:
    """The failure that an error makes of the one before."""
    return failure_after(before, error, now=NOW, life_left=300, uid=UID, generation=generation, rotate="1")


WAITS: list[tuple[str, OperatorError, FailureClass, bool, float, float]] = [
    ("a provider that is away", DOWN, FailureClass.SOON, True, 0.1, 1),
    (
        "a provider that asks for a pause",
        ProviderThrottled(Reason.PROVIDER_THROTTLED, "slow", retry_after=20),
        FailureClass.SOON,
        True,
        20,
        20,
    ),
    (
        "a refused key",
        ProviderUnauthorized(Reason.PROVIDER_UNAUTHORIZED, "key"),
        FailureClass.PEOPLE,
        True,
        300,
        900,
    ),
    (
        "a refused key, with a longer wish",
        ProviderUnauthorized(Reason.PROVIDER_BILLING, "key", retry_after=3600),
        FailureClass.PEOPLE,
        True,
        3600,
        3600,
    ),
    (
        "a missing provider costs it nothing to look for",
        ProviderNotReady(Reason.PROVIDER_NOT_FOUND, "none"),
        FailureClass.PEOPLE,
        False,
        0.1,
        1,
    ),
    (
        "missing rights are tried again, too",
        ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "rbac"),
        FailureClass.PEOPLE,
        False,
        0.1,
        1,
    ),
    (
        "a refused request waits for another spec",
        ProviderRejected(Reason.PROVIDER_REJECTED, "no"),
        FailureClass.TERMINAL,
        True,
        math.inf,
        math.inf,
    ),
    (
        "so does an invalid spec",
        InvalidSession(Reason.INVALID_SPEC, "no"),
        FailureClass.TERMINAL,
        False,
        math.inf,
        math.inf,
    ),
    (
        "an API server that is away",
        ClusterUnavailable(Reason.CLUSTER_UNAVAILABLE, "away"),
        FailureClass.SOON,
        False,
        0.1,
        1,
    ),
]


@pytest.mark.parametrize(
    ("error", "kind", "minting", "least", "most"), [row[1:] for row in WAITS], ids=[row[0] for row in WAITS]
)
def test_how_long_a_failure_waits(
    error: OperatorError,
    kind: FailureClass,
    minting: bool,  # noqa: FBT001 - a column
    least: float,
    most: float,
) -> None:
    """The class of an error decides, and whether the provider was asked."""
    failure = after(error)
    assert (failure.failure_class, failure.minting, failure.count) == (kind, minting, 1)
    assert (failure.reason, failure.message) == (error.reason, str(error))
    assert least <= failure.next_attempt - NOW <= most


def test_what_is_not_there_is_asked_for_again_while_it_may_be_rolled_out() -> None:
    """After seconds at first, so that a gateway's restart costs no more; in the end as seldom as what people must mend."""
    gone = ProviderRejected(Reason.PROVIDER_REJECTED, "404", failure_class=FailureClass.PEOPLE)
    failure, pauses = None, list[float]()
    for _ in range(9):
        failure = after(gone, failure)
        pauses.append(failure.next_attempt - NOW)
    for number, pause in enumerate(pauses[:5]):
        assert 5 * 2**number <= pause <= 15 * 2**number
    assert all(300 <= pause <= 900 for pause in pauses[6:])
    patient = ProviderRejected(
        Reason.PROVIDER_REJECTED, "404", failure_class=FailureClass.PEOPLE, retry_after=200
    )
    assert after(patient).next_attempt == NOW + 200


@pytest.mark.parametrize(
    "error",
    [
        ProviderRejected(Reason.PROVIDER_REJECTED, "no"),
        ProviderUnauthorized(Reason.PROVIDER_UNAUTHORIZED, "key"),
    ],
)
def test_what_was_refused_is_tried_once_more_after_a_restart(error: ProviderError) -> None:
    """Within a minute, each session at another moment, and never twice within a minute of the attempt before."""
    refused = after(error)
    tried = [
        refused.after_a_restart(now=NOW + 100, uid=str(number)).next_attempt - NOW for number in range(200)
    ]
    assert 100 <= min(tried) < 102
    assert 158 < max(tried) <= 160
    assert len(set(tried)) == 200
    assert refused.after_a_restart(now=NOW + 1, uid=UID).next_attempt >= NOW + 60


def test_what_costs_the_provider_nothing_is_not_touched_by_a_restart() -> None:
    """A spec that cannot be sent, and what time mends anyway."""
    for error in (InvalidSession(Reason.INVALID_SPEC, "no"), DOWN):
        failure = after(error)
        assert failure.after_a_restart(now=NOW + 500, uid=UID) == failure


def test_a_foreign_secret_is_looked_at_ever_less_often() -> None:
    """At first the garbage collector may be on its way, later only a person can help; a look is never given up."""
    failure, pauses = None, []
    for _ in range(12):
        failure = after(SecretConflict(Reason.SECRET_CONFLICT, "taken"), failure)
        pauses.append(failure.next_attempt - NOW)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1.0, ALWAYS_AGAIN_S)


def test_a_refusal_that_time_may_mend() -> None:
    """A deployment made just now is asked for again for some minutes, ever less often."""
    failure, pauses = None, []
    refused = ProviderRejected(
        Reason.PROVIDER_REJECTED, "no such deployment", failure_class=FailureClass.SOON, retry_after=15
    )
    for _ in range(8):
        failure = after(refused, failure)
        pauses.append(failure.next_attempt - NOW)
    assert pauses == [15, 20, 40, 80, 160, 300, 300, 300]


def test_a_row_of_failures_counts() -> None:
    """Failures in a row count up; a new spec begins a new row."""
    row = after(DOWN, after(DOWN, after(DOWN)))
    assert row.count == 3
    assert after(DOWN, row, generation=2).count == 1


def test_what_a_failure_holds_back() -> None:
    """The same spec and the same wish wait for the next attempt; another spec or another wish do not."""
    failure = after(DOWN)
    assert failure.holds_back(now=NOW, generation=1, rotate="1")
    assert not failure.holds_back(now=failure.next_attempt, generation=1, rotate="1")
    assert not failure.holds_back(now=NOW, generation=2, rotate="1")
    assert not failure.holds_back(now=NOW, generation=1, rotate="2")
    cluster = after(ClusterUnavailable(Reason.CLUSTER_UNAVAILABLE, "away"))
    assert not cluster.holds_back(now=NOW, generation=1, rotate="1")

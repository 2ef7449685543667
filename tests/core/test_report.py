"""What people see: conditions by the rules of kstatus, their times, their changes, and what is news."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.api.session import Propagation, RealtimeSessionStatus
from realtime_operator.core.delivery import Delivery, Trouble
from realtime_operator.core.errors import FailureClass
from realtime_operator.core.failure import Failure
from realtime_operator.core.reasons import Reason
from realtime_operator.core.report import Facts, changed_fields, news, status_document
from realtime_operator.core.schedule import lead_for
from tests.support.builders import NOW, TOKEN, a_holding, a_token

AGAIN = Failure(
    1, "ProviderUnavailable", "It is away.", FailureClass.SOON, NOW, NOW + 2.5, 1, "", minting=True
)
PEOPLE = replace(
    AGAIN, reason="ProviderUnauthorized", message="Mend the key.", failure_class=FailureClass.PEOPLE
)
AUTHOR = replace(
    AGAIN,
    reason="ProviderRejected",
    message="Correct it.",
    failure_class=FailureClass.TERMINAL,
    next_attempt=float("inf"),
)
HEALTHY = Facts(
    now=NOW,
    generation=1,
    suspended=False,
    provider=("RealtimeProvider", "default"),
    secret_name="concierge",
    secret_uid="u",
    holding=a_holding(),
    expired=False,
    current=True,
    rotation_at=NOW + 400.7,
    lead=lead_for(lifetime=600, propagation=Propagation.KUBELET, clock_uncertainty=1),
    rotations=3,
    failure=None,
)
NOTHING: dict[str, Any] = {
    "holding": None,
    "expired": True,
    "current": False,
    "secret_uid": None,
    "rotation_at": None,
    "lead": None,
}
OF_BEFORE: dict[str, Any] = {"current": False, "generation": 2}


@dataclass(frozen=True)
class Case:
    """Facts, and type, status and reason of each condition that follows."""

    says: str
    so: dict[str, Any]
    then: tuple[str, ...]


CASES = [
    Case(
        "all is well",
        {},
        (
            "Ready=True Issued",
            "RotationHealthy=True Rotating",
            "Delivered=True WithinPropagation",
        ),
    ),
    Case(
        "nothing yet",
        NOTHING,
        (
            "Ready=False Minting",
            "Reconciling=True Minting",
        ),
    ),
    Case(
        "nothing yet, and it fails",
        NOTHING | {"failure": AGAIN},
        (
            "Ready=False ProviderUnavailable",
            "Reconciling=True Retrying",
        ),
    ),
    Case(
        "nothing yet, and people must act",
        NOTHING | {"failure": PEOPLE},
        (
            "Ready=False ProviderUnauthorized",
            "Stalled=True ProviderUnauthorized",
        ),
    ),
    Case(
        "nothing yet, and the author must act",
        NOTHING | {"failure": AUTHOR},
        (
            "Ready=False ProviderRejected",
            "Stalled=True ProviderRejected",
        ),
    ),
    Case("nothing, and suspended", NOTHING | {"suspended": True}, ("Ready=False Suspended",)),
    Case(
        "rotations fail",
        {"failure": AGAIN},
        (
            "Ready=True Issued",
            "RotationHealthy=False ProviderUnavailable",
            "Delivered=True WithinPropagation",
        ),
    ),
    Case(
        "rotations fail until people act",
        {"failure": PEOPLE},
        (
            "Ready=True Issued",
            "RotationHealthy=False ProviderUnauthorized",
            "Delivered=True WithinPropagation",
        ),
    ),
    Case(
        "expired",
        {"expired": True},
        (
            "Ready=False Expired",
            "Reconciling=True Minting",
            "Delivered=False Expired",
        ),
    ),
    Case(
        "expired, and it fails",
        {"expired": True, "failure": AGAIN},
        (
            "Ready=False Expired",
            "Reconciling=True Retrying",
            "Delivered=False Expired",
        ),
    ),
    Case(
        "expired, and people must act",
        {"expired": True, "failure": PEOPLE},
        (
            "Ready=False Expired",
            "Stalled=True ProviderUnauthorized",
            "Delivered=False Expired",
        ),
    ),
    Case(
        "suspended",
        {"suspended": True},
        (
            "Ready=True Issued",
            "RotationHealthy=Unknown Suspended",
            "Delivered=True WithinPropagation",
        ),
    ),
    Case(
        "suspended, and expired",
        {"suspended": True, "expired": True},
        (
            "Ready=False Suspended",
            "Delivered=False Expired",
        ),
    ),
    Case(
        "a new spec, not minted for yet",
        OF_BEFORE,
        (
            "Ready=False Minting",
            "Reconciling=True Minting",
            "RotationHealthy=True Rotating",
            "Delivered=True WithinPropagation",
        ),
    ),
    Case(
        "a new spec that is refused",
        OF_BEFORE | {"failure": AUTHOR},
        (
            "Ready=False ProviderRejected",
            "Stalled=True ProviderRejected",
            "RotationHealthy=False ProviderRejected",
            "Delivered=True WithinPropagation",
        ),
    ),
    Case(
        "a life that is too short",
        {"lead": lead_for(lifetime=60, propagation=Propagation.KUBELET, clock_uncertainty=1)},
        (
            "Ready=True Issued",
            "RotationHealthy=True Rotating",
            "Delivered=False LifetimeTooShort",
        ),
    ),
    Case(
        "pods that may not be told, so that the kubelet's pace is too slow",
        {
            "lead": lead_for(lifetime=60, propagation=Propagation.KUBELET, clock_uncertainty=1),
            "delivery": Delivery(2, 0, None, Trouble(Reason.PODS_FORBIDDEN, "RBAC does not let it.")),
        },
        (
            "Ready=True Issued",
            "RotationHealthy=True Rotating",
            "Delivered=False PodsForbidden",
        ),
    ),
]


def said(document: dict[str, Any]) -> tuple[str, ...]:
    """The conditions in short."""
    return tuple(f"{c['type']}={c['status']} {c['reason']}" for c in document["conditions"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_conditions(case: Case) -> None:
    """Ready answers one question; Reconciling and Stalled are there only while it is not true, and never together."""
    assert said(status_document(replace(HEALTHY, **case.so), {})) == case.then


def test_the_document() -> None:
    """It holds what people look for, and of the token nothing but the first digits of its hash."""
    document = status_document(HEALTHY, {})
    assert {name: value for name, value in document.items() if name != "conditions"} == {
        "observedGeneration": 1,
        "rotations": 3,
        "failures": {"count": 0, "lastReason": ""},
        "providerRef": {"kind": "RealtimeProvider", "name": "default"},
        "secretRef": {"name": "concierge", "uid": "u"},
        "tokenID": a_holding().token.token_id,
        "issuedTime": "2025-11-24T16:00:00Z",
        "expirationTime": "2025-11-24T16:10:00Z",
        "rotationTime": "2025-11-24T16:06:40Z",
    }
    assert TOKEN not in str(document)
    assert RealtimeSessionStatus.model_validate(document).to_api() == document


@pytest.mark.parametrize(("failure", "next_time"), [(AGAIN, "2025-11-24T16:00:02Z"), (AUTHOR, None)])
def test_failures(failure: Failure, next_time: str | None) -> None:
    """A failure says when it is tried again, unless only a change of the spec helps."""
    failures = status_document(replace(HEALTHY, failure=failure), {})["failures"]
    assert failures == {
        "count": 1,
        "lastReason": failure.reason,
        "lastTime": "2025-11-24T16:00:00Z",
    } | ({"nextAttemptTime": next_time} if next_time else {})


def test_a_rotate_value_is_acknowledged() -> None:
    """The value that the Secret's token was minted for is shown."""
    facts = replace(HEALTHY, holding=a_holding(rotate="7"))
    assert status_document(facts, {})["lastHandledRotate"] == "7"


def test_times_change_with_the_status_alone() -> None:
    """Another reason or message moves no time; another status does; what is new begins now."""
    first = status_document(HEALTHY, {})
    failing = status_document(replace(HEALTHY, now=NOW + 60, failure=AGAIN), first)
    other = status_document(replace(HEALTHY, now=NOW + 90, failure=PEOPLE), failing)
    assert [c["lastTransitionTime"] for c in failing["conditions"]] == [
        "2025-11-24T16:00:00Z",
        "2025-11-24T16:01:00Z",
        "2025-11-24T16:00:00Z",
    ]
    assert [c["lastTransitionTime"] for c in other["conditions"]] == [
        c["lastTransitionTime"] for c in failing["conditions"]
    ]


def test_a_plain_rotation_changes_few_fields_and_no_condition() -> None:
    """What is written for a rotation is the token's own, so the write stays small."""
    before = status_document(HEALTHY, {})
    later = a_holding(a_token("ek_2", issued_at=NOW + 400))
    after = status_document(
        replace(HEALTHY, now=NOW + 400, holding=later, rotation_at=NOW + 800, rotations=4), before
    )
    assert changed_fields(before, after).keys() == {
        "tokenID",
        "issuedTime",
        "expirationTime",
        "rotationTime",
        "rotations",
    }
    assert list(news(before, after)) == []


documents = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2) | st.just({"x": 1}), max_size=4)


@given(documents, documents)
def test_changes_lead_from_one_status_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Applied field by field, None removing, they give exactly the later status; the same status has none."""
    changes = changed_fields(before, after)
    applied = {name: value for name, value in (before | changes).items() if value is not None}
    assert applied == after
    assert changed_fields(after, after) == {}


def told(before: Facts | None, after: Facts) -> list[tuple[bool, str]]:
    """What is news when the facts change."""
    old = status_document(before, {}) if before is not None else {}
    return [(bad, str(reason)) for bad, reason, _ in news(old, status_document(after, old))]


def test_news() -> None:
    """People hear of what starts and ends to be wrong, once; not of rotations, nor of what is expected."""
    failing, rejected = replace(HEALTHY, failure=AGAIN), replace(HEALTHY, failure=PEOPLE)
    nothing = replace(HEALTHY, **NOTHING)
    assert told(None, nothing) == []
    assert told(nothing, HEALTHY) == [(False, "Issued")]
    assert told(HEALTHY, HEALTHY) == []
    assert told(HEALTHY, failing) == [(True, "ProviderUnavailable")]
    assert told(failing, replace(failing, failure=replace(AGAIN, count=2, message="Still away."))) == []
    assert told(failing, rejected) == [(True, "ProviderUnauthorized")]
    assert told(failing, HEALTHY) == [(False, "Rotating")]
    assert told(HEALTHY, replace(HEALTHY, expired=True)) == [(True, "Expired"), (True, "Expired")]
    assert told(HEALTHY, replace(HEALTHY, expired=True, suspended=True)) == [(True, "Expired")]
    assert told(nothing, replace(nothing, failure=PEOPLE)) == [(True, "ProviderUnauthorized")]
    shed = replace(HEALTHY, expired=True, failure=replace(AGAIN, reason="CapacityExceeded"))
    assert told(shed, HEALTHY) == []


facts = st.builds(
    replace,
    st.just(HEALTHY),
    suspended=st.booleans(),
    holding=st.none() | st.just(a_holding()),
    expired=st.booleans(),
    current=st.booleans(),
    failure=st.sampled_from([None, AGAIN, PEOPLE, AUTHOR]),
)


@given(facts)
def test_the_rules_of_kstatus(any_facts: Facts) -> None:
    """Whatever is known: one Ready, at most one of Reconciling and Stalled, and neither while Ready is true."""
    kinds = {c["type"]: c["status"] for c in status_document(any_facts, {})["conditions"]}
    assert "Ready" in kinds
    assert len(kinds) == len(status_document(any_facts, {})["conditions"])
    assert not {"Reconciling", "Stalled"} <= kinds.keys()
    if kinds["Ready"] == "True":
        assert not {"Reconciling", "Stalled"} & kinds.keys()
    assert {kinds.get("Reconciling", "True"), kinds.get("Stalled", "True")} == {"True"}
    RealtimeSessionStatus.model_validate(status_document(any_facts, {}))

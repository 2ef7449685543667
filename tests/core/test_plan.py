"""Whether to mint, to restore, to wait or to keep: every reason to mint, and each reason not to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.errors import FailureClass
from realtime_operator.core.failure import Failure
from realtime_operator.core.plan import Plan, Situation, plan
from realtime_operator.core.reasons import MintReason
from tests.support.builders import NOW, a_holding, a_token

FAILURE = Failure(
    count=3,
    reason="ProviderUnavailable",
    message="away",
    failure_class=FailureClass.SOON,
    at=NOW - 1,
    next_attempt=NOW + 5,
    generation=1,
    rotate="",
    minting=True,
)
HELD = a_holding(request_hash="h")
KEEPING = Situation(
    now=NOW + 10,
    horizon=NOW + 11,
    provider_now=NOW + 10.5,
    generation=1,
    suspended=False,
    request_hash="h",
    rotate="",
    secret_exists=True,
    intact=True,
    holding=HELD,
    due_at=NOW + 400,
    failure=None,
)
BACK_OFF = {"failure": replace(FAILURE, next_attempt=NOW + 15)}
DUE = {"now": NOW + 400, "horizon": NOW + 400, "provider_now": NOW + 401}
DEAD = {"now": NOW + 600, "horizon": NOW + 601, "provider_now": NOW + 600, "due_at": NOW + 400}


@dataclass(frozen=True)
class Case:
    """What is so, beside a healthy token that is not due, and what follows."""

    says: str
    so: dict[str, Any]
    then: Plan


CASES = [
    Case("a healthy token is kept", {}, Plan()),
    Case("after a restart, a re-list or another leader nothing differs", {"failure": None}, Plan()),
    Case(
        "there is no Secret and nothing in memory",
        {"holding": None, "due_at": None, "secret_exists": False, "intact": False},
        Plan(mint=MintReason.SECRET_MISSING),
    ),
    Case(
        "the Secret holds nothing that could be trusted",
        {"holding": None, "due_at": None, "intact": False},
        Plan(mint=MintReason.SECRET_INCOMPLETE),
    ),
    Case("the request changed", {"request_hash": "other"}, Plan(mint=MintReason.REQUEST_CHANGED)),
    Case("the rotation is due", DUE, Plan(mint=MintReason.ROTATION_DUE)),
    Case("it is due within the tick", {"horizon": NOW + 400}, Plan(mint=MintReason.ROTATION_DUE)),
    Case("it is due just after the tick", {"horizon": NOW + 399.999}, Plan()),
    Case("the rotation time is not known", {"due_at": None}, Plan()),
    Case("the token expired", DEAD, Plan(mint=MintReason.EXPIRED)),
    Case("the token works for another moment", DEAD | {"provider_now": NOW + 599.99, "due_at": None}, Plan()),
    Case("a person asks", {"rotate": "1"}, Plan(mint=MintReason.ROTATE_REQUESTED)),
    Case("what the person asked for was done", {"rotate": "1", "holding": replace(HELD, rotate="1")}, Plan()),
    Case("the wish was taken back", {"holding": replace(HELD, rotate="1")}, Plan()),
    Case("only the generation changed", {"generation": 2}, Plan()),
    Case("the Secret was edited", {"intact": False}, Plan(restore=True)),
    Case("the Secret was deleted", {"intact": False, "secret_exists": False}, Plan(restore=True)),
    Case(
        "the Secret was edited and the token is due",
        DUE | {"intact": False},
        Plan(restore=True, mint=MintReason.ROTATION_DUE),
    ),
    Case("a dead token is not restored", DEAD | {"intact": False}, Plan(mint=MintReason.EXPIRED)),
    Case("suspended, and due", DUE | {"suspended": True}, Plan()),
    Case("suspended, and a person asks", {"suspended": True, "rotate": "1"}, Plan()),
    Case("suspended, and the request changed", {"suspended": True, "request_hash": "x"}, Plan()),
    Case("suspended, and expired", DEAD | {"suspended": True}, Plan()),
    Case(
        "suspended, and nothing there", {"suspended": True, "holding": None, "secret_exists": False}, Plan()
    ),
    Case("suspended, and edited", {"suspended": True, "intact": False}, Plan(restore=True)),
    Case(
        "due, and the last attempt failed just now", {**BACK_OFF, "horizon": NOW + 400}, Plan(held_back=True)
    ),
    Case(
        "edited while it waits",
        {**BACK_OFF, "horizon": NOW + 400, "intact": False},
        Plan(restore=True, held_back=True),
    ),
    Case("a failure, but nothing to mint for any more", BACK_OFF, Plan()),
    Case(
        "the back-off is over",
        DUE | {"failure": replace(FAILURE, next_attempt=NOW + 400)},
        Plan(mint=MintReason.ROTATION_DUE),
    ),
    Case(
        "a new spec does not wait for the failure of the one before",
        {**BACK_OFF, "generation": 2, "request_hash": "x"},
        Plan(mint=MintReason.REQUEST_CHANGED),
    ),
    Case(
        "a new wish does not wait either",
        {**BACK_OFF, "rotate": "1"},
        Plan(mint=MintReason.ROTATE_REQUESTED),
    ),
    Case(
        "a failure that did not reach the provider holds no mint back",
        {"failure": replace(FAILURE, next_attempt=NOW + 15, minting=False), "horizon": NOW + 400},
        Plan(mint=MintReason.ROTATION_DUE),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_what_follows(case: Case) -> None:
    """The order of the questions is the policy."""
    assert plan(replace(KEEPING, **case.so)) == case.then


def test_every_reason_to_mint_has_its_case() -> None:
    """No reason stands in the list without a case above."""
    assert {case.then.mint for case in CASES} == {None, *MintReason}


situations = st.builds(
    Situation,
    now=st.floats(NOW, NOW + 700),
    horizon=st.floats(NOW, NOW + 700),
    provider_now=st.floats(NOW, NOW + 700),
    generation=st.integers(1, 3),
    suspended=st.booleans(),
    request_hash=st.sampled_from(["h", "x"]),
    rotate=st.sampled_from(["", "1", "2"]),
    secret_exists=st.booleans(),
    intact=st.booleans(),
    holding=st.none()
    | st.builds(a_holding, st.just(a_token()), request_hash=st.sampled_from(["h", "x"]), rotate=st.sampled_from(["", "1"])),
    due_at=st.none() | st.floats(NOW, NOW + 600),
    failure=st.none()
    | st.builds(replace, st.just(FAILURE), next_attempt=st.floats(NOW, NOW + 900), minting=st.booleans()),
)  # fmt: skip


@given(situations)
def test_what_no_situation_leads_to(situation: Situation) -> None:
    """Suspended never mints, a live token of the same request that nobody asked about is never replaced before it is due."""
    decision = plan(situation)
    assert not (situation.suspended and (decision.mint or decision.held_back))
    assert not (decision.mint and decision.held_back)
    assert plan(situation) == decision
    holding = situation.holding
    alive = holding is not None and holding.token.expires_at > situation.provider_now
    assert decision.restore == (alive and not situation.intact)
    wanted = holding is not None and (
        holding.request_hash != situation.request_hash or situation.rotate not in ("", holding.rotate)
    )
    due = situation.due_at is not None and situation.due_at <= situation.horizon
    if alive and not wanted and not due:
        assert decision.mint is None
        assert not decision.held_back

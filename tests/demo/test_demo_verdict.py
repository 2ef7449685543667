"""The verdict: what is as it should be passes, and each thing that is not has its sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from demo.samples import Sample, samples
from demo.sessions import SessionState, session_state
from demo.settings import ProviderChoice
from demo.verdict import Outcome, judge
from observer import Figures, SessionRow

DOORBELL = Sample("doorbell", lifetime=10, propagation="None")
MISSPELLED = Sample("misspelled", lifetime=600, propagation="Kubelet", refusal="ProviderRejected")
SAMPLES = [DOORBELL, MISSPELLED]
BEGAN, SECONDS = 1_000_000.0, 60.0

GOOD = Figures(
    sessions=2,
    observations=14,
    rotations=13,
    expired_seconds=0.0,
    missing_seconds=0.0,
    excused_seconds=0.0,
    fresh_again_at=None,
    unfresh=0,
    torn=0,
    mints=14,
    undue_mints=0,
    orphan_mints=0,
    cut_short_mints=0,
    unanswered_mints=0,
    unjudged_mints=0,
    life_used_mean=0.5,
    lateness_p50_s=0.0,
    lateness_p99_s=0.0,
    lateness_max_s=0.0,
)
READY = SessionState("doorbell", ready="True", stalled=False, reason="Issued", message="", lead=5.0)
REFUSED = SessionState(
    "misspelled", ready="False", stalled=True, reason="ProviderRejected", message="", lead=None
)


def row(name: str, *, rotations: int = 0, first_token_at: float | None = None) -> SessionRow:
    """A session as the observer saw it."""
    return SessionRow(
        namespace="demo",
        name=name,
        first_token_at=first_token_at,
        issued_at=None,
        expires_at=None,
        rotations=rotations,
        expired_seconds=0.0,
        missing_seconds=0.0,
    )


ROWS = [row("doorbell", rotations=13, first_token_at=BEGAN + 1), row("misspelled")]


def outcome(**changes: Any) -> Outcome:
    """What was seen when all is as it should be, but for the changes."""
    good = Outcome(
        figures=GOOD,
        rows=ROWS,
        states={"doorbell": READY, "misspelled": REFUSED},
        ended_at=BEGAN + SECONDS,
    )
    return replace(good, **changes)


def test_all_as_it_should_be() -> None:
    """Nothing to complain of: exit code 0, and exactly the keys that are promised, in their order."""
    verdict = judge(SAMPLES, outcome())
    assert (verdict.exit_code, verdict.complaints) == (0, [])
    assert verdict.line == (
        '{"sessions":2,"expected_ready":1,"ready":1,"mints":14,"rotations":13,"expired_seconds":0.0,'
        '"missing_seconds":0.0,"undue_mints":0,"observations":14}'
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"figures": replace(GOOD, expired_seconds=0.25)}, "tokens were expired for 0.250 s"),
        ({"figures": replace(GOOD, missing_seconds=1.5)}, "tokens were missing for 1.500 s"),
        ({"figures": replace(GOOD, undue_mints=3)}, "3 mints were not due"),
        ({"figures": replace(GOOD, orphan_mints=1)}, "1 mints never reached a Secret"),
        ({"figures": replace(GOOD, torn=2)}, "2 Secrets contradicted"),
        ({"figures": replace(GOOD, observations=0)}, "never saw a Secret"),
        ({"figures": None}, "the observer saw nothing"),
        ({"troubles": ["the operator ended by itself with code 1"]}, "ended by itself"),
        ({"findings": ["undue mint: demo/doorbell"]}, "undue mint: demo/doorbell"),
        (
            {"states": {"doorbell": replace(READY, ready="False", reason="Expired"), "misspelled": REFUSED}},
            "doorbell is not ready: Expired",
        ),
        ({"states": {"misspelled": REFUSED}}, "doorbell: the session was never seen"),
        ({"rows": [row("doorbell")]}, "no Secret of it was ever seen with a token"),
        (
            {"rows": [row("doorbell", rotations=9, first_token_at=BEGAN + 1)]},
            "doorbell was rotated 9 times in 59 s: with 10 s of life it should have been 10 times at least",
        ),
        ({"states": {"doorbell": READY}}, "misspelled: the session was never seen"),
        (
            {"states": {"doorbell": READY, "misspelled": replace(REFUSED, stalled=False)}},
            "misspelled should be Stalled with reason ProviderRejected",
        ),
        (
            {"states": {"doorbell": READY, "misspelled": replace(REFUSED, reason="ProviderNotFound")}},
            "it says Ready=False, Stalled=True, ProviderNotFound",
        ),
        (
            {"rows": [ROWS[0], row("misspelled", first_token_at=BEGAN)]},
            "misspelled got a token, although the provider refuses it",
        ),
    ],
)
def test_each_thing_that_is_wrong_is_said(changes: dict[str, Any], sentence: str) -> None:
    """One thing wrong is one sentence, and exit code 1."""
    verdict = judge(SAMPLES, outcome(**changes))
    assert verdict.exit_code == 1
    assert [sentence in complaint for complaint in verdict.complaints] == [True]


def test_figures_of_a_demo_that_did_not_start_are_zeros() -> None:
    """The line is printed whatever happens, with the same keys."""
    verdict = judge(SAMPLES, Outcome(troubles=["etcd could not be built"]))
    assert verdict.complaints == ["etcd could not be built"]
    assert set(json.loads(verdict.line).values()) == {0, 1}
    assert list(json.loads(verdict.line)) == list(json.loads(judge(SAMPLES, outcome()).line))


def test_a_live_provider_has_no_ledger_so_tokens_seen_are_its_mints() -> None:
    """First tokens and rotations add up."""
    verdict = judge(SAMPLES, outcome(figures=replace(GOOD, mints=0), has_ledger=False))
    assert json.loads(verdict.line)["mints"] == 14


@pytest.mark.parametrize(
    ("lifetime", "propagation", "seconds", "rotations"),
    [
        (10, "None", 60, 10),  # 5 s are left when it is rotated: every 5.5 s at the latest
        (10, "None", 5, 0),
        (60, "None", 60, 1),  # 20 s are left
        (60, "None", 40, 0),
        (600, "Kubelet", 60, 0),
        (600, "Kubelet", 401, 1),  # 200 s are left
        (10, "None", -1, 0),
    ],
)
def test_least_rotations(lifetime: float, propagation: str, seconds: float, rotations: int) -> None:
    """The arithmetic of the rule, with half a second of slack for each rotation."""
    assert Sample("it", lifetime, propagation).least_rotations(seconds) == rotations


def test_what_is_expected_of_the_samples() -> None:
    """Four of five get ready with the stand-in; the live API has retired the endpoint of one of them."""
    stand_in, live = samples(ProviderChoice.STAND_IN), samples(ProviderChoice.OPENAI)
    assert [sample.name for sample in stand_in if sample.refusal] == ["misspelled"]
    assert [sample.refusal for sample in live if sample.refusal] == ["EndpointRetired", "ProviderRejected"]
    assert [(sample.lifetime, sample.propagation) for sample in stand_in if not sample.refusal] == [
        (600, "Kubelet"),
        (60, "None"),
        (10, "None"),
        (60, "None"),
    ]


def condition(kind: str, status: str, reason: str) -> dict[str, str]:
    """A condition as the API shows it."""
    return {"type": kind, "status": status, "reason": reason, "message": f"Because {reason}."}


def test_a_session_whose_rotation_fails_says_why() -> None:
    """The last reason is that of the failing rotation while the token still lives."""
    status = {
        "conditions": [
            condition("Ready", "True", "Issued"),
            condition("RotationHealthy", "False", "ProviderUnavailable"),
        ],
        "rotationTime": "2026-01-01T00:00:40Z",
        "expirationTime": "2026-01-01T00:01:00Z",
    }
    assert session_state({"metadata": {"name": "it"}, "status": status}) == SessionState(
        name="it",
        ready="True",
        stalled=False,
        reason="ProviderUnavailable",
        message="Because ProviderUnavailable.",
        lead=20.0,
    )


def test_a_session_that_nobody_has_seen_to_yet_is_pending() -> None:
    """An object without status is no error."""
    state = session_state({"metadata": {"name": "it"}})
    assert (state.ready, state.stalled, state.reason, state.lead) == ("Unknown", False, "Pending", None)

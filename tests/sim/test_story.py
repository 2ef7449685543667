"""The sound operator keeps its promise among faults; one with a bug is found out by the same story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from realtime_operator.ports import Reconcile
from realtime_operator.seams import Seams
from realtime_operator.secret_watch_ports import SecretFeed
from sim.faults import Kind
from sim.play import Scene, play
from tests.sim import sabotage

CALM = Scene(seed=1, sessions=20, hours=0.5, lifetime=60, kinds=frozenset())
OUTAGES = replace(CALM, kinds=frozenset({Kind.PROVIDER_503, Kind.PROVIDER_RESETS}))
ANYTHING = replace(CALM, kinds=frozenset(Kind))
LOSSES = replace(CALM, kinds=frozenset({Kind.SECRETS_LOST}), watches_secrets=True)


@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("watches_secrets", [False, True])
def test_the_sound_operator_keeps_its_promise(seed: int, *, watches_secrets: bool) -> None:
    """Among all kinds of faults, and people who change sessions, nothing happens that must not."""
    outcome = play(replace(ANYTHING, seed=seed, watches_secrets=watches_secrets))
    assert not outcome.violations
    assert outcome.faults > 5
    assert outcome.figures.rotations > 500


def test_the_same_seed_tells_the_same_story() -> None:
    """What was found can be found again; another seed tells another story."""
    first, again, other = play(ANYTHING), play(ANYTHING), play(replace(ANYTHING, seed=2))
    assert first.figures == again.figures
    assert first.writes == again.writes
    assert first.figures != other.figures


def test_who_watches_secrets_looks_at_none() -> None:
    """Without faults the story with a watch asks for no Secret, and is otherwise as the one without."""
    calm = replace(CALM, is_busy=False, lifetime=600)
    without, watching = play(calm), play(replace(calm, watches_secrets=True))
    assert without.looks > CALM.sessions
    assert (watching.looks, watching.violations) == (0, ())
    assert watching.figures.rotations == without.figures.rotations > 0


def test_what_somebody_takes_away_is_back_in_time() -> None:
    """Missing seconds are excused up to when a look, or a watch, must have found the loss."""
    for watches_secrets in (False, True):
        outcome = play(replace(LOSSES, watches_secrets=watches_secrets))
        assert not outcome.violations
        assert outcome.figures.excused_seconds > 0
        assert outcome.figures.missing_seconds == 0


def test_a_calm_day_has_nothing_to_excuse() -> None:
    """Without faults every rotation is one mint, one write of a Secret and one of a status."""
    outcome = play(replace(CALM, is_busy=False))
    figures = outcome.figures
    assert not outcome.violations
    assert (outcome.excused_seconds, outcome.refused, figures.unjudged_mints) == (0, 0, 0)
    assert outcome.writes["replace"] == figures.rotations == figures.mints - CALM.sessions
    assert outcome.writes["status"] <= figures.mints + 2 * CALM.sessions


@pytest.mark.parametrize(
    ("planted", "scene", "told"),
    [
        (sabotage.late_by_the_lead, CALM, "with an expired token"),
        (sabotage.back_off_beyond_expiry, OUTAGES, "with an expired token"),
        (sabotage.lost_wake_up, CALM, "with an expired token"),
        (sabotage.far_too_early, CALM, "undue mint"),
    ],
)
def test_a_planted_bug_is_found(planted: Callable[[Reconcile], Reconcile], scene: Scene, told: str) -> None:
    """The story that the sound operator passes finds the bug."""
    quiet = replace(scene, is_busy=False)
    assert not play(quiet).violations
    violations = play(quiet, seams=Seams(passes=planted)).violations
    assert any(told in violation for violation in violations), violations


@pytest.mark.parametrize("planted", [sabotage.vouches_for_the_deleted, sabotage.vouches_for_the_edited])
def test_a_watch_that_vouches_wrongly_is_found(planted: Callable[[SecretFeed], SecretFeed]) -> None:
    """Tokens that somebody took away come back too late."""
    violations = play(LOSSES, seams=Seams(secret_feed=planted)).violations
    assert any("without a token" in violation for violation in violations), violations

"""What is taken for a good end, and how it is reported."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from drill.leaks import Leak
from drill.outcome import Changes, Outcome
from drill.performance import Performance
from drill.proxy import Proxy
from drill.report import MEANINGS, Report
from drill.settings import Scenario, Settings

GOOD = Outcome(
    fault_s=20.0,
    exposure_minimum_s=0.0,
    expired_seconds=0.0,
    missing_seconds=0.0,
    undue_mints=0,
    orphan_mints=2,
    cut_short_mints=1,
    unjudged_mints=1,
    torn=0,
    unfresh=0,
    rotations=400,
    recovered_s=0.3,
    rotations_after=200,
    lateness_after_p99_s=0.1,
    overdue=0,
    is_same_process=True,
    changes=Changes(born_s=3.0, deleted_s=0.5, ghost_mints=1),
)


def performed(leaks: list[Leak] | None, **outcomes: Outcome) -> Performance:
    """A drill in which this came out."""
    performance = Performance(Settings(), Proxy(), str)
    performance.outcomes = {Scenario(name): outcome for name, outcome in outcomes.items()}
    performance.leaks = leaks
    return performance


def test_a_good_scenario_is_good() -> None:
    """Orphans, mints for the deleted session and what could not be judged are counted, not judged."""
    assert GOOD.ok
    assert GOOD.failings() == []


@pytest.mark.parametrize(
    "change",
    [
        {"expired_seconds": 1.0},
        {"missing_seconds": 0.1},
        {"undue_mints": 1},
        {"torn": 1},
        {"unfresh": 1},
        {"overdue": 1},
        {"is_same_process": False},
        {"recovered_s": None},
        {"rotations_after": 0, "lateness_after_p99_s": None},
        {"lateness_after_p99_s": None},
        {"lateness_after_p99_s": 1.5},
        {"changes": Changes(born_s=None, deleted_s=0.5, ghost_mints=0)},
        {"changes": Changes(born_s=3.0, deleted_s=None, ghost_mints=0)},
        {"changes": Changes(born_s=40.5, deleted_s=0.5, ghost_mints=0)},
        {"changes": Changes(born_s=3.0, deleted_s=50.5, ghost_mints=0)},
    ],
    ids=str,
)
def test_one_thing_amiss_makes_a_scenario_bad(change: dict[str, Any]) -> None:
    """Each is said in one sentence, and makes the whole drill fail."""
    bad = replace(GOOD, **change)
    assert len(bad.failings()) == 1
    assert bad.as_dict()["ok"] is False
    report = Report(Settings(scenarios=(Scenario.KILL,)), performed([], kill=bad))
    assert not report.ok
    assert bad.failings()[0] in next(report.remarks())


def test_the_line_has_every_scenario_and_the_leaks() -> None:
    """Figures that a scenario does not have are left out of the line and a dash in the table."""
    killed = replace(GOOD, is_same_process=None, changes=None)
    report = Report(Settings(scenarios=(Scenario.KILL,)), performed([], kill=killed))
    line = json.loads(report.line())
    assert (line["ok"], line["leaks"]) == (True, 0)
    assert (
        line["scenarios"]["kill"].items() >= {"expired_seconds": 0.0, "orphan_mints": 2, "ok": True}.items()
    )
    assert "born_s" not in line["scenarios"]["kill"]
    assert set(MEANINGS) == set(GOOD.as_dict())
    assert [row.split()[0] for row in report.table().splitlines()[1:]] == list(MEANINGS)


@pytest.mark.parametrize(
    ("leaks", "outcomes", "trouble"),
    [
        ([Leak("log operator-1.log", "token", 2)], {"kill": GOOD}, ""),
        (None, {"kill": GOOD}, ""),
        ([], {}, ""),
        ([], {"kill": GOOD}, "RunError"),
    ],
    ids=["a leak", "nobody looked", "not played", "ended early"],
)
def test_what_is_not_known_to_be_good_is_not_good(
    leaks: list[Leak] | None, outcomes: dict[str, Outcome], trouble: str
) -> None:
    """A leak, a search that never was, a scenario that is missing, an early end: each makes it fail."""
    report = Report(Settings(scenarios=(Scenario.KILL,)), performed(leaks, **outcomes), trouble)
    assert not report.ok
    line = json.loads(report.line())
    assert line["ok"] is False
    assert line["leaks"] == (None if leaks is None else sum(leak.times for leak in leaks))

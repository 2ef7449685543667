"""From what was measured to what is reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.broken import Broken
from bench.churn import Churned
from bench.figures import MEANINGS, Seen, figures_of, remarks_on
from bench.lasting import Soaked
from bench.ledger import mints_between
from bench.meters import OPERATOR, Usage
from bench.report import Report
from bench.run import Window
from bench.settings import Scenario, Settings
from bench.testimony import Evidence

CPU = {OPERATOR: 1.5, "kube-apiserver": 5.0, "etcd": 1.0, "provider": 0.3, "bench": 2.0}
TOLD = {"expired_seconds": 0.0, "missing_seconds": 0.0, "undue_mints": 0, "orphan_mints": 0, "torn": 0}


def evidence(**figures: Any) -> Evidence:
    """What a witness saw of a hundred sessions, each ready a quarter of a second after it was asked for."""
    first = {f"s-{index}": index + 0.01 * index for index in range(100)}
    return Evidence(0.0, TOLD | {"mints": 1300} | figures, [], first)


def seen(**changes: Any) -> Seen:
    """A run of 40 s with a thousand rotations, the processor half used by the bench."""
    told = evidence()
    usual: dict[str, Any] = {
        "created": {f"s-{index}": float(index) for index in range(100)},
        "ready": evidence(),
        "during": told,
        "window": Window(Usage(40.0, CPU, 12.0), {"PATCH secrets": 1000.0, "GET secrets": 9.0}),
        "idle_percent": 0.4,
        "memory_mib": 51.0,
        "peak_mib": 53.5,
        "rotations": 1000,
        "extra": {"needed_per_s": 25.5, "unevenness": 0.02, "mints": 1200},
    }
    return Seen(**usual | changes)


def test_every_figure_is_reported_by_name() -> None:
    """Costs are per rotation, in milliseconds; waits are from creation to token; what there is not is None."""
    figures = figures_of(seen())
    assert list(figures) == list(MEANINGS)
    assert figures["ready_p50_s"] == pytest.approx(0.49)
    assert figures["ready_p99_s"] == pytest.approx(0.98)
    assert figures["rotations_per_s"] == 25
    assert figures["cpu_ms_per_rotation"] == 1.5
    assert figures["cpu_ms_per_mint"] == 1.25
    assert figures["apiserver_cpu_ms_per_rotation"] == 5
    assert figures["api_writes_per_rotation"] == 1
    assert figures["others_cpu_percent"] == pytest.approx(5.5)
    assert figures["recovered_s"] is None


def test_a_good_run_needs_no_remark() -> None:
    """2 % fewer rotations than planned are within the 3 %."""
    run = seen()
    assert remarks_on(figures_of(run), run, is_even=True) == []


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"extra": {"needed_per_s": 26.0, "mints": 1}}, "not within 3 %"),
        ({"extra": {"needed_per_s": 24.0, "mints": 1}}, "not within 3 %"),
        ({"extra": {"unevenness": 0.3, "mints": 1}}, "not spread evenly"),
        ({"window": Window(Usage(40.0, CPU, 19.0), {})}, "not quiet"),
        ({"ready": evidence(expired_seconds=0.5)}, "before the window: expired_seconds 0.5"),
        ({"during": evidence(torn=2)}, "2 Secrets contradicted"),
    ],
)
def test_what_spoils_a_run_is_said(changes: dict[str, Any], remark: str) -> None:
    """Each condition of a fair figure that does not hold has its sentence."""
    run = seen(**changes)
    (said,) = remarks_on(figures_of(run), run, is_even=True)
    assert remark in said


def test_what_was_broken_is_judged_by_the_witness_and_the_ledger(tmp_path: Path) -> None:
    """Recovery counts from the return; while anything is unfresh there is none; a restart has a first mint and a first rotation."""
    ledger = tmp_path / "ledger"
    ledger.write_text('{"issued_at":90.0,"model":"s"}\n{"issued_at":103.5,"model":"s"}\n{"issued')
    told: dict[str, Any] = {"expired_seconds": 33.0, "fresh_again_at": 102.5, "unfresh": 0}
    outage = Broken(40.0, 100.0, 30.0, 33.0, refused=4).figures(evidence(**told), [], ledger)
    assert outage == {
        "exposure_minimum_s": 30.0,
        "exposure_over_minimum": pytest.approx(1.1),
        "exposure_over_minimum_in_turns": pytest.approx(1.0),
        "recovered_s": 2.5,
        "refused_mints": 4,
        "first_mint_s": None,
        "first_rotation_s": None,
    }
    lines = [{"at": at, "rotations": count} for at, count in ((90, 6), (99.5, 7), (100.5, 7), (104.0, 8))]
    still = Broken(90.0, 100.0, 0.0, 0.0).figures(evidence(**told | {"unfresh": 1}), lines, ledger)
    assert still["recovered_s"] is None
    never = Broken(90.0, 100.0, 0.0, 0.0).figures(evidence(**told | {"fresh_again_at": None}), lines, ledger)
    assert (never["recovered_s"], never["first_mint_s"], never["exposure_over_minimum"]) == (0, 3.5, None)
    assert never["first_rotation_s"] == 4.0


def test_the_curve_of_a_recovery_ends_when_all_is_well() -> None:
    """It begins a little before the outage and ends a little after the last session has a living token."""
    lines = [{"at": 30.0 + second, "unfresh": 9 if 60 <= 30 + second < 102 else 0} for second in range(100)]
    curve = Broken(40.0, 100.0, 0.0, 0.0, refused=1).details(lines)["unfresh_curve"]
    assert (curve[0], curve[-1]) == ((-65.0, 0), (6.0, 0))
    assert (1.0, 9) in curve


def test_what_came_and_changed_is_answered_by_tokens(tmp_path: Path) -> None:
    """A change counts from its request to a mint after it; who got none is counted too."""
    ledger = tmp_path / "ledger"
    mints = (("s-00050", 60.0), ("s-00050", 70.4), ("s-00050", 90.0), ("s-00099", 1.0))
    ledger.write_text("".join(f'{{"issued_at":{at},"model":"{name}"}}\n' for name, at in mints))
    churned = Churned({"s-3": 2.9, "s-x": 5.0}, {"s-00050": 70.0, "s-00099": 71.0}, ["s-0"])
    assert churned.figures(evidence(), [], ledger) == {
        "created_sessions": 2,
        "changed_sessions": 2,
        "deleted_sessions": 1,
        "new_ready_p99_s": pytest.approx(0.13),
        "changes_answered_p99_s": pytest.approx(0.4),
        "unanswered": 2,
    }


def test_memory_is_compared_over_the_second_half() -> None:
    """2 MiB on 50 are 4 %."""
    assert Soaked(50.0, 52.0).figures() == {
        "memory_half_mib": 50.0,
        "memory_growth_percent": pytest.approx(4),
    }


def test_a_list_of_numbers_is_kept_on_one_line(tmp_path: Path) -> None:
    """Distributions and curves do not fill the file; it is read as it was meant."""
    details = {"curve": [(-1.5, 0), (0.0, 12)], "said": ["a [b]  c"]}
    report = Report(Settings(results=tmp_path), runs=[{}], remarks=[[]], details=[details], conditions={})
    text = report.keep().read_text()
    assert "[-1.5, 0]" in text
    assert json.loads(text)["details"] == [{"curve": [[-1.5, 0], [0.0, 12]], "said": ["a [b]  c"]}]


def test_mints_of_the_window_are_those_issued_in_it(tmp_path: Path) -> None:
    """The witness counts from its own start on; the costs are those of the window alone."""
    ledger = tmp_path / "ledger"
    ledger.write_text("".join(f'{{"issued_at":{at}}}\n' for at in (9.9, 10.0, 12.5, 15.0)))
    assert mints_between(ledger, 10.0, 5.0) == 2


def test_several_runs_are_reported_by_median_and_range(tmp_path: Path) -> None:
    """The line has the median, the table the range, the file all; every note names its run."""
    runs = [figures_of(seen(memory_mib=mib)) for mib in (50.0, 60.0, 52.0)]
    report = Report(
        Settings(scenario=Scenario.STEADY, sessions=100, runs=3, results=tmp_path / "new"),
        runs=runs,
        remarks=[[], ["odd"], []],
        details=[{}, {}, {}],
        conditions={"commit": "abc"},
    )
    line = json.loads(report.line())
    assert (line["memory_mib"], line["n"], line["runs"], line["remarks"]) == (52.0, 100, 3, 1)
    assert "52.000     50.000     60.000" in report.table()
    assert report.remarks() == ["run 2: odd"]
    path = report.keep()
    kept = json.loads(path.read_text())
    assert path.name.endswith("-steady-100.json")
    assert kept["range"]["memory_mib"] == [50.0, 60.0]
    assert (kept["commit"], len(kept["runs"])) == ("abc", 3)

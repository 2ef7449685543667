"""Plots and table made from results: what they show, and that those in docs/ are of the results in the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench.chart import Axis, Chart, Series, svg
from bench.page import BEGIN, END, newest, with_figures
from bench.plots import main, plots_of

SVG = "{http://www.w3.org/2000/svg}"


def a_result(scenario: str = "steady", sessions: int = 1000, **fields: Any) -> dict[str, Any]:
    """A result, as much of it as is read."""
    median = {"cpu_ms_per_rotation": 1.25, "memory_mib": 51.0, "lateness_p50_s": -0.4, "lateness_p99_s": 0.1}
    usual: dict[str, Any] = {
        "at": "2026-11-28T10:00:00+00:00",
        "settings": {"scenario": scenario, "sessions": sessions, "lifetime": 60, "seconds": 300.0},
        "machine": {"cores": 2, "yardstick": {"memory_ns": 338.6}},
        "commit": "0123456789ab",
        "median": median | {"lateness_max_s": 0.2},
        "details": [{}],
    }
    return usual | fields


def points_in(text: str) -> list[int]:
    """How many points each line of the plane has that belongs to a series, in order."""
    root = ET.fromstring(text)  # noqa: S314 - our own
    lines = [line for line in root.iter(f"{SVG}polyline") if line.get("stroke-width") == "2"]
    return [len(line.get("points", "").split()) for line in lines][::2]  # each second one is the legend's


def test_what_docs_show_is_what_the_results_say() -> None:
    """Whoever adds a result runs `make plots`, too."""
    assert main(["--check"]) == 0


def test_a_plot_that_is_out_of_date_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another result, a plot that was edited, and one for which there are no results are all told."""
    results, page = tmp_path / "results", tmp_path / "performance.md"
    results.mkdir()
    (results / "a.json").write_text(json.dumps(a_result()))
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    asked = ["--results", str(results), "--docs", str(tmp_path)]
    assert main([*asked, "--check"]) == 1
    assert main(asked) == 0
    assert main([*asked, "--check"]) == 0
    assert page.read_text().startswith(f"Before.\n{BEGIN}\n\n| run |")
    assert page.read_text().endswith(f"![memory](plots/memory.svg)\n\n{END}\nAfter.\n")
    (tmp_path / "plots" / "cpu.svg").write_text("edited")
    (tmp_path / "plots" / "of-nothing.svg").write_text("<svg/>")
    (results / "b.json").write_text(json.dumps(a_result(sessions=2000)))
    capsys.readouterr()
    assert main([*asked, "--check"]) == 1
    told = capsys.readouterr().err
    assert all(name in told for name in ("cpu.svg", "of-nothing.svg", "memory.svg", "performance.md"))


def test_each_plot_shows_what_there_is() -> None:
    """Distributions and curves where results have them, three points where not, and no plot of nothing."""
    quantiles = [[-0.9, 0.1], [-0.2, 0.5], [0.1, 1.0]]
    details = [{"lateness_quantiles": [[share, late] for late, share in quantiles]}]
    outage = a_result("outage", details=[{"unfresh_curve": [[-5, 0], [-4, 10], [-3, 10], [-2, 10], [1, 0]]}])
    plots = plots_of([a_result(details=details), a_result(sessions=2000), outage])
    assert plots.keys() == {"lateness.svg", "cpu.svg", "memory.svg", "recovery.svg"}
    assert points_in(plots["lateness.svg"]) == [3, 3]
    assert points_in(plots["cpu.svg"])[0] == 2
    assert points_in(plots["recovery.svg"]) == [4, 3]  # the point between two of the same height is left out
    assert "1,000 tokens of 60 s (0123456, 2026-11-28)" in plots["lateness.svg"]
    assert plots_of([a_result("create")]) == {}


def test_the_same_results_are_the_same_text() -> None:
    """Byte for byte, so that a test can compare."""
    results = [a_result(), a_result(sessions=5000)]
    assert plots_of(results) == plots_of(results[::-1])


def test_the_newest_of_a_commit_counts() -> None:
    """An older run is replaced; one of code that no commit has counts only where there is no other."""
    old, new = a_result(), a_result(at="2026-11-29T10:00:00+00:00", commit="new")
    dirty = a_result(at="2026-11-30T10:00:00+00:00", commit="new-dirty")
    alone = a_result(sessions=5, commit="new-dirty")
    assert newest([dirty, new, alone, old]) == [alone, new]


def test_a_page_without_marks_is_refused() -> None:
    """Rather than that the table goes nowhere."""
    with pytest.raises(ValueError, match="lacks"):
        with_figures("No marks.", [])


def test_axes_have_round_numbers() -> None:
    """Linear ones in steps of 1, 2 or 5, logarithmic ones at these times a power of ten."""
    assert Axis("", 0, 23).ticks() == [0, 5, 10, 15, 20]
    assert Axis("", -1.5, 0.6).ticks() == pytest.approx([-1.5, -1.0, -0.5, 0.0, 0.5])
    assert Axis("", 50, 2200, logarithmic=True).ticks() == [50, 100, 200, 500, 1000, 2000]


def test_a_point_lies_where_its_value_is() -> None:
    """Shares of the axis; what is beyond an end is drawn at it, and names are escaped."""
    assert Axis("", 0, 10).share(2.5) == 0.25
    assert Axis("", 10, 1000, logarithmic=True).share(100) == pytest.approx(0.5)
    assert (Axis("", 0, 10).share(-3), Axis("", 0, 10).share(30)) == (0, 1)
    text = svg(Chart("a < b", Axis("x", 0, 1), Axis("y", 0, 1), [Series("c & d", [(0, 0), (1, 1)])]))
    assert ET.fromstring(text).findtext(f"{SVG}title") == "a < b"  # noqa: S314 - our own

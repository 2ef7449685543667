"""Draws docs/plots/*.svg from bench/results/*.json and makes the table of docs/performance.md: ``python -m bench.plots``.

With ``--check`` it tells whether they are what the results say, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bench import peer
from bench.chart import Axis, Chart, Point, Series, svg
from bench.page import Result, newest, short, watched, with_figures
from bench.settings import RESULTS, Scenario

DOCS: Final = Path(__file__).parents[1] / "docs"
PERCENT: Final = 100
SPACE_ABOVE: Final = 1.1
FEW: Final = (("lateness_p50_s", 50.0), ("lateness_p99_s", 99.0), ("lateness_max_s", 100.0))
"""What results have that were made before distributions were kept."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, or compare; 1 where a plot is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m bench.plots", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder with performance.md and plots/")
    asked = parser.parse_args(arguments)
    results, folder, page = read_results(asked.results), asked.docs / "plots", asked.docs / "performance.md"
    made = {folder / name: text for name, text in plots_of(results).items()}
    made[page] = with_figures(page.read_text(), results, [path.name for path in made])
    if asked.check:
        stale = [path for path, text in made.items() if _text_of(path) != text]
        stale += sorted(set(folder.glob("*.svg")) - made.keys())
        for path in stale:
            print(f"{path.name} is not what the results say; `make plots` mends it", file=sys.stderr)
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in made.items():
        path.write_text(text)
    print(json.dumps({"made": sorted(path.name for path in made)}))
    return 0


def read_results(folder: Path) -> list[Result]:
    """Read all results, the oldest first: their names begin with the time."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def plots_of(results: Sequence[Result]) -> dict[str, str]:
    """Give by file name each plot for which there are results."""
    drawn = {
        "lateness.svg": _lateness(results),
        "cpu.svg": _cpu(results),
        "memory.svg": _memory(results),
        "recovery.svg": _recovery(results),
    }
    return {name: svg(chart) for name, chart in drawn.items() if chart is not None}


def _lateness(results: Sequence[Result]) -> Chart | None:
    latest = _latest(results, Scenario.STEADY)
    series = [Series(_name(result), _distribution(result)) for result in latest]
    values = [x for each in series for x, _ in each.points]
    if not values:
        return None
    x = Axis(
        "seconds after the rotation time, as a watch sees the Secret; negative is early",
        min(-1.5, *values),
        max(0.5, *values),
    )
    return Chart(
        "Lateness of rotations",
        x,
        Axis("share of the rotations that come so late at most, %", 0, 100),
        series,
    )


def _distribution(result: Result) -> list[Point]:
    details = (result.get("details") or [{}])[-1]
    known = details.get("lateness_quantiles")
    if known:
        return [(late, PERCENT * share) for share, late in known]
    return [(late, share) for name, share in FEW if (late := result["median"].get(name)) is not None]


def _cpu(results: Sequence[Result]) -> Chart | None:
    return _against_n(
        results,
        "cpu_ms_per_rotation",
        lambda run: run.cpu_ms,
        "CPU of the operator per rotation",
        "milliseconds",
    )


def _memory(results: Sequence[Result]) -> Chart | None:
    return _against_n(
        results, "memory_mib", lambda run: run.memory_mib, "Memory of the operator", "RssAnon, MiB"
    )


def _against_n(
    results: Sequence[Result], figure: str, of_peer: Callable[[peer.PeerRun], float], title: str, unit: str
) -> Chart | None:
    """A figure against the number of sessions; one line for each lifetime, and for each interval of the peer."""
    by_kind: dict[tuple[int, str], list[Point]] = {}
    for result in _latest(results, Scenario.STEADY):
        value = result["median"].get(figure)
        if value is not None:
            settings = result["settings"]
            kind = settings["lifetime"], watched(result)
            by_kind.setdefault(kind, []).append((settings["sessions"], value))
    if not by_kind:
        return None
    ours = [
        Series(f"realtime-operator, tokens of {life} s{how}", points)
        for (life, how), points in sorted(by_kind.items())
    ]
    theirs = [
        Series(
            f"{peer.NAME}, every {interval} s",
            [(run.sessions, of_peer(run)) for run in peer.TUNED if run.interval == interval],
            dashed=True,
        )
        for interval in sorted({run.interval for run in peer.TUNED})
    ]
    points = [point for each in (*ours, *theirs) for point in each.points]
    x = Axis(
        "sessions", min(x for x, _ in points) / 2, SPACE_ABOVE * max(x for x, _ in points), logarithmic=True
    )
    return Chart(title, x, Axis(unit, 0, SPACE_ABOVE * max(y for _, y in points)), [*ours, *theirs])


def _recovery(results: Sequence[Result]) -> Chart | None:
    series = [
        Series(_name(result), curve)
        for result in _latest(results, Scenario.OUTAGE)
        if (curve := _curve(result))
    ]
    if not series:
        return None
    theirs = Series(f"{peer.NAME}, 1,000 every 30 s (median, last)", peer.RECOVERY, dashed=True)
    begin = min(x for each in series for x, _ in each.points)
    x = Axis("seconds since the provider is back", begin, max(x for x, _ in peer.RECOVERY) + 5)
    y = Axis("sessions without a living token, %", 0, 100)
    return Chart("Recovery after an outage of the provider", x, y, [*series, theirs])


def _curve(result: Result) -> list[Point]:
    details = (result.get("details") or [{}])[-1]
    sessions = result["settings"]["sessions"]
    points = [(at, PERCENT * unfresh / sessions) for at, unfresh in details.get("unfresh_curve") or ()]
    return list(_corners(points))


def _corners(points: Sequence[Point]) -> Iterator[Point]:
    """Leave out what lies between two points of the same height."""
    for number, point in enumerate(points):
        around = points[max(0, number - 1) : number + 2]
        if len(around) < 3 or len({y for _, y in around}) > 1:  # noqa: PLR2004 - the point and its two neighbours
            yield point


def _latest(results: Iterable[Result], scenario: Scenario) -> list[Result]:
    """The newest result of a scenario for each lifetime and number of sessions, in this order."""
    return newest(result for result in results if result["settings"]["scenario"] == scenario)


def _name(result: Result) -> str:
    settings = result["settings"]
    return f"{settings['sessions']:,} tokens of {settings['lifetime']} s{watched(result)} ({short(result['commit'])}, {result['at'][:10]})"


def _text_of(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())

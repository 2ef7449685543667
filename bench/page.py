"""What docs/performance.md shows of the results: the newest of each scenario, lifetime and number of sessions, and the plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

BEGIN, END = "<!-- figures: made by `make plots` -->", "<!-- end of figures -->"

COLUMNS: Final[Sequence[tuple[str, Sequence[str], int]]] = (
    ("ready p50 / p99, s", ("ready_p50_s", "ready_p99_s"), 2),
    ("rotations/s (needed)", ("rotations_per_s", "needed_per_s"), 1),
    ("late p50 / p99 / max, s", ("lateness_p50_s", "lateness_p99_s", "lateness_max_s"), 2),
    ("expired, s", ("expired_seconds",), 0),
    ("recovered, s", ("recovered_s",), 1),
    (
        "CPU ms per rotation: operator / API server / etcd",
        ("cpu_ms_per_rotation", "apiserver_cpu_ms_per_rotation", "etcd_cpu_ms_per_rotation"),
        2,
    ),
    ("API writes per rotation", ("api_writes_per_rotation",), 2),
    ("memory end / peak, MiB", ("memory_mib", "memory_peak_mib"), 0),
)
"""Heads, the figures that stand in a column, and their decimals."""

NONE, MINUS, TIMES = "\u2013", "\u2212", "\u00d7"
DIRTY: Final = "-dirty"
"""How the commit of a run ends whose code was another one; it counts only where there is no other run."""
Result = Mapping[str, Any]


def short(commit: str) -> str:
    """Give a commit as people write it, and whether the code was another one."""
    return commit[:7] + DIRTY * commit.endswith(DIRTY)


def with_figures(page: str, results: Iterable[Result], plots: Iterable[str] = ()) -> str:
    """Put the table, and the plots below it, into a page between its marks.

    Args:
        page: its text.
        results: of the bench.
        plots: names of files in the folder plots beside the page.

    Raises:
        ValueError: the page has no marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    images = "".join(f"![{name.partition('.')[0]}](plots/{name})\n\n" for name in plots)
    return f"{before}{BEGIN}\n\n{_table(results)}\n\n{images}{END}{after}"


def newest(results: Iterable[Result]) -> list[Result]:
    """The newest result of each scenario, lifetime, number of sessions and way to see Secrets, in this order; of clean commits first."""
    found = {_what(result): result for result in sorted(results, key=_rank)}
    return [found[key] for key in sorted(found)]


def _rank(result: Result) -> tuple[bool, str]:
    return not result["commit"].endswith(DIRTY), result["at"]


def _what(result: Result) -> tuple[str, int, int, str]:
    settings = result["settings"]
    return settings["scenario"], settings["lifetime"], settings["sessions"], watched(result)


def watched(result: Result) -> str:
    """What to add to a run's name where the operator watched Secrets; nothing where it looked at each, as it comes."""
    return ", Secrets watched" if result["settings"].get("watch_secrets") else ""


def _table(results: Iterable[Result]) -> str:
    heads = ["run", *(head for head, _, _ in COLUMNS), "commit, day", "machine"]
    lines = [heads, ["---"] * len(heads), *map(_row, newest(results))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _row(result: Result) -> list[str]:
    settings, median = result["settings"], result["median"]
    run = f"`{settings['scenario']}`, {settings['sessions']:,} {TIMES} {settings['lifetime']} s, {settings['seconds']:g} s{watched(result)}"
    cells = [_cell(median, names, digits) for _, names, digits in COLUMNS]
    return [run, *cells, f"{short(result['commit'])}, {result['at'][:10]}", _machine(result["machine"])]


def _cell(median: Mapping[str, float | None], names: Sequence[str], digits: int) -> str:
    values = [median.get(name) for name in names]
    if all(value is None for value in values):
        return NONE
    shown = [NONE if value is None else f"{value:,.{digits}f}" for value in values]
    return " / ".join(shown).replace("-", MINUS)


def _machine(machine: Mapping[str, Any]) -> str:
    """Cores, and how long a look at memory takes at the moment, which tells more of a virtual machine than its processor's name."""
    speed = machine.get("yardstick", {}).get("memory_ns")
    return f"{machine['cores']} cores" + (f", {speed:.0f} ns" if speed is not None else "")

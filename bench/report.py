"""What is shown and kept of the runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.arithmetic import Figure, median_of, range_of
from bench.figures import MEANINGS, rounded
from bench.settings import Settings

NAME, NUMBER = 31, 11
"""Widths of the table's columns."""

NUMBERS: Final = re.compile(r"\[[\s\d.,eE+-]+\]")
"""A list of numbers alone, which one line of the file holds."""

Range = Mapping[str, tuple[float, float] | None]
MISSING: Final = "-"


class Report:
    """The runs, taken together.

    Args:
        settings: what was asked for.
        runs: the figures of each run.
        remarks: of each run, what a reader must know.
        details: of each run, what is kept besides.
        conditions: machine, limits, versions, commit.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        runs: Sequence[Mapping[str, Figure]],
        remarks: Sequence[Sequence[str]],
        details: Sequence[Mapping[str, Any]],
        conditions: Mapping[str, Any],
    ) -> None:
        self._settings, self._runs, self._conditions = settings, runs, conditions
        self._remarks, self._details = remarks, details
        self._median = {name: rounded(value) for name, value in median_of(runs).items()}
        self._range = range_of(runs)

    def table(self) -> str:
        """All figures with what they mean; with several runs the median, the least and the greatest."""
        several = len(self._runs) > 1
        lines = []
        for name, meaning in MEANINGS.items():
            numbers = [self._median[name]]
            if several:
                numbers += self._range[name] or (None, None)
            lines.append(
                f"{name:<{NAME}}{''.join(f'{_shown(it):>{NUMBER}}' for it in numbers)}   {meaning}".rstrip()
            )
        if several:
            heads = "".join(f"{head:>{NUMBER}}" for head in ("median", "least", "greatest"))
            lines.insert(0, f"{f'of {len(self._runs)} runs':<{NAME}}{heads}")
        return "\n".join(lines)

    def remarks(self) -> list[str]:
        """Give what a reader must know, with the run's number where there are several."""
        several = len(self._runs) > 1
        return [
            f"run {number}: {remark}" if several else remark
            for number, remarks in enumerate(self._remarks, start=1)
            for remark in remarks
        ]

    def requests(self) -> list[str]:
        """Give for each run, in words, how many requests of each verb a rotation cost, where there were any."""
        found = [details.get("requests_per_rotation") or {} for details in self._details]
        return [
            "requests per rotation: " + ", ".join(f"{verb} {count:.3f}" for verb, count in each.items())
            for each in found
            if each
        ]

    def line(self) -> str:
        """Give the medians as one line of JSON."""
        asked = {
            "scenario": self._settings.scenario,
            "n": self._settings.sessions,
            "lifetime": self._settings.lifetime,
            "latency": self._settings.latency,
            "runs": len(self._runs),
        }
        return json.dumps(asked | self._median | {"remarks": len(self.remarks())}, separators=(",", ":"))

    def keep(self) -> Path:
        """Write everything to a file of its own, and give its path.

        Raises:
            OSError: it cannot be written.
        """
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%SZ}-{self._settings.scenario}-{self._settings.sessions}.json"
        document = {
            "at": now.isoformat(timespec="seconds"),
            "settings": {key: value for key, value in asdict(self._settings).items() if key != "results"},
            **self._conditions,
            "median": self._median,
            "range": self._range,
            "remarks": self.remarks(),
            "runs": self._runs,
            "details": self._details,
        }
        folder = self._settings.results
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text(NUMBERS.sub(_on_one_line, json.dumps(document, indent=1)) + "\n")
        return path


def _on_one_line(numbers: re.Match[str]) -> str:
    return re.sub(r"\s+", " ", numbers[0]).replace("[ ", "[").replace(" ]", "]")


def _shown(value: Figure) -> str:
    if value is None:
        return MISSING
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:,.3f}"  # noqa: PLR2004 - no digits where nobody reads them

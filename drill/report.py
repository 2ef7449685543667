"""What is shown of a drill."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from drill.outcome import Outcome
from drill.performance import Performance
from drill.settings import Settings

NAME, NUMBER = 22, 11
"""Widths of the table's columns."""

MISSING: Final = "-"

MEANINGS: Final[Mapping[str, str]] = {
    "fault_s": "how long the fault lasted; until the API server was ready again",
    "expired_seconds": "over all sessions: time with an expired token in the Secret",
    "exposure_minimum_s": "the least of it that was possible",
    "missing_seconds": "over all sessions: time without a token after the first one",
    "unfresh": "sessions without a fresh token at the end",
    "undue_mints": "mints that were not due, with nobody asking",
    "orphan_mints": "mints that never reached a Secret; counted, not judged",
    "cut_short_mints": "the same where the session was deleted meanwhile, which is nobody's fault",
    "unjudged_mints": "mints that reached none while the API server was away, so that the witness saw nothing",
    "ghost_mints": "mints for the session that was deleted; counted, not judged",
    "torn": "Secrets that contradicted themselves or the ledger",
    "rotations": "tokens replaced in the whole scenario",
    "recovered_s": "from the fault's end until no token was expired and no rotation overdue",
    "rotations_after": "tokens replaced from 2 s after that on",
    "lateness_after_p99_s": "of these: replaced, as the witness's watch shows it, minus rotationTime",
    "overdue": "sessions whose rotation was overdue at the end",
    "is_same_process": "the operator's process lived through it",
    "born_s": "from creation during the fault to the token",
    "deleted_s": "from deletion during the fault until the Secret was gone for good",
    "ok": "",
}
"""The figures in the table's order, with what they mean."""


class Report:
    """The drill, as far as it came.

    Args:
        settings: what was asked for.
        performance: what was found.
        trouble: why it was ended early; empty where it was not.
    """

    def __init__(self, settings: Settings, performance: Performance, trouble: str = "") -> None:
        self._settings, self._performance, self._trouble = settings, performance, trouble

    @property
    def ok(self) -> bool:
        """Whether everything was played, and all is as it should be."""
        played = self._performance.outcomes
        return (
            set(played) == set(self._settings.scenarios)
            and all(outcome.ok for outcome in played.values())
            and self._performance.leaks == []
            and not self._trouble
        )

    def table(self) -> str:
        """All figures, a column for each scenario."""
        figures = [outcome.as_dict() for outcome in self._performance.outcomes.values()]
        heads = "".join(f"{scenario:>{NUMBER}}" for scenario in self._performance.outcomes)
        rows = (
            f"{name:<{NAME}}{''.join(f'{_shown(it[name]):>{NUMBER}}' for it in figures)}   {meaning}".rstrip()
            for name, meaning in MEANINGS.items()
        )
        return "\n".join([f"{'':<{NAME}}{heads}", *rows])

    def remarks(self) -> Iterator[str]:
        """Say what is not as it should be."""
        for scenario, outcome in self._performance.outcomes.items():
            for failing in outcome.failings():
                yield f"{scenario}: {failing}"
        yield from self._performance.findings
        leaks = self._performance.leaks
        if leaks is None:
            yield "nobody looked for leaks"
        for leak in leaks or ():
            yield f"leak in {leak}"

    def line(self) -> str:
        """Give everything as one line of JSON."""
        leaks = self._performance.leaks
        document: dict[str, Any] = {
            "scenarios": {name: _figures(it) for name, it in self._performance.outcomes.items()},
            "leaks": None if leaks is None else sum(leak.times for leak in leaks),
            "ok": self.ok,
            "n": self._settings.sessions,
            "lifetime": self._settings.lifetime,
        }
        if self._trouble:
            document["error"] = self._trouble
        return json.dumps(document, separators=(",", ":"))


def _figures(outcome: Outcome) -> dict[str, Any]:
    """Leave out what there is not, and add in words what is not as it should be."""
    figures = {name: value for name, value in outcome.as_dict().items() if value is not None}
    return figures | ({"failings": failings} if (failings := outcome.failings()) else {})


def _shown(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"

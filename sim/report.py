"""What is shown of all stories."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sim.play import Outcome
from sim.settings import Settings


class Report:
    """All stories.

    Args:
        settings: what was asked for.
        outcomes: what became of them.
        wall_s: seconds that it took.
    """

    def __init__(self, settings: Settings, outcomes: Sequence[Outcome], wall_s: float) -> None:
        self._settings, self._outcomes, self._wall_s = settings, outcomes, wall_s

    @property
    def ok(self) -> bool:
        """Whether the promise was kept in every story."""
        return not any(outcome.violations for outcome in self._outcomes)

    def remarks(self) -> Iterator[str]:
        """Say what must not have happened, and how to see it again."""
        for outcome in self._outcomes:
            scene = outcome.scene
            for violation in outcome.violations:
                yield (
                    f"seed {scene.seed}: {violation}; again by: make sim SEEDS=1 LARGE=0 SEED={scene.seed}"
                    f" SESSIONS={scene.sessions} HOURS={scene.hours:g} LIFETIME={scene.lifetime}"
                    f" SECRET_WATCH={'always' if scene.watches_secrets else 'never'}"
                )

    def line(self) -> str:
        """Give everything as one line of JSON."""
        figures = [outcome.figures for outcome in self._outcomes]
        rotations = sum(one.rotations for one in figures)
        cpu_s = sum(outcome.cpu_s for outcome in self._outcomes)
        document: dict[str, Any] = {
            "ok": self.ok,
            "violations": sum(len(outcome.violations) for outcome in self._outcomes),
            "stories": len(self._outcomes),
            "sessions": [outcome.scene.sessions for outcome in self._outcomes],
            "stories_watching_secrets": sum(outcome.scene.watches_secrets for outcome in self._outcomes),
            "hours": self._settings.hours,
            "lifetime": self._settings.lifetime,
            "rotations": rotations,
            "mints": sum(one.mints for one in figures),
            "faults": sum(outcome.faults for outcome in self._outcomes),
            "refused_mints": sum(outcome.refused for outcome in self._outcomes),
            "deeds": sum(outcome.deeds for outcome in self._outcomes),
            "expired_seconds": round(sum(one.expired_seconds for one in figures), 3),
            "missing_seconds": round(sum(one.missing_seconds for one in figures), 3),
            "excused_seconds": round(sum(outcome.excused_seconds for outcome in self._outcomes), 3),
            "undue_mints": sum(one.undue_mints for one in figures),
            "orphans_unexplained": sum(one.orphan_mints for one in figures),
            "orphans_explained": sum(one.unjudged_mints for one in figures),
            "lateness_p99_s": _greatest([one.lateness_p99_s for one in figures]),
            "lateness_max_s": _greatest([one.lateness_max_s for one in figures]),
            "life_used_mean": _mean([one.life_used_mean for one in figures]),
            "cpu_ms_per_rotation": round(1000 * cpu_s / rotations, 4) if rotations else None,
            "seconds": round(self._wall_s, 1),
        }
        return json.dumps(document, separators=(",", ":"))


def _greatest(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(max(known), 3) if known else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 4) if known else None

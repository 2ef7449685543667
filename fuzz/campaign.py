"""So many examples, in batches, and what they came to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from fuzz.answers import NOW, Example, examples
from fuzz.verdict import judged
from fuzz.wire import Framing, sent, wire
from realtime_operator.core.exchange import MintAnswer

BATCH: Final = 3000
"""Examples of one run of the engine, between two looks at the clock: it remembers all of a run, and 200,000 would be gigabytes."""

WIRE_SHARE: Final = 10
"""Every tenth example travels over a connection."""


@dataclass(slots=True)
class Report:
    """What a campaign came to.

    Attributes:
        outcomes: how often each came, `token` or the reason of an error.
        wanted: examples that were to be tried.
        failure: the first example that broke what must hold, in words; None where none did.
        seconds: how long it took.
    """

    wanted: int
    outcomes: Counter[str] = field(default_factory=Counter)
    failure: str | None = None
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        """Examples that were tried."""
        return self.outcomes.total()

    def as_dict(self) -> dict[str, Any]:
        """One line's worth."""
        return {
            "examples": self.tried,
            "wanted": self.wanted,
            "failures": int(self.failure is not None),
            "outcomes": dict(sorted(self.outcomes.items())),
            "seconds": round(self.seconds, 1),
        }


def campaign(wanted: int, *, start: int, within: float | None = None) -> Report:
    """Try examples until one fails, all are tried, or the time is over.

    Args:
        wanted: how many.
        start: the seed; the same one tries the same examples.
        within: seconds of CPU time after which no further batch is begun, or None; a busy machine tries as many as an idle one.
    """
    report, began, idle = Report(wanted), time.monotonic(), time.process_time()
    on_the_wire = wanted // WIRE_SHARE

    def read(example: Example) -> None:
        key = example.planted.key
        answer = MintAnswer(example.status, example.headers, example.body, NOW - 0.1, NOW, secrets=(key,))
        report.outcomes[judged(example, answer)] += 1

    with wire() as connection:

        def send(pair: tuple[Example, Framing]) -> None:
            report.outcomes[connection.judged(*pair)] += 1

        for check, strategy, count in ((send, sent, on_the_wire), (read, examples, wanted - on_the_wire)):
            for batch in range(0, count, BATCH):
                spent = time.process_time() - idle
                if report.failure is None and (within is None or spent < within):
                    report.failure = _tried(check, strategy, min(BATCH, count - batch), start + batch)
    report.seconds = time.monotonic() - began
    return report


def _tried(check: Callable[[Any], None], strategy: SearchStrategy[Any], count: int, start: int) -> str | None:
    """Run one batch, and say how its first failure came about."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(strategy)
    def run(example: Any) -> None:
        check(example)

    try:
        seed(start)(run)()
    except Exception as error:  # noqa: BLE001 - an exception of any kind is what is looked for
        first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        notes = "; ".join(getattr(first, "__notes__", []))
        return f"{type(first).__name__}: {first} [seed {start}] {notes}"
    return None

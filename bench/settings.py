"""What is to be measured: flags, or environment variables as make passes them."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import bench
from bench.flags import add_flags, number, whole
from observer.rule import SPREAD_SHARE, life_left_asked

PROPAGATION: Final = "None"
"""Readers ask the API, so that a life of a minute is enough."""

TICK_AND_CUT_S: Final = 1.0
"""How much earlier than the rule asks a rotation comes on average: half a tick, half a second cut off."""

LEAD_IN_S: Final = 10.0
"""How long the window runs before something is broken in it."""

AFTER_RESTART_S: Final = 15.0
"""How long an operator is given, at least, to work again."""

MINUTE_S: Final = 60.0

READY_WITHIN_S: Final = 60.0
"""How long after the last creation every session may take to be ready, where readiness is not what is measured."""

BEYOND_THE_LEAST: Final = 1.3
"""First mints on a limit that has to be found out take longer than the limit alone would have them take."""

USUAL_LIFETIME_S, IDLE_LIFETIME_S = 60, 7200
"""Of the tokens, unless told otherwise; where nothing is to fall due they live as long as the API grants."""

IDLE_SETTLING_S: Final = 70.0
"""Each session is looked at once a minute, and the first such look is over by then."""

RESULTS: Final = Path(__file__).parent / "results"


class Surroundings(StrEnum):
    """What the operator is started in."""

    IMAGE = "image"
    HERE = "here"


class Scenario(StrEnum):
    """What happens to the sessions."""

    CREATE = "create"
    STEADY = "steady"
    RESTART = "restart"
    OUTAGE = "outage"
    NOISY = "noisy-neighbour"
    THROTTLED = "throttled"
    CHURN = "churn"
    SOAK = "soak"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for; times are in seconds.

    Attributes:
        scenario: what happens.
        sessions: how many there are.
        lifetime: of each token.
        latency: of the provider.
        seconds: the measuring window; for `create` the longest that getting ready may take, for `noisy-neighbour` each of the two.
        runs: how many times all of it is done, each on a control plane of its own.
        outage: how long the provider answers 503.
        down: from the operator's end to its new start.
        per_minute: how many mints the provider grants in any minute, in `throttled`; nobody tells the operator.
        idle: how long the operator is measured with no session, before any is made.
        settle: from the last session's creation to the window; None is one rotation period.
        results: folder for the results.
        operator_in: what the operator is started in: the image's Python and packages, or those of this very environment.
        watch_secrets: whether the operator watches Secrets, for which it gets the right; as it comes, it looks at each.
    """

    scenario: Scenario = Scenario.STEADY
    sessions: int = 1000
    lifetime: int = USUAL_LIFETIME_S
    latency: float = 0.15
    seconds: float = 300.0
    runs: int = 1
    outage: float = 60.0
    down: float = 10.0
    per_minute: int = 60
    idle: float = 10.0
    settle: float | None = None
    results: Path = RESULTS
    operator_in: Surroundings = Surroundings.HERE
    watch_secrets: bool = False

    @property
    def period(self) -> float:
        """The rotation period to expect, on average."""
        left = life_left_asked(self.lifetime, PROPAGATION)
        return self.lifetime * (1 - SPREAD_SHARE / 2) - left - TICK_AND_CUT_S

    @property
    def creating(self) -> float:
        """Seconds over which the sessions are created: where nothing rotates there is nothing to spread."""
        return 0.0 if self.scenario is Scenario.IDLE else self.period

    @property
    def settling(self) -> float:
        """Seconds from the last session's creation to the window."""
        usual = IDLE_SETTLING_S if self.scenario is Scenario.IDLE else self.period
        return usual if self.settle is None else self.settle

    @property
    def has_controllers(self) -> bool:
        """Whether there is a garbage collector: where sessions go, their Secrets are to go with them."""
        return self.scenario is Scenario.CHURN

    def least_window(self) -> float:
        """The shortest window in which the scenario can be seen to its end."""
        after = {
            Scenario.RESTART: self.down + AFTER_RESTART_S,
            Scenario.OUTAGE: self.outage + self.lifetime / 2,
            Scenario.THROTTLED: BEYOND_THE_LEAST * MINUTE_S * self.sessions / self.per_minute,
            Scenario.CHURN: MINUTE_S / 2,
            Scenario.SOAK: 2 * self.period,
        }
        return LEAD_IN_S + after[self.scenario] if self.scenario in after else 1.0

    def longest_window(self) -> float:
        """The longest window in which the scenario stays what it is: nothing falls due in `idle`."""
        if self.scenario is not Scenario.IDLE:
            return math.inf
        return self.period - self.settling - READY_WITHIN_S


def read_settings(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> Settings:
    """Read the command line (None is this process's own); what it leaves out is taken from the environment.

    Raises:
        SystemExit: for a value that cannot be used, or --help; what is wrong is on standard error.
    """
    parser = _parser(environment)
    asked = vars(parser.parse_args(arguments))
    if asked["lifetime"] is None:
        asked["lifetime"] = IDLE_LIFETIME_S if asked["scenario"] is Scenario.IDLE else USUAL_LIFETIME_S
    settings = Settings(**asked)
    if settings.seconds > settings.longest_window():
        parser.error(
            f"tokens of {settings.lifetime} s fall due before an idle window of {settings.seconds:g} s ends"
        )
    if settings.seconds < settings.least_window():
        parser.error(f"{settings.scenario} needs --seconds {settings.least_window():.0f} or more")
    return settings


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    usual = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=bench.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Each flag's default can be set in the environment by the name in brackets.",
    )

    flags = (
        ("--scenario", "SCENARIO", "scenario", _scenario, usual.scenario, ", ".join(Scenario)),
        ("--n", "N", "sessions", whole(1, 20_000), usual.sessions, "sessions"),
        (
            *("--lifetime", "LIFETIME", "lifetime", _lifetime, "usual"),
            f"seconds a token lives; usual is {USUAL_LIFETIME_S}, in idle {IDLE_LIFETIME_S}",
        ),
        ("--latency", "LATENCY", "latency", number(0, 10), usual.latency, "seconds a mint takes"),
        ("--seconds", "SECONDS", "seconds", number(1, 86_400), usual.seconds, "length of the window"),
        ("--runs", "RUNS", "runs", whole(1, 9), usual.runs, "how often; the median is reported"),
        ("--outage", "OUTAGE", "outage", number(1, 3600), usual.outage, "seconds of 503, in outage"),
        ("--down", "DOWN", "down", number(0, 600), usual.down, "seconds without operator, in restart"),
        (
            "--per-minute",
            "PER_MINUTE",
            "per_minute",
            whole(1, 100_000),
            usual.per_minute,
            "mints granted, in throttled",
        ),
        ("--idle", "IDLE", "idle", number(0, 600), usual.idle, "seconds measured without sessions"),
        ("--settle", "SETTLE", "settle", _settle, "period", "seconds before the window, or 'period'"),
        ("--watch-secrets", "WATCH_SECRETS", "watch_secrets", _yes_or_no, "no", "whether it watches Secrets"),
        (
            *("--operator-in", "OPERATOR_IN", "operator_in", _surroundings, _usual_surroundings()),
            "image: with the image's Python and packages, for which it takes root; here: with this environment's",
        ),
    )
    add_flags(parser, flags, environment)
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="folder for the results; default: bench/results"
    )
    return parser


def _scenario(text: str) -> Scenario:
    try:
        return Scenario(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(Scenario)}") from None


def _yes_or_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither yes nor no")
    return text == "yes"


def _usual_surroundings() -> Surroundings:
    return Surroundings.IMAGE if os.getuid() == 0 else Surroundings.HERE


def _surroundings(text: str) -> Surroundings:
    try:
        return Surroundings(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither {' nor '.join(Surroundings)}") from None


def _lifetime(text: str) -> int | None:
    return None if text == "usual" else whole(10, 7200)(text)


def _settle(text: str) -> float | None:
    return None if text == "period" else number(0, 7200)(text)

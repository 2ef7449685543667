"""What is to be played: flags, or environment variables as make passes them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import bench.settings
import drill
from bench.flags import add_flags, number, whole

ALL: Final = "all"
FULL_LIFETIME_S: Final = 60
"""From this life on faults last as long as they are said to; shorter tokens get shorter faults."""

BEFORE_S: Final = 10.0
"""How long a witness looks on before the fault."""

AFTER_PERIODS: Final = 1.07
"""How long it looks on afterwards, in rotation periods: each session rotates once, though none rotates quite on average."""


class Scenario(StrEnum):
    """What goes wrong."""

    KILL = "kill"
    API_SERVER = "apiserver"
    PROVIDER = "provider"
    WATCH_410 = "watch-410"
    WATCH_403 = "watch-403"


FAULT_S: Final[Mapping[Scenario, float]] = {
    Scenario.KILL: 10.0,
    Scenario.API_SERVER: 15.0,
    Scenario.PROVIDER: 15.0,
    Scenario.WATCH_410: 20.0,
    Scenario.WATCH_403: 20.0,
}
"""How long each fault lasts."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for; times are in seconds.

    Attributes:
        sessions: how many there are.
        lifetime: of each token.
        scenarios: what is played, in this order.
        seconds: how long is looked on after each fault; None is one rotation period.
    """

    sessions: int = 200
    lifetime: int = FULL_LIFETIME_S
    scenarios: tuple[Scenario, ...] = tuple(Scenario)
    seconds: float | None = None

    @property
    def load(self) -> bench.settings.Settings:
        """The sessions and the provider, as the bench is told of them."""
        return bench.settings.Settings(sessions=self.sessions, lifetime=self.lifetime, idle=0.0)

    @property
    def before(self) -> float:
        """Seconds from a witness's start to the fault."""
        return self._scaled(BEFORE_S)

    @property
    def after(self) -> float:
        """Seconds from the end of a fault to the end of its scenario."""
        return AFTER_PERIODS * self.load.period if self.seconds is None else self.seconds

    def lasts(self, scenario: Scenario) -> float:
        """Seconds that a fault lasts."""
        return self._scaled(FAULT_S[scenario])

    def _scaled(self, seconds: float) -> float:
        return seconds * min(1.0, self.lifetime / FULL_LIFETIME_S)


def read_settings(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> Settings:
    """Read the command line (None is this process's own); what it leaves out is taken from the environment.

    Raises:
        SystemExit: for a value that cannot be used, or --help; what is wrong is on standard error.
    """
    usual = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m drill",
        description=drill.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Each flag's default can be set in the environment by the name in brackets.",
    )
    names = f"{ALL}, or some of {','.join(Scenario)}"
    flags = (
        ("--n", "N", "sessions", whole(2, 20_000), usual.sessions, "sessions"),
        ("--lifetime", "LIFETIME", "lifetime", whole(10, 7200), usual.lifetime, "seconds a token lives"),
        ("--scenarios", "SCENARIOS", "scenarios", _scenarios, ALL, names),
        ("--seconds", "SECONDS", "seconds", _seconds, "period", "seconds after each fault, or 'period'"),
    )
    add_flags(parser, flags, environment)
    return Settings(**vars(parser.parse_args(arguments)))


def _scenarios(text: str) -> tuple[Scenario, ...]:
    if text == ALL:
        return tuple(Scenario)
    try:
        return tuple(dict.fromkeys(Scenario(name.strip()) for name in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither {ALL} nor some of {', '.join(Scenario)}"
        ) from None


def _seconds(text: str) -> float | None:
    return None if text == "period" else number(1, 7200)(text)

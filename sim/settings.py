"""What is to be played: flags, or environment variables as make passes them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sim
from bench.flags import add_flags, number, whole
from sim.faults import Kind
from sim.play import Scene

ALL, NONE = "all", "none"


class SecretWatch(StrEnum):
    """In which stories the operator watches Secrets."""

    BY_SEED = "by-seed"
    ALWAYS = "always"
    NEVER = "never"


DAY_H: Final = 24.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    Attributes:
        seeds: how many stories of the usual size there are.
        sessions: in each of them.
        large: sessions in one story more; 0 for none.
        hours: of virtual time, in each story.
        lifetime: of each token, in seconds.
        faults: the kinds that may come.
        seed: of the first story; the others have the numbers after it.
        jobs: stories played at a time, each in a process of its own.
        secret_watch: in which stories Secrets are watched: by seed in those whose seed is even.
        profile: 1 to play the first story alone, and show where its time goes.
    """

    seeds: int = 20
    sessions: int = 1000
    large: int = 10_000
    hours: float = DAY_H
    lifetime: int = 600
    faults: frozenset[Kind] = frozenset(Kind)
    seed: int = 1
    jobs: int = os.cpu_count() or 1
    secret_watch: SecretWatch = SecretWatch.BY_SEED
    profile: int = 0

    @property
    def scenes(self) -> list[Scene]:
        """The stories, the longest first, so that no process is left alone with it at the end."""
        sizes = [self.large] * bool(self.large) + [self.sessions] * self.seeds
        seeds = [self.seed + self.seeds] * bool(self.large) + list(range(self.seed, self.seed + self.seeds))
        return [
            Scene(
                seed,
                size,
                self.hours,
                self.lifetime,
                self.faults,
                watches_secrets=self._watches_secrets(seed),
            )
            for seed, size in zip(seeds, sizes, strict=True)
        ]

    def _watches_secrets(self, seed: int) -> bool:
        if self.secret_watch is SecretWatch.BY_SEED:
            return seed % 2 == 0
        return self.secret_watch is SecretWatch.ALWAYS


def read_settings(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> Settings:
    """Read the command line (None is this process's own); what it leaves out is taken from the environment.

    Raises:
        SystemExit: for a value that cannot be used, or --help; what is wrong is on standard error.
    """
    usual = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m sim",
        description=sim.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Each flag's default can be set in the environment by the name in brackets.",
    )
    kinds = f"{ALL}, {NONE}, or some of {','.join(Kind)}"
    flags = (
        ("--seeds", "SEEDS", "seeds", whole(0, 10_000), usual.seeds, "stories of the usual size"),
        ("--sessions", "SESSIONS", "sessions", whole(1, 100_000), usual.sessions, "sessions in each"),
        ("--large", "LARGE", "large", whole(0, 100_000), usual.large, "sessions in one more; 0 for none"),
        ("--hours", "HOURS", "hours", number(0.1, 24 * 365), usual.hours, "virtual hours in each"),
        ("--lifetime", "LIFETIME", "lifetime", whole(20, 7200), usual.lifetime, "seconds a token lives"),
        ("--faults", "FAULTS", "faults", _kinds, ALL, kinds),
        ("--seed", "SEED", "seed", whole(0, 2**31), usual.seed, "number of the first story"),
        ("--jobs", "SIM_JOBS", "jobs", whole(1, 256), usual.jobs, "stories played at a time"),
        (
            "--secret-watch",
            "SECRET_WATCH",
            "secret_watch",
            _secret_watch,
            usual.secret_watch,
            f"{', '.join(SecretWatch)}: which stories watch Secrets; by-seed: those of even seeds",
        ),
        ("--profile", "PROFILE", "profile", whole(0, 1), 0, "1: only show where the first story's time goes"),
    )
    add_flags(parser, flags, environment)
    return Settings(**vars(parser.parse_args(arguments)))


def _secret_watch(text: str) -> SecretWatch:
    try:
        return SecretWatch(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(SecretWatch)}") from None


def _kinds(text: str) -> frozenset[Kind]:
    if text in {ALL, NONE}:
        return frozenset(Kind) if text == ALL else frozenset()
    try:
        return frozenset(Kind(name.strip()) for name in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither {ALL} nor {NONE} nor some of {', '.join(Kind)}"
        ) from None

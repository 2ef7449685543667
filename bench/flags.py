"""Flags whose defaults the environment may set, as make passes them, and readers of their values."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Flag = tuple[str, str, str, Callable[[str], Any], object, str]
"""A flag, its name in the environment and in the settings, its reader, its default, and what it is."""


def add_flags(parser: argparse.ArgumentParser, flags: Iterable[Flag], environment: Mapping[str, str]) -> None:
    """Let a parser read flags, each of which the environment may have a default for."""
    for flag, variable, name, kind, default, what in flags:
        parser.add_argument(
            flag,
            dest=name,
            type=kind,
            default=environment.get(variable, "").strip() or str(default),
            metavar=variable,
            help=f"{what} [{variable}]; default: {default}",
        )


def number(low: float, high: float) -> Callable[[str], float]:
    """Make a reader of numbers within bounds, for argparse."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Make a reader of whole numbers within bounds, for argparse."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read

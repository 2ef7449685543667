"""What the stand-in provider's ledger tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def ledger_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Read the lines of the provider's ledger that are complete."""
    content = file.read_bytes()
    for line in content[: content.rfind(b"\n") + 1].splitlines():
        yield json.loads(line)


def mints_between(file: Path, begin: float, seconds: float) -> int:
    """Count the tokens made in a stretch of time; `begin` in seconds since the epoch."""
    return sum(begin <= line["issued_at"] < begin + seconds for line in ledger_lines(file))


def held_at(file: Path, until: float) -> dict[str, float]:
    """Give by session the expiry of its last token made before a moment; the model names the session."""
    return {line["model"]: line["expires_at"] for line in ledger_lines(file) if line["issued_at"] < until}


def first_mint_after(file: Path, after: float) -> float | None:
    """Give the seconds from a moment to the first mint after it."""
    return next((line["issued_at"] - after for line in ledger_lines(file) if line["issued_at"] > after), None)


def waits_for_a_mint(file: Path, since: Mapping[str, float]) -> list[float]:
    """Give the seconds from a moment of each session to its first mint after it; of those alone that had one."""
    found: dict[str, float] = {}
    for line in ledger_lines(file):
        name, at = line["model"], line["issued_at"]
        if name not in found and name in since and at > since[name]:
            found[name] = at - since[name]
    return list(found.values())

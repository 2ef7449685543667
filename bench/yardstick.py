"""How fast the machine itself is at the moment: fixed work, in CPU time, so that figures of different days can be compared.

Virtual machines of one kind differ by a factor of two from day to day, and what differs is mostly how long memory takes.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Final

ROUNDS: Final = 3
CELLS, LOOKS = 1_000_000, 300_000
"""Cells of a list that no cache holds, and how many of them are looked at, in random order."""

ADDITIONS: Final = 1_000_000
NS, MS = 1e9, 1e3


def yardstick() -> dict[str, float]:
    """Give the best of three rounds: ns a look at memory out of order and ns an addition, ms for a JSON document of 200 KB and back."""
    cells = list(range(CELLS))
    random.Random(1).shuffle(cells)  # noqa: S311 - the same order each time
    document = {f"key-{number}": {"list": list(range(20)), "text": "x" * 50} for number in range(1_400)}
    return {
        "memory_ns": round(_best(lambda: _look_around(cells)) * NS / LOOKS, 1),
        "addition_ns": round(_best(_add) * NS / ADDITIONS, 1),
        "json_ms": round(_best(lambda: json.loads(json.dumps(document))) * MS, 2),
    }


def _best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest round."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)


def _look_around(cells: list[int]) -> int:
    place = 0
    for _ in range(LOOKS):
        place = cells[place]
    return place


def _add() -> int:
    total = 0
    for number in range(ADDITIONS):
        total += number
    return total

"""Waits for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_SECONDS = 60.0  # far above what anything waited for takes; a test that gets here has failed


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Return once `is_so()` is true, and fail saying `what` if it never is."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.01)

"""The program ``realtime-operator``: ``__main__``, with SIGTERM heard from the first moment.

Imports take most of a second. The first process of a container ignores every signal that it has no handler for, so a pod deleted in that
second would sit out its whole grace period.
"""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Run the operator; nothing is open before it takes the signals over, so until then each ends the process at once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    from realtime_operator.__main__ import main as run  # noqa: PLC0415 - this is what takes the time

    run()


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)

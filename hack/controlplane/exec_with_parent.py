"""Becomes another program that dies when its parent does.

Run as `python -I -S exec_with_parent.py PARENT_PID SIGNAL PROGRAM ARGUMENT...`, by `processes.spawn` only.
The signal is tied to the parent's *thread*, and a thread of Python cannot set it for a child it has not made yet:
hence this step between the two. It imports nothing that costs time.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
NOT_STARTED = 127  # what a shell says of a program that it could not run


def _become(parent: int, death_signal: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(NOT_STARTED)
    for number in (signal.SIGPIPE, signal.SIGINT):  # an ignored signal would stay ignored in the new program
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])

"""The first process of the cluster's process namespace: `python -I -S init.py PROGRAM ARGUMENT...`.

It runs one program, takes the exit codes of processes that lost their parents, and ends with the program. The kernel
then ends everything in the namespace, in whatever state it is: pods, shims and all.
"""

from __future__ import annotations

import os
import sys


def _run(command: list[str]) -> int:
    program = os.posix_spawn(command[0], command, os.environ)
    while True:
        pid, status = os.wait()
        if pid == program:
            return abs(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))

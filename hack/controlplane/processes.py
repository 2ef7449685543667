"""Child processes that never outlive this one, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from .exec_with_parent import PR_SET_PDEATHSIG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAUNCHER = Path(__file__).with_name("exec_with_parent.py")


def spawn(
    argv: Sequence[str | Path],
    *,
    log_file: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a program that gets `death_signal` when this process dies, by `kill -9` too (on Linux).

    It runs in a session of its own, so that Ctrl-C in a terminal reaches only this process, which can then
    end its children in order. May be called from any thread.

    Args:
        argv: the program (a path, or a name found on PATH) and its arguments.
        log_file: what the program prints is appended here, standard output and error together.
        env: the whole environment; None is this process's own.
        cwd: the folder to run in; None is this process's own.
        death_signal: what it gets when this process dies.

    Raises:
        FileNotFoundError: there is no such program.
    """
    program = shutil.which(argv[0], path=(env or os.environ).get("PATH"))
    if program is None:
        raise FileNotFoundError(f"no program {argv[0]}")
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(death_signal))]
    command = [*launcher, os.path.abspath(program), *map(str, argv[1:])]  # noqa: PTH100 - resolve() would follow links

    def start() -> subprocess.Popen[bytes]:
        with log_file.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )

    if threading.current_thread() is threading.main_thread():
        return start()
    return _lasting_thread().submit(start).result()


def end(process: subprocess.Popen[bytes], *, grace_seconds: float = 5.0) -> int:
    """Ask a child to end, make it end after `grace_seconds`, and return its exit code (minus the signal)."""
    if process.poll() is None and grace_seconds > 0:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(grace_seconds)
    process.kill()
    return process.wait()


def end_with_parent() -> None:
    """Have this process get SIGTERM when its parent dies, by `kill -9` too.

    For command-line entries that make or a shell starts. Does nothing off Linux.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above
        signal.raise_signal(signal.SIGTERM)


@functools.cache
def _lasting_thread() -> ThreadPoolExecutor:
    """Make one thread that lives as long as the process: a child dies with the thread that started it."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawn")

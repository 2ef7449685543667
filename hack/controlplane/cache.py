"""The per-user folder that keeps what was built, and the locks that keep two builders apart."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .catalog import Tool

LOOK_AGAIN_SECONDS = 0.2  # nobody notices it after a build of minutes
GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def cache_root() -> Path:
    """Give the folder of this project in the user's cache: `$XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "realtime-operator"


def tool_folder(tool: Tool) -> Path:
    """Give the folder that holds this very build of a tool, made or not."""
    machine = platform.machine().lower()
    architecture = GO_ARCHITECTURES.get(machine, machine)
    return (
        cache_root() / "tools" / f"{tool.name}-{tool.version}-{sys.platform}-{architecture}-{tool.digest()}"
    )


@contextlib.contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Make the folder `path` for half-made files; the caller holds the lock, so what is in it is a dead process's."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path, *, while_waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file `path` for the block; the system frees it when the process dies.

    Args:
        path: the lock file; made, with its folder, if there is none.
        while_waiting: called about five times a second with the process id of whoever holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                while_waiting(path.read_text().strip())
                time.sleep(LOOK_AGAIN_SECONDS)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield

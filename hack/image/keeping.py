"""What takes long to make is made once, and kept in the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hack.controlplane.cache import cache_root, locked, scratch_folder
from hack.controlplane.progress import Progress


def kept(name: str, task: str, make: Callable[[Path], Path]) -> Path:
    """Give the file or folder of this name in the cache; made at the first use, by one process at a time.

    Args:
        name: of the file or folder; another one for another content.
        task: for people who wait for another process.
        make: makes it in the empty folder that it is given, and says what of it is to be kept.

    Raises:
        ImageError: it cannot be made.
    """
    path, waiting = cache_root() / "image" / name, Progress(task)
    lock = path.with_suffix(".lock")
    with locked(lock, while_waiting=lambda pid: waiting.show(f"waiting for process {pid}")):
        if not path.exists():
            with scratch_folder(path.with_suffix(".part")) as part:
                make(part).rename(path)
    return path

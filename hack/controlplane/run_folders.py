"""One temporary folder for each running control plane, and the sweeping of those whose owner died.

The owner holds a file lock in its folder for as long as it lives. The system frees the lock however the process
ends, and it means the same to processes that cannot see each other's ids.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

OWNER, CHILDREN = "owner", "children"
LIVE, NEW = "run-", "new-"  # a folder gets its lasting name only once its lock is held
DEATH_SECONDS = 5.0  # how long a process killed by SIGKILL may take to be gone
NEW_SECONDS = 3600.0  # a folder that has kept the name of a new one for so long has no owner


def runs_root() -> Path:
    """Give the folder, private to this user, that all run folders are in. It exists only while one of them does."""
    return Path(tempfile.gettempdir()) / f"realtime-operator-{os.getuid()}"


class RunFolder:
    """A folder that goes away with the block, and with the next start if this process is killed.

    Attributes:
        path: the folder, once the block is entered.
    """

    path: Path

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or runs_root()

    def __enter__(self) -> Self:
        made = _make_in(self._root)
        self._lock = (made / OWNER).open("a")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._lock.write(f"{os.getpid()} {start_time(os.getpid())}\n")
        self._lock.flush()
        self.path = made.rename(made.with_name(LIVE + made.name.removeprefix(NEW)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _remove(self.path)
        self._lock.close()

    def record(self, component: str, pid: int) -> None:
        """Write down a child, so that a sweep ends it should it outlive us."""
        with (self.path / CHILDREN).open("a") as children:
            children.write(f"{pid} {component}\n")


def sweep(root: Path | None = None) -> list[Path]:
    """Remove the folders of dead owners, after ending what is left of their children; give what was removed."""
    root = root or runs_root()
    removed = []
    for folder in root.glob(f"{LIVE}*"):
        with _lock_of_the_dead(folder) as is_dead:
            if is_dead:
                _kill_children(folder)
                _remove(folder)
                removed.append(folder)
    for folder in root.glob(f"{NEW}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > NEW_SECONDS:
                _remove(folder)
                removed.append(folder)
    return removed


def _make_in(root: Path) -> Path:
    while True:
        with contextlib.suppress(FileExistsError):
            root.mkdir(mode=0o700)
        found = root.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o077 or root.is_symlink():
            raise PermissionError(f"{root} is not a private folder of this user")
        with contextlib.suppress(FileNotFoundError):  # somebody's last folder went, and the root with it
            return Path(tempfile.mkdtemp(prefix=NEW, dir=root))


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # others are in it
        folder.parent.rmdir()


@contextlib.contextmanager
def _lock_of_the_dead(folder: Path) -> Iterator[bool]:
    """Take a folder's lock if nobody has it."""
    try:
        with (folder / OWNER).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
    except (BlockingIOError, FileNotFoundError):
        yield False


def _kill_children(folder: Path) -> None:
    """End the recorded processes that still are what was recorded: their command line names the folder."""
    try:
        recorded = [int(line.split()[0]) for line in (folder / CHILDREN).read_text().splitlines()]
    except FileNotFoundError:
        return
    deadline = time.monotonic() + DEATH_SECONDS
    while (living := [pid for pid in recorded if _is_ours(pid, folder)]) and time.monotonic() < deadline:
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _is_ours(pid: int, folder: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder) in command


def start_time(pid: int) -> str:
    """Give the moment a process started, in ticks since the system's start: tells it from a later one of that id."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "?"
    return stat.rpartition(")")[2].split()[19]

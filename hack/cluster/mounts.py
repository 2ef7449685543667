"""The mounts that only the cluster's processes see. They go with the last of them, and nothing outside is written."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .configs import KERNEL_SETTINGS
from .place import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

PRIVATE_FOLDERS = ("/var/lib", "/var/log")
"""Places that containerd, kubelet and the network plug-ins write to and have no setting for."""

MOUNT_SECONDS = 30.0


def hidden(paths: Iterable[Path]) -> list[Path]:
    """Give those of the paths that cannot be used in the namespace, because a private folder is in their place."""
    places = [*map(Path, PRIVATE_FOLDERS), Path("/run"), Path("/var/run")]
    return [path for path in paths if any(path.is_relative_to(place) for place in places)]


def make_private(folder: Path) -> None:
    """Put private folders in the place of those of the machine, and settings that look set in the place of the kernel's.

    Args:
        folder: takes what is written.

    Raises:
        ClusterError: the system refused.
    """
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    for place in PRIVATE_FOLDERS:
        own = folder / place.strip("/").replace("/", "-")
        own.mkdir()
        _mount("--bind", str(own), place)
    for name, value in KERNEL_SETTINGS.items():
        own = folder / "sysctl" / name
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(f"{value}\n")
        _mount("--bind", str(own), f"/proc/sys/{name}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")  # of this network namespace
    _mount("--make-rshared", "/")  # so that pods see mounts that are made after their start; nobody else does


def _mount(*arguments: str) -> None:
    done = subprocess.run(
        ["mount", *arguments], capture_output=True, text=True, check=False, timeout=MOUNT_SECONDS
    )
    if done.returncode:
        raise ClusterError(f"mount {' '.join(arguments)}: {done.stderr.strip()}")


def file_system_of(path: Path) -> str:
    """Give the type of the file system that a path is on, as in ext4."""
    done = subprocess.run(
        ["stat", "--file-system", "--format=%T", path],
        capture_output=True,
        text=True,
        check=True,
        timeout=MOUNT_SECONDS,
    )
    return done.stdout.strip()

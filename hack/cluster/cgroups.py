"""The cgroups of a cluster's pods: below one of its own in every hierarchy, and removable once no process is in them."""

from __future__ import annotations

import contextlib
from pathlib import Path

MOUNTED = Path("/sys/fs/cgroup")


def of(name: str, mounted: Path = MOUNTED) -> list[Path]:
    """Give the cgroups of that name: one in version 2, one for each controller in version 1."""
    return sorted(path for path in [mounted / name, *mounted.glob(f"*/{name}")] if path.is_dir())


def remove(name: str, mounted: Path = MOUNTED) -> None:
    """Remove what can be removed of them, the innermost first. What still has processes stays."""
    for top in of(name, mounted):
        below = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
        for cgroup in [*below, top]:
            with contextlib.suppress(OSError):
                cgroup.rmdir()


def make(name: str, mounted: Path = MOUNTED) -> None:
    """Make them, as the kubelet wants to find them."""
    is_version_2 = (mounted / "cgroup.controllers").exists()
    for hierarchy in [mounted] if is_version_2 else [path for path in mounted.iterdir() if path.is_dir()]:
        (hierarchy / name).mkdir(exist_ok=True)

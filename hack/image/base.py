"""A base image made of Debian packages, for where no image registry can be reached: debootstrap, kept in the user's cache."""

from __future__ import annotations

import os
import platform
import shutil
import tarfile
from pathlib import Path

from hack.controlplane.cache import cache_root, locked, scratch_folder
from hack.controlplane.progress import Progress

from .commands import run
from .packages import install

SUITE = "trixie"  # Python 3.13, as in the Dockerfile's own base
PACKAGES = "python3,ca-certificates"
LEFT_OUT = (
    "var/cache/apt/archives",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
)
NAME = f"realtime-operator-base:{SUITE}"


def base_archive() -> Path:
    """Give the base's root file system as a tar file; made at the first use (a minute).

    Raises:
        ImageError: debootstrap failed, or cannot be had.
    """
    file = cache_root() / "image" / f"base-{SUITE}-{platform.machine()}.tar"
    waiting = Progress("base image")
    with locked(file.with_suffix(".lock"), while_waiting=lambda pid: waiting.show(f"waiting for {pid}")):
        if not file.exists():
            with scratch_folder(file.with_suffix(".part")) as part:
                _bootstrap(part / "root")
                with tarfile.open(part / "base.tar", "w") as tar:
                    tar.add(part / "root", arcname=".")
                (part / "base.tar").replace(file)
    return file


def _bootstrap(root: Path) -> None:
    if shutil.which("debootstrap") is None:
        install("debootstrap", otherwise="no debootstrap; install it")
    mirror = [url] if (url := os.environ.get("DEBIAN_MIRROR")) else []
    options = ["--variant=minbase", f"--include={PACKAGES}"]
    # what it mounts is in a namespace of its own, so nothing stays mounted however it ends
    alone = ["unshare", "--mount", "--propagation=private"]
    run(f"bootstrapping Debian {SUITE}", *alone, "debootstrap", *options, SUITE, root, *mirror)
    for folder in LEFT_OUT:
        shutil.rmtree(root / folder, ignore_errors=True)

"""A base image made of Debian packages, for where no image registry can be reached: debootstrap, kept in the user's cache."""

from __future__ import annotations

import os
import platform
import shutil
import tarfile
from pathlib import Path

from .commands import run
from .keeping import kept
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
    return kept(f"base-{SUITE}-{platform.machine()}.tar", "base image", _archived)


def _archived(part: Path) -> Path:
    _bootstrap(part / "root")
    with tarfile.open(part / "base.tar", "w") as tar:
        tar.add(part / "root", arcname=".")
    return part / "base.tar"


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

"""The programs that a node needs from the system, and their installation where they are missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hack.image.commands import ImageError
from hack.image.packages import install

from .place import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "iptables": "iptables",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
}
"""Each with the Debian package that has it."""

CNI_PACKAGE = "containernetworking-plugins"
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
CNI_PLUGINS = ("ptp", "host-local", "loopback")
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # a user's PATH may lack them


def on_path(program: str) -> str | None:
    """Give the path of a program of the system, or None."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS]))


def cni_folder() -> Path | None:
    """Give the folder that has the network plug-ins, or None."""
    return next(
        (folder for folder in CNI_FOLDERS if all((folder / name).exists() for name in CNI_PLUGINS)), None
    )


def missing(has_program: Callable[[str], object], cni: Path | None) -> list[str]:
    """Give the Debian packages that would bring what is missing, each once."""
    needed = [package for program, package in PROGRAMS.items() if not has_program(program)]
    return list(dict.fromkeys([*needed, *([] if cni else [CNI_PACKAGE])]))


def install_missing() -> None:
    """Install what is missing.

    Raises:
        ClusterError: something is, and there is no apt-get to install it with, or it failed.
    """
    packages = missing(on_path, cni_folder())
    if not packages:
        return
    needed = f"a node needs what Debian has in {', '.join(packages)}; install it and come again"
    try:
        install(*packages, otherwise=needed)
    except ImageError as error:
        raise ClusterError(str(error)) from None
    if still := missing(on_path, cni_folder()):
        raise ClusterError(f"{', '.join(still)} is installed and has not what a node needs of it")

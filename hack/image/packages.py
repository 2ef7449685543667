"""Programs of Debian that are wanted here: installed where that is possible."""

from __future__ import annotations

import os
import shutil

from .commands import ImageError, run


def install(*packages: str, otherwise: str) -> None:
    """Install Debian packages, as root on Debian.

    Args:
        packages: their names.
        otherwise: what is told where that is not possible, before the remedy.

    Raises:
        ImageError: this is not Debian, or we are not root, or it failed.
    """
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        raise ImageError(f"{otherwise}; install one of them (as root on Debian this would have been done)")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run("refreshing package lists", "apt-get", "update", "-qq", env=quiet)
    options = ["-qq", "-y", "--no-install-recommends"]
    run(f"installing {' and '.join(packages)}", "apt-get", "install", *options, *packages, env=quiet)

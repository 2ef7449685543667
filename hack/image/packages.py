"""Programs of Debian that are wanted here: installed where that is possible."""

from __future__ import annotations

import os
import shutil

from .commands import ImageError, run

# another apt-get may be at work
APT_OPTIONS = ("-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300")


def install(*packages: str, otherwise: str) -> None:
    """Install Debian packages, as root on Debian.

    Args:
        packages: their names.
        otherwise: what is told where that is not possible, with the remedy.

    Raises:
        ImageError: this is not Debian, or we are not root, or it failed.
    """
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        raise ImageError(f"{otherwise} (as root on Debian this would have been done)")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run("refreshing package lists", "apt-get", "update", *APT_OPTIONS, env=quiet)
    run(f"installing {', '.join(packages)}", "apt-get", "install", *APT_OPTIONS, *packages, env=quiet)

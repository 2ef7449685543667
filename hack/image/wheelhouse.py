"""The wheels that the image is made of: the locked dependencies, the product itself, and the pip that installs them."""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hack.controlplane.cache import GO_ARCHITECTURES

from .commands import ImageError, run
from .install import PYTHON_VERSION
from .keeping import kept

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "runtime.lock"
PIP = Path(__file__).with_name("pip.txt")
WHEELHOUSE = ROOT / "dist" / "wheelhouse"
MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
GLIBC = ("2_28", "2_17")  # the oldest glibc of each wheel's promise; any base of today has a later one


def here() -> str:
    """Give the platform of this machine, as image builders name it."""
    machine = platform.machine().lower()
    return f"linux/{GO_ARCHITECTURES.get(machine, machine)}"


def make_wheelhouse(python: str, platforms: Sequence[str], *, folder: Path = WHEELHOUSE) -> Path:
    """Make the folder anew: dependencies by the hashes of the lock file (from the cache if they were fetched before), and the product.

    Args:
        python: the image's Python, as in 3.13.
        platforms: of MACHINES; several may share one wheelhouse.
        folder: where it goes.

    Raises:
        ImageError: a wheel cannot be had.
    """
    unknown = [one for one in platforms if one not in MACHINES]
    if unknown or not platforms:
        raise ImageError(f"PLATFORMS takes {' and '.join(MACHINES)}, not {', '.join(unknown) or 'nothing'}")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_dependencies(python, platforms), folder)
    (folder / PYTHON_VERSION).write_text(f"{python}\n")
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d"]
    run("making the product's wheel", sys.executable, *build, folder, cwd=ROOT)
    return folder


def _dependencies(python: str, platforms: Sequence[str]) -> Path:
    said = repr((python, sorted(platforms), GLIBC)).encode() + LOCK.read_bytes() + PIP.read_bytes()

    def fetched(part: Path) -> Path:
        for one in platforms:
            _fetch(python, MACHINES[one], part)
        return part

    return kept(f"wheels-{hashlib.sha256(said).hexdigest()[:12]}", "wheels", fetched)


def _fetch(python: str, machine: str, folder: Path) -> None:
    tag = f"cp{python.replace('.', '')}"
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check"]
    options += ["--implementation=cp", f"--python-version={python}"]
    options += [f"--abi={abi}" for abi in (tag, "abi3", "none")]
    options += [f"--platform=manylinux_{glibc}_{machine}" for glibc in GLIBC]
    files = [f"-r{LOCK}", f"-r{PIP}"]
    command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", *files]
    run(f"fetching wheels for Python {python} on {machine}", *command)

"""What a container of the image would see, as a folder: the base, and the locked dependencies where the image has them.

For runs that measure the operator as users have it, with the image's Python and nothing installed besides, but need neither an image
builder nor a container engine. The product itself is not in it: whoever starts a process there brings the sources along.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from functools import partial
from pathlib import Path

from .base import base_archive
from .commands import ask, run
from .engines import VERSION_OF_PYTHON
from .keeping import kept
from .wheelhouse import LOCK, PIP, here, make_wheelhouse

PROGRAMS = Path("opt/realtime-operator")
INSTALL = Path(__file__).with_name("install.py")
DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"
SKIPPED_LINE = re.compile(r"^[ \t]*(#.*)?\n", re.MULTILINE)
GOES_ON = re.compile(r"\\[ \t]*\n")


def variables(dockerfile: str | None = None) -> dict[str, str]:
    """Give the environment that the image sets, but for its PATH.

    Args:
        dockerfile: its text; None is our own's.
    """
    text = DOCKERFILE.read_text() if dockerfile is None else dockerfile
    # Comments and empty lines go before lines are joined: they may stand within a statement, and do not end it.
    joined = GOES_ON.sub(" ", SKIPPED_LINE.sub("", text))
    (*_, image) = joined.split("\nFROM ")
    statements = re.findall(r"^ENV (.*)$", image, re.MULTILINE)
    found = dict(re.findall(r"(\w+)=(\S+)", " ".join(statements)))
    found.pop("PATH", None)
    return found


def file_system() -> Path:
    """Give the folder; made at the first use (a minute), and again when the dependencies have changed.

    Raises:
        ImageError: base or dependencies cannot be had, or we are not root.
    """
    archive = base_archive()
    said = archive.name.encode() + LOCK.read_bytes() + PIP.read_bytes() + INSTALL.read_bytes()
    name = f"files-{hashlib.sha256(said).hexdigest()[:12]}"
    return kept(name, "file system of the image", partial(_made, archive))


def _made(archive: Path, part: Path) -> Path:
    root, wheelhouse = part / "root", part / "wheelhouse"
    root.mkdir()
    run("unpacking the base", "tar", "--extract", "--file", archive, "--directory", root)
    python = ask("chroot", root, *VERSION_OF_PYTHON)
    build = root / "build"
    build.mkdir()
    shutil.copy(INSTALL, build)
    shutil.move(make_wheelhouse(python, [here()], folder=wheelhouse), build / "wheelhouse")
    run(
        "installing the dependencies",
        *("chroot", root, "python3", "/build/install.py", "/build/wheelhouse", f"/{PROGRAMS}"),
    )
    shutil.rmtree(build)
    for product in (root / PROGRAMS).glob("lib/python*/site-packages/realtime_operator"):
        shutil.rmtree(product)
    return root

"""What the operator is started in: the environment of the bench itself, or the image's Python with the image's packages and no others.

Users run the image. Its Python is a later one than many machines have, and it has no official Kubernetes client, which kopf takes up
where there is one.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.settings import Surroundings
from hack.image.commands import ask
from hack.image.file_system import PROGRAMS, file_system, variables

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = "/product"
"""Where the operator's sources are seen in there."""

TEMPORARY: Final = "/tmp"  # noqa: S108 - that of a file system of its own
VERSION: Final = "import platform; print(platform.python_version())"


@dataclass(frozen=True, slots=True)
class Home:
    """Where a Python is, and what it sees.

    Attributes:
        root: the file system that it runs in; None for the machine's own.
        python: the program, as that file system knows it.
        sources: the entries of its PYTHONPATH.
        variables: that are set in there.
    """

    root: Path | None
    python: str
    sources: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def version(self) -> str:
        """Ask it for its version."""
        question = (self.python, "-c", VERSION)
        return ask(*question) if self.root is None else ask("chroot", self.root, *question)

    def command(self, module: list[str | Path], folder: Path) -> list[str | Path]:
        """Give the command that runs a module of the product.

        Args:
            module: its name and arguments.
            folder: of the run; found under the same path in there.
        """
        if self.root is None:
            return [self.python, "-m", *module]
        # In a mount namespace of its own, so that nothing stays mounted however it ends; each program takes the place of the one before.
        root = shlex.quote(str(self.root))
        binds = {"/proc": "/proc", "/dev": "/dev", str(folder): str(folder), str(ROOT / "operator"): SOURCES}
        steps = [f"mount -t tmpfs none {root}{TEMPORARY}"]  # so that the run's folder leaves none behind
        for source, target in binds.items():
            seen = f"{root}{shlex.quote(target)}"
            steps += [f"mkdir -p {seen}", f"mount --rbind {shlex.quote(source)} {seen}"]
        script = " && ".join([*steps, f'exec chroot {root} "$@"'])
        alone = ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh"]
        return [*alone, self.python, "-m", *module]

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Give the variables that it runs with, out of ours."""
        return {**variables, **self.variables, "PYTHONPATH": os.pathsep.join(self.sources)}


OUR_OWN: Final = Home(None, sys.executable, (str(ROOT / "operator"), str(ROOT)), {})


def home(wanted: Surroundings) -> Home:
    """Find what is wanted, or make it.

    Raises:
        ImageError: it cannot be made.
    """
    if wanted is Surroundings.HERE:
        return OUR_OWN
    return Home(file_system(), f"/{PROGRAMS}/bin/python", (SOURCES,), variables())

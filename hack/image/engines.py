"""The programs that build images, each behind the same few verbs."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Final

from . import base
from .commands import ImageError, ask, run
from .packages import install

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
OFFICIAL: Final = "python:3.13-slim"
"""The base of the Dockerfile, for engines that can fetch it."""

NO_BUILDER: Final = "no docker with an engine, no podman, no buildah and debootstrap; install one of them"
VERSION_OF_PYTHON: Final = ("python3", "-c", "import sysconfig; print(sysconfig.get_python_version())")


class Engine(ABC):
    """Builds an image from the Dockerfile.

    Attributes:
        name: the program's.
    """

    name: str

    def base_image(self, wanted: str | None) -> str:
        """Give the base to build on, there and ready: the one that is wanted, or the engine's default."""
        return wanted or OFFICIAL

    @abstractmethod
    def python_version(self, image: str) -> str:
        """Ask the Python in an image for its minor version, as in 3.13."""

    @abstractmethod
    def build(self, image: str, arguments: Mapping[str, str]) -> None:
        """Build the Dockerfile under the name `image`."""

    @abstractmethod
    def layers(self, image: str) -> int:
        """Count the layers of an image."""

    @abstractmethod
    def save(self, image: str, archive: Path) -> None:
        """Write an image as a docker-archive."""


class Docker(Engine):
    """Docker, or podman, which takes the same words."""

    def __init__(self, name: str) -> None:
        self.name = name

    def python_version(self, image: str) -> str:
        """Run it."""
        program, *arguments = VERSION_OF_PYTHON
        return ask(self.name, "run", "--rm", "--network=none", f"--entrypoint={program}", image, *arguments)

    def build(self, image: str, arguments: Mapping[str, str]) -> None:
        """Build with the engine."""
        options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        run(f"building with {self.name}", self.name, "build", f"--tag={image}", *options, ".", cwd=ROOT)

    def layers(self, image: str) -> int:
        """Ask the engine."""
        return int(ask(self.name, "image", "inspect", "--format={{len .RootFS.Layers}}", image))

    def save(self, image: str, archive: Path) -> None:
        """Have the engine write it."""
        form = ["--format=docker-archive"] if self.name == "podman" else []
        run(f"saving {image}", self.name, "save", *form, f"--output={archive}", image)


class Buildah(Engine):
    """Buildah with chroot isolation, which needs no engine, no user namespace and no registry."""

    name = "buildah"

    def base_image(self, wanted: str | None) -> str:
        """Make one of Debian packages where none is wanted."""
        if wanted:
            return wanted
        image = f"localhost/{base.NAME}"
        if not ask(self.name, "images", "--all", "--quiet", "--filter", f"reference={image}"):
            archive = base.base_archive()
            with self._container("scratch") as container:
                run("unpacking the base image", self.name, "add", "--quiet", container, archive, "/")
                run("storing the base image", self.name, "commit", "--quiet", container, image)
        return image

    def python_version(self, image: str) -> str:
        """Run it."""
        with self._container(image) as container:
            return ask(self.name, "run", "--isolation=chroot", container, "--", *VERSION_OF_PYTHON)

    def build(self, image: str, arguments: Mapping[str, str]) -> None:
        """Build with the engine."""
        options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        options += [
            "--isolation=chroot",
            "--format=docker",
            "--pull=false",
            f"--tag={image}",
            "--file=Dockerfile",
        ]
        before = self._ids(image)
        run("building with buildah", self.name, "bud", *options, ".", cwd=ROOT)
        for old in before - self._ids(image):  # it has lost its name to the new one
            with contextlib.suppress(ImageError):
                ask(self.name, "rmi", old)

    def layers(self, image: str) -> int:
        """Ask the engine."""
        return int(ask(self.name, "inspect", "--type=image", "--format={{len .OCIv1.RootFS.DiffIDs}}", image))

    def save(self, image: str, archive: Path) -> None:
        """Have the engine write it."""
        archive.unlink(missing_ok=True)  # it would be added to
        run(f"saving {image}", self.name, "push", "--quiet", image, f"docker-archive:{archive}:{image}")

    def _ids(self, image: str) -> set[str]:
        return set(
            ask(self.name, "images", "--quiet", "--no-trunc", "--filter", f"reference={image}").split()
        )

    @contextlib.contextmanager
    def _container(self, image: str) -> Iterator[str]:
        container = ask(self.name, "from", "--pull=false", image)
        try:
            yield container
        finally:
            ask(self.name, "rm", container)


def find_engine(wanted: str | None) -> Engine:
    """Give the engine that is wanted, or the first that works here; on Debian, as root, one is installed.

    Raises:
        ImageError: there is none.
    """
    if wanted:
        return _named(wanted)
    for name in ("docker", "podman"):
        if _works(name):
            return Docker(name)
    if shutil.which("buildah") is None or shutil.which("debootstrap") is None:
        install("buildah", "debootstrap", otherwise=NO_BUILDER)
    return Buildah()


def _named(name: str) -> Engine:
    engines = {"docker": Docker, "podman": Docker}
    if name == "buildah":
        return Buildah()
    if name not in engines:
        raise ImageError(f"BUILDER is docker, podman or buildah, not {name}")
    return engines[name](name)


def _works(name: str) -> bool:
    if shutil.which(name) is None:
        return False
    done = subprocess.run([name, "info"], capture_output=True, check=False, timeout=60)
    return done.returncode == 0

"""The three kinds of cluster that `CLUSTER` chooses from, each behind the same few verbs."""

from __future__ import annotations

import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hack.controlplane import tool_path
from hack.image.commands import ImageError, run

from . import life
from .images import import_image
from .place import ClusterError, Place, place_of, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_NAME: Final = "dev"
KIND_CONFIG: Final = Path(__file__).with_name("kind.yaml")
ASK_SECONDS: Final = 60.0


class Cluster(ABC):
    """A cluster with real nodes.

    Attributes:
        kind: what CLUSTER calls it.
    """

    kind: str

    @property
    @abstractmethod
    def kubeconfig(self) -> Path:
        """The administrator's.

        Raises:
            ClusterError: the cluster is not up.
        """

    @abstractmethod
    def up(self) -> bool:
        """Bring it up; tell whether it was not up before.

        Raises:
            ClusterError: it cannot be.
        """

    @abstractmethod
    def down(self) -> bool:
        """Take it down, with all that is left of it; tell whether there was anything.

        Raises:
            ClusterError: something does not go.
        """

    @abstractmethod
    def load(self, archive: Path) -> bool:
        """Have the nodes hold the images of an archive; tell whether that could be done.

        Raises:
            ClusterError: a node did not take it.
        """


class NodeCluster(Cluster):
    """One real node in namespaces of this machine."""

    kind = "node"

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        if not self._place.kubeconfig.exists():
            raise ClusterError(f"cluster {self._place.name} is not up; make cluster-up brings it up")
        return self._place.kubeconfig

    def up(self) -> bool:
        """Start it."""
        if life.is_up(self._place):
            return False
        life.up(self._place)
        return True

    def down(self) -> bool:
        """End it."""
        return life.down(self._place)

    def load(self, archive: Path) -> bool:
        """Hand it to containerd."""
        record = read_record(self._place.record)
        if record is None or not record.is_alive():
            raise ClusterError(f"cluster {self._place.name} is not up; make cluster-up brings it up")
        with archive.open("rb") as content:
            import_image(content, inside_of=record.pid)
        return True


class KindCluster(Cluster):
    """A cluster of kind, where there is a Docker to run it in. Written by its documentation; not run by the authors yet."""

    kind = "kind"

    def __init__(self, place: Place) -> None:
        self._name = place.cgroup
        self._folder = place.folder
        self._file = place.folder / "kind.kubeconfig"

    @property
    def kubeconfig(self) -> Path:
        """The one that kind wrote."""
        if not self._file.exists():
            raise ClusterError(
                f"kind cluster {self._name} is not up; make cluster-up CLUSTER=kind brings it up"
            )
        return self._file

    def up(self) -> bool:
        """Have kind create it."""
        if self._name in self._kind("get", "clusters").split():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._kind("export", "kubeconfig", f"--name={self._name}", f"--kubeconfig={self._file}")
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        options = [
            f"--name={self._name}",
            f"--config={KIND_CONFIG}",
            f"--kubeconfig={self._file}",
            "--wait=180s",
        ]
        _run("creating the kind cluster", "kind", "create", "cluster", *options)
        return True

    def down(self) -> bool:
        """Have kind delete it."""
        there = self._name in self._kind("get", "clusters").split()
        if there:
            _run("deleting the kind cluster", "kind", "delete", "cluster", f"--name={self._name}")
        shutil.rmtree(self._folder, ignore_errors=True)
        return there

    def load(self, archive: Path) -> bool:
        """Have kind hand it to its nodes."""
        _run("loading the image", "kind", "load", "image-archive", str(archive), f"--name={self._name}")
        return True

    @staticmethod
    def _kind(*arguments: str) -> str:
        if shutil.which("kind") is None:
            raise ClusterError("CLUSTER=kind needs the program kind, and Docker")
        done = subprocess.run(
            ["kind", *arguments], capture_output=True, text=True, check=False, timeout=ASK_SECONDS
        )
        if done.returncode:
            raise ClusterError(f"kind {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout


class ExistingCluster(Cluster):
    """A cluster that somebody else keeps: it is used, and never brought up or taken down."""

    kind = "existing"

    def __init__(self, kubeconfig: str | None) -> None:
        self._file = kubeconfig

    @property
    def kubeconfig(self) -> Path:
        """The one given."""
        if not self._file or not Path(self._file).is_file():
            raise ClusterError("CLUSTER=existing needs KUBECONFIG to name one file, and it to be there")
        return Path(self._file).absolute()

    def up(self) -> bool:
        """See that it answers."""
        question = [str(tool_path("kubectl")), f"--kubeconfig={self.kubeconfig}", "get", "--raw=/readyz"]
        done = subprocess.run(question, capture_output=True, text=True, check=False, timeout=ASK_SECONDS)
        if done.returncode:
            raise ClusterError(f"the cluster of {self.kubeconfig} does not answer: {done.stderr.strip()}")
        return False

    def down(self) -> bool:
        """Leave it as it is."""
        return False

    def load(self, archive: Path) -> bool:  # noqa: ARG002 - its nodes fetch from where the image was pushed to
        """Leave it to a registry."""
        return False


def choose(environment: Mapping[str, str]) -> Cluster:
    """Give the cluster that CLUSTER (node, kind or existing), CLUSTER_NAME and KUBECONFIG ask for.

    Raises:
        ClusterError: for a value that cannot be used.
    """
    place = place_of(environment.get("CLUSTER_NAME") or DEFAULT_NAME)
    kind = environment.get("CLUSTER") or NodeCluster.kind
    if kind == NodeCluster.kind:
        return NodeCluster(place)
    if kind == KindCluster.kind:
        return KindCluster(place)
    if kind == ExistingCluster.kind:
        return ExistingCluster(environment.get("KUBECONFIG"))
    raise ClusterError(f"CLUSTER={kind}: give node, kind or existing")


def _run(task: str, *argv: str) -> None:
    try:
        run(task, *argv)
    except (ImageError, FileNotFoundError) as error:
        raise ClusterError(str(error)) from None

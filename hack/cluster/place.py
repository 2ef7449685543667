"""Where a cluster is kept, and what is written down of one that runs."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from hack.controlplane.cache import cache_root
from hack.controlplane.run_folders import start_time

NAMES = re.compile(
    r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?"
)  # with its prefix it is an interface's name: 15 bytes at most


class ClusterError(RuntimeError):
    """A cluster cannot be made, found or removed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder and the names of one cluster.

    Attributes:
        name: of the cluster; so there can be several, each in a network namespace of its own.
        folder: all that is kept of it.
    """

    name: str
    folder: Path

    @property
    def lock(self) -> Path:
        """Held by whoever brings the cluster up or down. It stays, so that all who wait for it wait for the same."""
        return self.folder.with_name(f"{self.name}.lock")

    @property
    def record(self) -> Path:
        """Who keeps the cluster running."""
        return self.folder / "record.json"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, while the cluster is up."""
        return self.folder / "kubeconfig"

    @property
    def log(self) -> Path:
        """What the keeper printed."""
        return self.folder / "keeper.log"

    @property
    def cgroup(self) -> str:
        """The one that all pods are below, in every hierarchy."""
        return f"realtime-operator-{self.name}"

    @property
    def interface(self) -> str:
        """This machine's end of the wire to the node."""
        return f"rto-{self.name}"


def place_of(name: str, root: Path | None = None) -> Place:
    """Give the place of the cluster with this name.

    Raises:
        ClusterError: no cluster can have the name.
    """
    if NAMES.fullmatch(name) is None:
        raise ClusterError(
            f"a cluster cannot be called {name!r}: take up to 10 of a-z, 0-9 and -, first a letter, no - at the end"
        )
    return Place(name, (root or cache_root() / "clusters") / name)


@dataclass(frozen=True, slots=True)
class Record:
    """The process whose end is the cluster's end.

    Attributes:
        pid: its id.
        started: when it started, in ticks since the system's start: tells it from a later process of that id.
        host: address of this machine that the node and its pods reach.
        node: address of the node.
    """

    pid: int
    started: str
    host: str
    node: str

    def is_alive(self) -> bool:
        """Tell whether the process still runs."""
        return start_time(self.pid) == self.started and not _has_ended(self.pid)

    def write(self, path: Path) -> None:
        """Write it down, whole or not at all."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self)))
        part.replace(path)


def read_record(path: Path) -> Record | None:
    """Read what was written down; None where there is nothing, or nothing that can be read."""
    try:
        return Record(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _has_ended(pid: int) -> bool:
    """Tell whether only the process's exit code is left of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True

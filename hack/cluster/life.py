"""Brings a cluster up and takes it down. There is one way down, the one that a crash takes.

All of a cluster's processes are in a process namespace whose first process ends when the recorded one does; its mounts
and its network are in namespaces that go with the last process. What is left to remove are folders and cgroups.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hack.controlplane import sweep, tool_path
from hack.controlplane.cache import locked
from hack.controlplane.interruption import signals_held
from hack.controlplane.progress import Progress
from hack.controlplane.run_folders import start_time

from . import cgroups
from .mounts import hidden
from .network import connect, free_wire, known_networks
from .packages import install_missing, on_path
from .place import ClusterError, Place, Record, read_record
from .words import GO, KEEP, admin_api, node_is_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TOOLS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "pod-pause",
    "kubectl",
)
NAMESPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc")
GONE_SECONDS = 240.0
"""How long the kernel may take to end some twenty processes and to give up what they had. Seconds, as a rule; once a network
was seen to stay for more than two minutes after its last process."""

LOOK_AGAIN_SECONDS = 0.02
LOG_TAIL_LINES = 20


def is_up(place: Place) -> bool:
    """Tell whether the cluster runs and takes pods."""
    record = read_record(place.record)
    if record is None or not record.is_alive() or not place.kubeconfig.exists():
        return False
    folder = next(place.folder.glob("run-*"), None)
    return folder is not None and node_is_ready(admin_api(folder, record.node))


def up(place: Place) -> Record:
    """Bring the cluster up, unless it is; give who keeps it running.

    If this is interrupted nothing is left; once it returns, the cluster runs on until `down`.

    Raises:
        ClusterError: it cannot be; the message says why.
        hack.controlplane.BuildError, GoMissingError: a program had to be built and could not be.
    """
    if os.getuid() != 0 or sys.platform != "linux":
        raise ClusterError(
            "a node of one's own needs root on Linux; elsewhere: CLUSTER=kind, CLUSTER=existing"
        )
    with _held(place):
        record = read_record(place.record)
        if record is not None and is_up(place):
            return record
        _clear(place)
        install_missing()
        programs = [tool_path(tool) for tool in TOOLS]
        if out_of_sight := hidden([ROOT, place.folder, Path(sys.prefix), *programs]):
            raise ClusterError(f"{out_of_sight[0]} is in a folder that the node replaces; keep it elsewhere")
        return _Start(place).to_its_end()


def down(place: Place) -> bool:
    """Take the cluster down and remove all that is left of it; tell whether there was anything.

    Raises:
        ClusterError: something does not go; the message says what.
    """
    if not place.folder.exists() and not _left(place, None):
        return False
    with _held(place):
        _clear(place)
    return True


@contextlib.contextmanager
def _held(place: Place) -> Iterator[None]:
    progress = Progress(f"cluster {place.name}")
    with locked(
        place.lock, while_waiting=lambda pid: progress.show(f"waiting for process {pid}, which is at it")
    ):
        yield


def _clear(place: Place) -> None:
    """End what runs, and remove all that is left."""
    record = read_record(place.record)
    if record is not None and record.is_alive():
        os.kill(record.pid, signal.SIGKILL)
    deadline = time.monotonic() + GONE_SECONDS
    while (left := _left(place, record)) and time.monotonic() < deadline:
        sweep(place.folder)  # takes only what nobody's process holds
        cgroups.remove(place.cgroup)
        time.sleep(LOOK_AGAIN_SECONDS)
    if left:
        raise ClusterError(f"after {GONE_SECONDS:.0f} s there still are: {', '.join(left)}")
    shutil.rmtree(place.folder, ignore_errors=True)


def _left(place: Place, record: Record | None) -> list[str]:
    """Give what is still there of a cluster that has been ended."""
    return [
        *([f"process {record.pid}"] if record is not None and record.is_alive() else []),
        *(
            [f"network interface {place.interface}"]
            if Path("/sys/class/net", place.interface).exists()
            else []
        ),
        *map(str, cgroups.of(place.cgroup)),
        *map(str, place.folder.glob("run-*")),
    ]


class _Start:
    """One attempt to bring a cluster up."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._progress = Progress(f"cluster {place.name}")
        self._wire = free_wire(known_networks())

    def to_its_end(self) -> Record:
        """Start the keeper, follow it until the cluster takes pods, and let go of it."""
        process = self._start()
        try:
            return self._follow(process)
        except BaseException:
            with signals_held():
                process.kill()
                process.wait()
                self._progress.close("failed; removing what there is of it")
                _clear(self._place)
            raise
        finally:
            for end in (process.stdin, process.stdout):
                if end is not None:
                    end.close()

    def _start(self) -> subprocess.Popen[str]:
        init = [sys.executable, "-I", "-S", str(Path(__file__).with_name("init.py"))]
        wire = [self._wire.host, self._wire.node, str(self._wire.prefix)]
        command = [sys.executable, "-m", "hack.cluster.keeper", self._place.name, *wire]
        unshare = on_path("unshare") or "unshare"
        self._place.folder.mkdir(mode=0o700)
        with self._place.log.open("ab") as log:
            return subprocess.Popen(
                [unshare, *NAMESPACES, *init, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                start_new_session=True,  # Ctrl-C reaches this process only
            )

    def _follow(self, process: subprocess.Popen[str]) -> Record:
        record = Record(process.pid, start_time(process.pid), self._wire.host, self._wire.node)
        record.write(self._place.record)
        for said in self._lines(process):
            if said.get("step") == "namespaces":
                connect(self._wire, self._place.interface, process.pid)
                self._tell(process, GO)
            self._progress.show(said.get("step", ""))
            if "error" in said:
                raise ClusterError(said["error"])
            if "folder" in said:
                shutil.copy(Path(said["folder"], "admin.kubeconfig"), self._place.kubeconfig)
                self._tell(process, KEEP)
                self._progress.close(f"up, {record.node}")
                return record
        log = self._place.log.read_text(errors="replace").splitlines()
        raise ClusterError("\n".join(["the cluster ended at its start:", *log[-LOG_TAIL_LINES:]]))

    @staticmethod
    def _lines(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
        yield from map(json.loads, process.stdout or ())

    @staticmethod
    def _tell(process: subprocess.Popen[str], word: str) -> None:
        if process.stdin is not None:
            process.stdin.write(word)
            process.stdin.flush()

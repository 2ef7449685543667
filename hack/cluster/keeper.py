"""Runs a cluster inside its namespaces: `python -m hack.cluster.keeper NAME HOST NODE PREFIX`, started by `up` only.

It says where it is on standard output, one JSON object a line, and hears on standard input: `go` once the wire is laid,
`keep` once the cluster shall outlive who started it. Until then it ends when that one does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hack.controlplane import ControlPlane, control_plane, spawn, tool_path

from . import cgroups, configs
from .images import import_image, write_image
from .mounts import file_system_of, make_private
from .network import Wire, put_up_node_end
from .packages import cni_folder, on_path
from .place import ClusterError, Place, place_of
from .words import GO, KEEP, NODE_NAME, admin_api, node_is_ready

if TYPE_CHECKING:
    from collections.abc import Callable

READY_SECONDS = 90.0  # on a machine whose every core is busy; a few seconds else
LOOK_AGAIN_SECONDS = 0.05
WATCH_SECONDS = 1.0
LOG_TAIL_LINES = 20


def main() -> int:
    """Run until a component ends; give the exit code."""
    name, host, node, prefix = sys.argv[1:]
    _say(step="namespaces")
    if sys.stdin.readline() != GO:
        return 1
    kept = threading.Event()
    threading.Thread(target=_hear, args=(kept,), daemon=True).start()
    place = place_of(name)
    try:
        put_up_node_end(Wire(host, node, int(prefix)))
        _run(place, node, kept)
    except Exception as error:  # noqa: BLE001 - whoever started this is told, whatever it is
        if kept.is_set():
            sys.stderr.write(f"{error}\n")
        else:
            _say(
                error=f"{type(error).__name__}: {error}"
                if not isinstance(error, ClusterError)
                else str(error)
            )
        return 1
    return 0


def _run(place: Place, address: str, kept: threading.Event) -> None:
    _say(step="control plane")
    with control_plane(
        controllers=True,
        address=address,
        ports=lambda: configs.PORT,
        root=place.folder,
        extra_arguments=configs.plane_arguments(address),
    ) as plane:
        members = Members(place, plane, address)
        members.start()
        _say(folder=str(plane.directory))
        kept.wait()
        log = os.open(place.log, os.O_WRONLY | os.O_APPEND)
        os.dup2(log, sys.stdout.fileno())
        while True:
            members.check()
            time.sleep(WATCH_SECONDS)


class Members:
    """The processes of the node beside its control plane."""

    def __init__(self, place: Place, plane: ControlPlane, address: str) -> None:
        self._plane = plane
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        folder = plane.directory
        network_plugins = cni_folder()
        if network_plugins is None:
            raise ClusterError("the network plug-ins are gone")
        self._node = configs.Node(
            name=NODE_NAME,
            address=address,
            folder=folder,
            cgroup=place.cgroup,
            cni_folder=network_plugins,
            snapshotter=configs.snapshotter_for(file_system_of(folder)),
            may_raise_priority=configs.may_raise_priority(_own_status()),
        )
        self._api = admin_api(folder, address)

    def start(self) -> None:
        """Start all of them, and wait until the node takes pods.

        Raises:
            ClusterError: one does not get ready.
        """
        node, folder, identity = self._node, self._node.folder, self._plane.identity
        make_private(folder)
        cgroups.make(node.cgroup)
        (folder / "cni").mkdir()
        (folder / "cni" / "10-pods.conflist").write_text(configs.cni_config(node))
        (folder / "containerd.toml").write_text(configs.containerd_config(node))
        (folder / "kubelet.yaml").write_text(configs.kubelet_config(node, self._plane.ca_file))
        self._launch("containerd", on_path("containerd"), [f"--config={folder}/containerd.toml"])
        scheduler = identity("system:kube-scheduler")
        self._launch("kube-scheduler", tool_path("kube-scheduler"), configs.scheduler_arguments(scheduler))
        proxy = identity("system:kube-proxy")
        self._launch("kube-proxy", tool_path("kube-proxy"), configs.proxy_arguments(node, proxy))
        self._wait("containerd", _containerd_answers)
        pause = folder / "pause.tar"
        write_image(pause, image=configs.PAUSE_IMAGE, program=tool_path("pod-pause"))
        with pause.open("rb") as archive:
            import_image(archive)
        kubelet = identity(f"system:node:{node.name}", ["system:nodes"])
        arguments = configs.kubelet_arguments(node, kubelet, folder / "kubelet.yaml")
        self._launch("kubelet", tool_path("kubelet"), arguments)
        self._wait("kubelet", lambda: node_is_ready(self._api))

    def check(self) -> None:
        """See that all run.

        Raises:
            ClusterError: one has ended; with the end of its log.
        """
        for component, process in self._processes.items():
            if process.poll() is not None:
                raise ClusterError(
                    f"{component} ended with code {process.returncode}:\n{self._log(component)}"
                )
        if len(self._plane.pids) < len(("etcd", "kube-apiserver", "kube-controller-manager")):
            raise ClusterError(f"of the control plane only {', '.join(self._plane.pids)} still run")

    def _launch(self, component: str, program: Path | str | None, arguments: list[str]) -> None:
        if program is None:
            raise ClusterError(f"{component} is gone")
        _say(step=component)
        folder = self._node.folder
        scratch = folder / "tmp"
        scratch.mkdir(exist_ok=True)
        environment = os.environ | {"TMPDIR": str(scratch)}
        log = folder / f"{component}.log"
        self._processes[component] = spawn([program, *arguments], log_file=log, env=environment, cwd=folder)

    def _wait(self, component: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{component} was not ready after {READY_SECONDS:.0f} s:\n{self._log(component)}"
                )
            time.sleep(LOOK_AGAIN_SECONDS)

    def _log(self, component: str) -> str:
        said = (self._node.folder / f"{component}.log").read_text(errors="replace")
        return "\n".join(said.splitlines()[-LOG_TAIL_LINES:])


def _containerd_answers() -> bool:
    command = ["ctr", "--address", configs.CONTAINERD_SOCKET, "--connect-timeout", "1s", "version"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=READY_SECONDS)
    return done.returncode == 0


def _own_status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _hear(kept: threading.Event) -> None:
    """Wait for the word; without it end this process, and with it everything in the namespace, at once."""
    if sys.stdin.readline() != KEEP:
        os._exit(1)
    kept.set()


def _say(**what: str) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    sys.exit(main())

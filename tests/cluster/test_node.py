"""A real node: it takes a pod, stays up, and leaves nothing, whatever ends it. As root on Linux, with containerd."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.cluster import cgroups
from hack.cluster.life import TOOLS
from hack.cluster.packages import cni_folder, missing, on_path
from hack.cluster.place import Place, place_of, read_record
from hack.controlplane import tool_path
from hack.controlplane.catalog import PAUSE
from hack.controlplane.catalog import TOOLS as TOOLS_KNOWN
from hack.controlplane.lookup import find
from tests.controlplane.waiting import wait_until

ROOT = Path(__file__).parents[2]
LACKING = (
    missing(on_path, cni_folder()) if os.getuid() == 0 and sys.platform == "linux" else ["root on Linux"]
)
UNBUILT = [tool for tool in TOOLS if find(TOOLS_KNOWN[tool]) is None]
pytestmark = [
    pytest.mark.timeout(300),  # on a machine that is busy with other tests; 12 s else
    pytest.mark.skipif(
        bool(LACKING), reason=f"a node needs {', '.join(LACKING)}; make cluster-up installs packages"
    ),
    pytest.mark.skipif(
        bool(UNBUILT), reason=f"{', '.join(UNBUILT)} would be built first; make cluster-up does"
    ),
]
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "probe"},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [
            {"name": "pause", "image": f"localhost/pod-pause:{PAUSE}", "imagePullPolicy": "Never"}
        ],
    },
}


@pytest.fixture
def place() -> Iterator[Place]:
    """A place of its own, cleared whatever happens."""
    it = place_of(f"t-{uuid.uuid4().hex[:6]}")
    try:
        yield it
    finally:
        _cluster(it, "down")
        it.lock.unlink()


def _cluster(place: Place, command: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "hack.cluster", command],
        cwd=ROOT,
        env=os.environ | {"CLUSTER": "node", "CLUSTER_NAME": place.name},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _kubectl(place: Place, *arguments: str, stdin: str | None = None) -> str:
    command = [str(tool_path("kubectl")), f"--kubeconfig={place.kubeconfig}", *arguments]
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, text=True, check=True).stdout


def _traces(place: Place) -> list[Path]:
    interface = Path("/sys/class/net", place.interface)
    mounts = [Path(place.name)] if str(place.folder) in Path("/proc/mounts").read_text() else []
    there = [path for path in (interface, place.folder) if path.exists()]
    return [*there, *mounts, *cgroups.of(place.cgroup), *_processes(place)]


def _processes(place: Place) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            cgroup, command = (process / "cgroup").read_text(), (process / "cmdline").read_bytes()
        except OSError:  # it ended while we looked
            continue
        if place.cgroup in cgroup or os.fsencode(place.folder) in command:
            found.append(process)
    return found


def test_a_pod_runs_and_after_a_kill_nothing_of_it_is_left(place: Place) -> None:
    """`kill -9` of what keeps it ends the pods too; `down` removes what processes cannot take with them."""
    assert _cluster(place, "up")["started"] is True
    assert _cluster(place, "up")["started"] is False
    _kubectl(place, "apply", "-f", "-", stdin=json.dumps(POD))
    _kubectl(place, "wait", "--for=condition=Ready", "pod/probe", "--timeout=60s")
    assert _processes(place)
    record = read_record(place.record)
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    wait_until(lambda: not _processes(place), "the pod and all else ended")
    assert _cluster(place, "down")["removed"] is True
    assert _traces(place) == []


def test_whoever_brings_it_up_takes_it_along_if_killed_before_it_is(place: Place) -> None:
    """Nobody is left to keep a half-made cluster, so it ends."""
    environment = os.environ | {"CLUSTER": "node", "CLUSTER_NAME": place.name}
    with subprocess.Popen([sys.executable, "-m", "hack.cluster", "up"], cwd=ROOT, env=environment) as owner:
        wait_until(lambda: list(place.folder.glob("run-*/etcd.log")), "it began")
        owner.kill()
    wait_until(lambda: not _processes(place), "all ended")
    assert _cluster(place, "down")["removed"] is True
    assert _traces(place) == []

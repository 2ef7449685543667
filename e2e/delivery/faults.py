"""What goes wrong in the middle: the provider is gone for a while, the operator is killed with -9."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from e2e import standin
from e2e.commands import StepFailed, wait_for
from e2e.release import NAME, NAMESPACE

if TYPE_CHECKING:
    from e2e.commands import Commands

BACK_SECONDS: Final = 60.0
PLANT: Final = f"""
import json, sys, time, urllib.request
rule = {{"match": {{"until": time.time() + float(sys.argv[1])}}, "action": {{"kind": "drop"}}}}
url = "http://127.0.0.1:{standin.PORT}/_standin/faults"
urllib.request.urlopen(urllib.request.Request(url, json.dumps(rule).encode(), method="POST"), timeout=10)
"""


def take_provider_down(commands: Commands, seconds: float) -> None:
    """Have the provider drop every connection for so long, from now on.

    Raises:
        StepFailed: it does not do as it is told.
    """
    target = (f"deployment/{standin.NAME}", f"--namespace={standin.NAMESPACE}")
    commands.kubectl("exec", *target, "--", "python3", "-c", PLANT, f"{seconds}")


def kill_operator(commands: Commands) -> None:
    """Kill the operator's process with -9, without a word to anybody; the kubelet will start another.

    Raises:
        StepFailed: it is no process of this machine.
    """
    container = _status(commands)["containerID"].rpartition("/")[2]
    processes = [
        int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cgroup") if _is_in(path, container)
    ]
    if not processes:
        raise StepFailed(
            "the operator is no process of this machine: SUITE=delivery takes CLUSTER=node or kind"
        )
    for process in processes:
        os.kill(process, signal.SIGKILL)


def wait_until_back(commands: Commands, restarts: int) -> None:
    """Wait until the operator was started anew so many times since its pod was made, and is ready.

    Raises:
        StepFailed: it is not in a minute.
    """

    def is_back() -> bool:
        status = _status(commands)
        return int(status["restartCount"]) >= restarts and bool(status["ready"])

    wait_for(f"the operator ready after {restarts} restarts", is_back, seconds=BACK_SECONDS)


def _status(commands: Commands) -> dict[str, Any]:
    """Give the status of the operator's container, of the one pod that is not about to end."""
    label = f"--selector=app.kubernetes.io/name={NAME},!job-name"
    pods = commands.get("pods", f"--namespace={NAMESPACE}", label)["items"]
    statuses = [
        status
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        for status in pod["status"].get("containerStatuses", [])
        if status["name"] == "operator"
    ]
    if len(statuses) != 1:
        raise StepFailed(f"there are {len(statuses)} pods of the operator, not one")
    status: dict[str, Any] = statuses[0]
    return status


def _is_in(path: Path, container: str) -> bool:
    try:
        return container in path.read_text()
    except OSError:
        return False

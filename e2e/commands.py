"""Runs kubectl and helm as the cluster's administrator, and waiting for what they show."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hack.controlplane import tool_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

COMMAND_SECONDS: Final = 180.0
LOOK_AGAIN_SECONDS: Final = 0.25
T = TypeVar("T")


class StepFailed(Exception):
    """Something does not hold, or a command failed; the message says what was expected and what was seen."""


class Commands:
    """Runs both programs with files of their own, so that nobody's settings count and nobody's are changed."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        """Take the administrator's kubeconfig, and a folder for what the programs keep."""
        self._programs = {name: str(tool_path(name)) for name in ("kubectl", "helm")}
        self._environment = os.environ | {
            "KUBECONFIG": str(kubeconfig),
            "KUBECACHEDIR": str(folder / "kubectl"),
            "HELM_CACHE_HOME": str(folder / "helm" / "cache"),
            "HELM_CONFIG_HOME": str(folder / "helm" / "config"),
            "HELM_DATA_HOME": str(folder / "helm" / "data"),
        }

    def kubectl(self, *arguments: str | Path, stdin: str | None = None) -> str:
        """Run kubectl and give what it printed.

        Raises:
            StepFailed: it failed, or took too long.
        """
        return self._run("kubectl", arguments, stdin)

    def helm(self, *arguments: str | Path) -> str:
        """Run helm and give what it printed.

        Raises:
            StepFailed: it failed, or took too long.
        """
        return self._run("helm", arguments, None)

    def apply(self, documents: Iterable[dict[str, Any]], *more: str) -> None:
        """Apply objects, in this order.

        Raises:
            StepFailed: one was refused.
        """
        listed = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.kubectl("apply", "--filename=-", *more, stdin=json.dumps(listed))

    def get(self, *what: str) -> Any:
        """Give an object, or a list of them, as kubectl prints it in JSON.

        Raises:
            StepFailed: it is not there.
        """
        return json.loads(self.kubectl("get", *what, "--output=json"))

    def follow(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a kubectl that prints until it is killed; the caller reads its output."""
        return subprocess.Popen(
            [self._programs["kubectl"], *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # as below
        )

    def _run(self, program: str, arguments: tuple[str | Path, ...], stdin: str | None) -> str:
        try:
            done = subprocess.run(
                [self._programs[program], *map(str, arguments)],
                input=stdin,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
                start_new_session=True,  # Ctrl-C is for the run, which ends in order
            )
        except subprocess.TimeoutExpired:
            raise StepFailed(f"{program} {arguments[0]} took more than {COMMAND_SECONDS:.0f} s") from None
        if done.returncode:
            raise StepFailed(f"{program} {' '.join(map(str, arguments))}:\n{done.stderr.strip()}")
        return done.stdout


def wait_for(
    what: str, question: Callable[[], T | None], *, seconds: float, every: float = LOOK_AGAIN_SECONDS
) -> T:
    """Ask until the answer is neither None nor False, and give it.

    Args:
        what: is waited for, to be told where it does not come.
        question: gives None or False for not yet.
        seconds: to wait at most.
        every: so many seconds pass between two questions; more where one costs much.

    Raises:
        StepFailed: it is not in this time.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() > deadline:
            raise StepFailed(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)

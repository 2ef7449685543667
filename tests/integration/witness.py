"""The observer as a process beside a test, and a stand-in with a ledger of its own for it."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hack.controlplane import end, spawn
from tests.support.operator import DEADLINE, ROOT, wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator


class Witness:
    """A running observer; made by `observing`."""

    def __init__(self, process: subprocess.Popen[bytes], log_file: Path) -> None:
        self._process, self._log_file = process, log_file

    def figures(self) -> dict[str, Any]:
        """What it has counted; empty before its first word. The last, once it has ended."""
        whole = self._log_file.read_text().rpartition("\n")[0].splitlines()
        said: dict[str, Any] = json.loads(next((line for line in reversed(whole) if line[0] == "{"), "{}"))
        return said

    def findings(self) -> list[str]:
        """What it found wrong, in sentences."""
        return [line for line in self._log_file.read_text().splitlines() if line.startswith("observer: ")]

    def end(self) -> dict[str, Any]:
        """End it, and give its last figures."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(DEADLINE) == 0, self._log_file.read_text()
        return self.figures()


@contextmanager
def observing(kubeconfig: Path, namespace: str, ledger: str, log_file: Path) -> Iterator[Witness]:
    """Observe a namespace for the block.

    Args:
        kubeconfig: the observer's identity.
        namespace: to watch.
        ledger: URL of the stand-in that mints for this namespace and for no other.
        log_file: what it prints.
    """
    command = [sys.executable, "-m", "observer", "--kubeconfig", str(kubeconfig), "--namespace", namespace]
    process = spawn(
        [*command, "--ledger", ledger, "--json", "--progress", "0.2"],
        log_file=log_file,
        env=dict(os.environ),
        cwd=ROOT,
    )
    try:
        witness = Witness(process, log_file)
        wait_for(witness.figures, "the observer watches")
        yield witness
    finally:
        end(process)

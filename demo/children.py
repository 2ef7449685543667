"""The demo's own child processes: started with what they print in a file, waited for, ended."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hack.controlplane import end, spawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANSWER_SECONDS: Final = 10.0
"""How long one answer may take that says so."""

READY_SECONDS: Final = 90.0
"""How long a process may take to be ready: a second on an idle machine; on a busy one a witness first lists ten thousand Secrets."""

GRACE_SECONDS: Final = 8.0
"""How long it may take to end; the operator lets mints in flight be written, for 5 s at most."""

LOOK_AGAIN_SECONDS: Final = 0.02
TAIL_LINES: Final = 15


class StartError(RuntimeError):
    """A process did not get ready; the message names it and has the end of what it printed."""


class Child:
    """A process that dies with this one, however this one dies.

    Attributes:
        name: for people.
        pid: its process id.
    """

    def __init__(
        self, name: str, argv: Sequence[str | Path], *, log_file: Path, env: Mapping[str, str], cwd: Path
    ) -> None:
        self.name = name
        self._log_file = log_file
        self._process: subprocess.Popen[bytes] = spawn(argv, log_file=log_file, env=env, cwd=cwd)
        self.pid = self._process.pid

    def exit_code(self) -> int | None:
        """Give its exit code (minus the signal), None while it runs."""
        return self._process.poll()

    def end(self) -> int:
        """Ask it to end, make it end if it takes long, and give its exit code (minus the signal)."""
        return end(self._process, grace_seconds=GRACE_SECONDS)

    def tail(self) -> str:
        """Give the last lines that it printed."""
        return "\n".join(self._log_file.read_text(errors="replace").splitlines()[-TAIL_LINES:])

    def first(self, field: str) -> Any:
        """Wait for the first line of JSON that has this field, and give its value.

        Raises:
            StartError: the process ends, or says nothing of the kind in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while (value := _found(self._log_file.read_text(errors="replace"), field)) is None:
            self._wait(deadline)
        return value

    def answers(self, url: str) -> None:
        """Wait until it answers 200 to a GET of this address on the loopback.

        Raises:
            StartError: the process ends, or does not answer so in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not _is_ok(url):
            self._wait(deadline)

    def _wait(self, deadline: float) -> None:
        code = self.exit_code()
        if code is not None:
            raise StartError(f"the {self.name} ended with code {code} at its start:\n{self.tail()}")
        if time.monotonic() > deadline:
            raise StartError(f"the {self.name} was not ready after {READY_SECONDS:.0f} s:\n{self.tail()}")
        time.sleep(LOOK_AGAIN_SECONDS)


def _found(printed: str, field: str) -> Any:
    for line in printed.splitlines(keepends=True):
        if line.startswith("{") and line.endswith("}\n"):
            value = json.loads(line).get(field)
            if value is not None:
                return value
    return None


def _is_ok(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_SECONDS):
            return True
    except (urllib.error.URLError, OSError):
        return False

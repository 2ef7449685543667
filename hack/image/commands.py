"""Runs the programs that build, with progress in sight and what they said at hand if they fail."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hack.controlplane import end, spawn
from hack.controlplane.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK_AGAIN_SECONDS = 0.2
LOG_TAIL_LINES = 30
QUESTION_SECONDS = 120.0  # a first question may have to unpack an image


class ImageError(RuntimeError):
    """The image cannot be built; the message says why and what to do."""


def run(task: str, *argv: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a program to its end, showing its last line as progress; Ctrl-C and SIGTERM end it too.

    Raises:
        ImageError: it failed; with the end of what it said.
    """
    progress = Progress(task)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as at_end:
        log = Path(folder) / "log"
        process = spawn(argv, log_file=log, env=env, cwd=cwd)
        at_end.callback(end, process)
        while process.poll() is None:
            progress.show(_last_line(log))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_AGAIN_SECONDS)
        if process.returncode:
            progress.close("failed")
            said = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
            raise ImageError(f"{argv[0]} ended with {process.returncode}:\n{said}")
    progress.close("done")


def ask(*argv: str | Path) -> str:
    """Run a program that answers at once and give what it printed, without blanks around it.

    Raises:
        ImageError: it failed.
    """
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=QUESTION_SECONDS)
    if done.returncode:
        raise ImageError(f"{' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout.strip()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1][:100] if lines else "starting"

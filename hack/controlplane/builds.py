"""Builds one tool into the cache: whole or not at all, by one process at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from .cache import locked, scratch_folder, tool_folder
from .golang import find_go, go_environment
from .processes import spawn
from .progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from .catalog import Tool

LOOK_AGAIN_SECONDS = 0.2
INTERRUPT_GRACE_SECONDS = 10.0  # go waits for its compilers before it ends; a large package takes seconds
LOG_TAIL_LINES = 30


class BuildError(RuntimeError):
    """Go could not build a tool; the message has the end of what it said."""


def build(tool: Tool) -> Path:
    """Build a tool into the cache, unless it is there by the time it is our turn, and give its path.

    Raises:
        BuildError: the build failed.
        GoMissingError: there is no Go to build with.
    """
    folder = tool_folder(tool)
    binary = folder / tool.name
    progress = Progress(f"building {tool.name} {tool.version}")

    def say_waiting(pid: str) -> None:
        progress.show(f"waiting for process {pid}, which builds it")

    with locked(folder / "lock", while_waiting=say_waiting):
        if not binary.exists():
            go = find_go(tool.go_version())
            with scratch_folder(folder / "half-built") as scratch:
                part = scratch / tool.name
                _Go(go, tool, scratch, progress).build(part)
                part.chmod(0o755)
                part.replace(binary)
            progress.close(f"done, {binary.stat().st_size / 1e6:.0f} MB")
    return binary


class _Go:
    """Runs Go for one tool."""

    def __init__(self, go: Path, tool: Tool, scratch: Path, progress: Progress) -> None:
        self._go = go
        self._tool = tool
        self._log = scratch / "log"
        self._progress = progress
        self._environment = go_environment() | {"GOTMPDIR": str(scratch)}

    def build(self, to: Path) -> None:
        listed = self._run("fetching modules", "list", "-mod=readonly", "-deps", self._tool.package)
        packages = sum(not line.startswith("go: ") for line in listed)
        stamps = " ".join(f"-X {stamp}" for stamp in self._tool.stamps)
        options = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", f"-s -w {stamps}"]
        arguments = ["build", "-v", *options, "-o", str(to), self._tool.package]
        self._run("compiling and linking packages", *arguments, of=packages)

    def _run(self, what: str, *arguments: str, of: int = 0) -> list[str]:
        """Run one command of Go to its end and give the lines it printed."""
        self._log.unlink(missing_ok=True)
        process = spawn(
            [self._go, *arguments],
            log_file=self._log,
            env=self._environment,
            cwd=self._tool.module,
            death_signal=signal.SIGINT,  # on which go removes its temporary files
        )
        try:
            while process.poll() is None:
                self._progress.show(what, len(self._lines()), of)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK_AGAIN_SECONDS)
        except BaseException:
            _interrupt(process)
            self._progress.close("interrupted")
            raise
        if process.returncode:
            self._progress.close("failed")
            said = "\n".join(self._lines()[-LOG_TAIL_LINES:])
            raise BuildError(f"go {arguments[0]} of {self._tool.name} {self._tool.version} failed:\n{said}")
        return self._lines()

    def _lines(self) -> list[str]:
        return self._log.read_text(errors="replace").splitlines()


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """End Go together with the compilers it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(INTERRUPT_GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

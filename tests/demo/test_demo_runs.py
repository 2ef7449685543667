"""`python -m demo` with real parts: it passes, it ends when it is told to, and nothing of it is left."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hack.controlplane import runs_root, sweep
from hack.controlplane.run_folders import LIVE
from tests.controlplane.process_table import is_gone
from tests.controlplane.waiting import wait_until
from tests.support.provider import KEY, provider_process

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
pytest_plugins = ["tests.support.fixtures"]
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("kubectl"),  # so that all tools are built before a test's clock runs
]

KEYS = [
    "sessions",
    "expected_ready",
    "ready",
    "mints",
    "rotations",
    "expired_seconds",
    "missing_seconds",
    "undue_mints",
    "observations",
]
START_SECONDS = 120.0  # until the show; 10 s where nobody else computes
NUMBER_OF_CHILDREN = 5  # etcd, kube-apiserver, kube-controller-manager, the stand-in, the operator


@dataclass
class Demo:
    """A demo under way, its standard output on a terminal or in a pipe."""

    process: subprocess.Popen[bytes]
    printed: bytearray
    reader: threading.Thread

    def text(self) -> str:
        """Give what it has printed on standard output."""
        return bytes(self.printed).decode(errors="replace")

    def wait_for(self, pattern: str) -> None:
        """Wait until it has printed something like this."""
        deadline = time.monotonic() + START_SECONDS
        while not re.search(pattern, self.text()):
            assert self.process.poll() is None, f"it ended without {pattern}: {self.text()}"
            assert time.monotonic() < deadline, f"never printed {pattern}: {self.text()}"
            time.sleep(0.02)

    def children(self) -> list[int]:
        """Give the process ids of its children."""
        pid = self.process.pid
        return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def folders(self) -> list[Path]:
        """Give its run folders."""
        return [
            it
            for it in runs_root().glob(f"{LIVE}*")
            if (it / "owner").read_text().split()[0] == str(self.process.pid)
        ]

    def result(self) -> tuple[int, dict[str, Any], str]:
        """Wait for its end; give exit code, figures and what it said on standard error."""
        code = self.process.wait(120)
        self.reader.join(30)
        assert self.process.stderr is not None
        last = self.text().splitlines()[-1]
        return code, json.loads(last), self.process.stderr.read().decode()


@contextmanager
def demo(*, on_terminal: bool = False, **environment: str) -> Iterator[Demo]:
    """Run the demo; kill it if the test leaves it running."""
    far, near = pty.openpty() if on_terminal else os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=near,
        stderr=subprocess.PIPE,
    )
    os.close(near)
    printed = bytearray()
    reader = threading.Thread(target=_read, args=(far, printed))
    reader.start()
    try:
        yield Demo(process, printed, reader)
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        assert process.stderr is not None
        process.stderr.close()
        sweep()


def _read(descriptor: int, into: bytearray) -> None:
    with os.fdopen(descriptor, "rb", buffering=0) as output:
        try:
            while chunk := output.read(4096):
                into += chunk
        except OSError:  # how the end of a terminal is told
            return


def test_it_passes_and_leaves_nothing() -> None:
    """Four of five sessions ready, the short-lived one rotated, nothing expired, exit code 0, no folder, no process."""
    with demo(DEMO_SECONDS="16") as running:
        running.wait_for(r"\n +[5-9] s  ")
        children = running.children()
        assert len(children) == NUMBER_OF_CHILDREN
        (folder,) = running.folders()
        code, figures, said = running.result()
    assert (code, said) == (0, "")
    assert list(figures) == KEYS
    assert (figures["sessions"], figures["expected_ready"], figures["ready"]) == (5, 4, 4)
    assert (figures["expired_seconds"], figures["missing_seconds"], figures["undue_mints"]) == (0, 0, 0)
    assert figures["rotations"] >= 1
    assert figures["mints"] == figures["rotations"] + 4
    assert figures["observations"] >= figures["mints"]
    assert f"export KUBECONFIG={folder}/admin.kubeconfig" in running.text()
    assert all(map(is_gone, children))
    assert not folder.exists()


def test_ctrl_c_ends_the_table_early_and_in_order() -> None:
    """On a terminal: the table is drawn, SIGINT ends it, the line of figures comes last, and nothing is left."""
    with demo(on_terminal=True, DEMO_SECONDS="600") as running:
        running.wait_for(r"\D[5-9] s of 600 s; Ctrl-C ends it")
        children, (folder,) = running.children(), running.folders()
        running.process.send_signal(signal.SIGINT)
        code, figures, said = running.result()
    assert (code, said) == (0, "")
    assert (figures["ready"], figures["sessions"]) == (4, 5)
    assert "REMAINING LIFE" in running.text()
    assert all(map(is_gone, children))
    assert not folder.exists()


def test_sigterm_before_the_show_is_told() -> None:
    """An end before the sessions are applied cannot be a success: the figures are zeros, and one sentence says why."""
    with demo() as running:
        running.wait_for("control plane")
        running.process.send_signal(signal.SIGTERM)
        code, figures, said = running.result()
        assert running.folders() == []
    assert code == 1
    assert said == "demo: SIGTERM ended the demo before the sessions were applied\n"
    assert list(figures) == KEYS
    assert (figures["ready"], figures["observations"]) == (0, 0)


def test_an_operator_that_dies_fails_the_demo() -> None:
    """The show ends at once, with the end of the operator's log."""
    with demo(DEMO_SECONDS="600") as running:
        running.wait_for(r"\n   0 s  ")
        operator = next(pid for pid in running.children() if b"realtime_operator\0" in _command(pid))
        os.kill(operator, signal.SIGKILL)
        code, figures, said = running.result()
    assert code == 1
    assert "the operator ended by itself with code -9; the end of its log:" in said
    assert '"msg": "running"' in said
    assert figures["sessions"] == 5


def test_after_kill_9_nothing_runs_and_the_next_run_sweeps() -> None:
    """The kernel ends the children; the folder goes with the next start of a control plane."""
    with demo(DEMO_SECONDS="600") as running:
        running.wait_for(r"\n   0 s  ")
        children, (folder,) = running.children(), running.folders()
        running.process.kill()
        wait_until(lambda: all(map(is_gone, children)), "the children died")
        sweep()
    assert len(children) == NUMBER_OF_CHILDREN
    assert not folder.exists()


def test_the_live_api_gets_the_key_and_nobody_else(tmp_path: Path) -> None:
    """With a live provider the retired endpoint is expected to be refused; its key is in no environment and no output."""
    with (
        provider_process(tmp_path, "--retired", "Sessions") as provider,
        demo(
            DEMO_SECONDS="12",
            DEMO_PROVIDER="openai",
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=provider.remote.url,
        ) as running,
    ):
        running.wait_for(r"\n   0 s  ")
        children = running.children()
        seen = b"".join(Path(f"/proc/{pid}/environ").read_bytes() + _command(pid) for pid in children)
        code, figures, said = running.result()
        minted = len(provider.remote.ledger())
    assert (code, said) == (0, "")
    assert (figures["expected_ready"], figures["ready"], figures["mints"]) == (3, 3, minted)
    assert len(children) == NUMBER_OF_CHILDREN - 1
    assert KEY.encode() not in seen
    assert KEY not in running.text()


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()

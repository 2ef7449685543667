"""The drill as it is called, small: what it prints, and that nothing outlives it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drill.report import MEANINGS
from hack.controlplane import end, runs_root, spawn
from hack.controlplane.run_folders import LIVE
from tests.controlplane.process_table import is_gone

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
DEADLINE = 150.0  # seconds for what takes 35 on a quiet machine


def drill(log: Path, *flags: str) -> subprocess.Popen[bytes]:
    """Start a drill with a few sessions of 10 s; what it prints is in the log."""
    command = [sys.executable, "-m", "drill", "--n", "10", "--lifetime", "10", *flags]
    return spawn(command, log_file=log, cwd=ROOT)


def test_a_small_drill_is_played_and_judged(tmp_path: Path) -> None:
    """The promise is kept while the provider fails and while watches are forbidden; the last line says so."""
    process = drill(tmp_path / "log", "--scenarios", "provider,watch-403", "--seconds", "14")
    try:
        code = process.wait(DEADLINE)
    finally:
        end(process)
    said = (tmp_path / "log").read_text()
    line = json.loads(said.splitlines()[-1])
    assert code == 0, said
    assert (line["ok"], line["leaks"]) == (True, 0)
    assert set(line["scenarios"]) == {"provider", "watch-403"}
    for figures in line["scenarios"].values():
        assert figures["expired_seconds"] == figures["missing_seconds"] == figures["undue_mints"] == 0
        assert figures["is_same_process"] is True
        assert figures["rotations_after"] >= 5
    assert line["scenarios"]["watch-403"]["born_s"] > 1
    rows = {row.split()[0] for row in said.splitlines() if row}
    assert rows >= set(MEANINGS)


def test_an_interrupted_drill_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C during a fault ends every process and removes their folder, with the exit code of an interruption."""
    log = tmp_path / "log"
    process = drill(log, "--scenarios", "watch-410")
    try:
        deadline = time.monotonic() + DEADLINE
        while "watch-410: refused" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
    finally:
        end(process)
    assert len(children) >= 6
    assert all(is_gone(int(child)) for child in children)
    owners = {folder: (folder / "owner").read_text().split()[0] for folder in runs_root().glob(f"{LIVE}*")}
    assert str(process.pid) not in owners.values()

"""The bench as it is called, small: what it prints and keeps, and that nothing outlives it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.figures import MEANINGS
from hack.controlplane import end, runs_root, spawn
from tests.controlplane.process_table import is_gone

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
SMALL = ("--n", "20", "--lifetime", "10", "--idle", "1", "--operator-in", "here")
DEADLINE = 120.0  # seconds for what takes 15 on a quiet machine


def bench(tmp_path: Path, *flags: str) -> subprocess.Popen[bytes]:
    """Start the bench; what it prints is in `tmp_path / "log"`."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "bench",
        *SMALL,
        *flags,
        "--results",
        tmp_path / "results",
    ]
    return spawn(command, log_file=tmp_path / "log", cwd=ROOT)


def children_of(pid: int) -> dict[int, list[str]]:
    """Give the command lines of a process's children, by process id."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/cmdline").read_text().split("\0") for child in listed}


def test_a_small_run_is_measured_and_kept(tmp_path: Path) -> None:
    """Twenty sessions of 10 s keep their promise; the last line of output has every figure, the file has all else."""
    process = bench(tmp_path, "--scenario", "steady", "--seconds", "12")
    try:
        code = process.wait(DEADLINE)
    finally:
        end(process)
    said = (tmp_path / "log").read_text()
    assert code == 0, said
    line = json.loads(said.splitlines()[-1])
    assert line.keys() >= MEANINGS.keys()
    assert (line["scenario"], line["n"], line["lifetime"]) == ("steady", 20, 10)
    assert line["expired_seconds"] == line["missing_seconds"] == line["orphan_mints"] == 0
    assert 1 < line["rotations_per_s"] < 20
    assert 0 < line["ready_p50_s"] <= line["ready_p99_s"] <= line["ready_max_s"]
    assert 0 < line["life_used_mean"] < 1
    assert 1 <= line["api_writes_per_rotation"] < 4
    assert line["cpu_ms_per_rotation"] > 0
    assert line["memory_peak_mib"] >= line["memory_mib"] > 10
    (kept,) = (tmp_path / "results").glob("*-steady-20.json")
    assert json.loads(kept.read_text())["machine"]["cores"] >= 1


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while sessions are measured ends every process at once, with the exit code of an interruption."""
    process = bench(tmp_path, "--scenario", "steady", "--seconds", "60")
    try:
        deadline = time.monotonic() + DEADLINE
        while "measuring" not in (tmp_path / "log").read_text():
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.1)
        running = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
    finally:
        end(process)
    assert {"etcd", "kube-apiserver", "demo.provider", "realtime_operator", "bench.witness"} <= {
        word.rpartition("/")[2] for command in running.values() for word in command
    }
    assert all(map(is_gone, running))
    folders = {part for command in running.values() for word in command for part in word.split("/")}
    assert not any(folder.name in folders for folder in runs_root().glob("*"))
    assert "SIGINT ended it" in (tmp_path / "log").read_text()
    assert not (tmp_path / "results").exists()

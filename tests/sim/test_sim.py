"""The command: progress, one line of JSON, and an end when it is told to end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIM = [sys.executable, "-m", "sim", "--large", "0", "--sessions", "10", "--lifetime", "60"]


def test_it_ends_with_one_line_of_json() -> None:
    """Two stories in two processes; what they came to is the last line."""
    done = subprocess.run(
        [*SIM, "--seeds", "2", "--hours", "0.2", "--jobs", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"] is True
    assert (told["stories"], told["violations"], told["undue_mints"]) == (2, 0, 0)
    assert told["rotations"] > 200
    assert "2/2 done, 0 violations" in done.stderr


def test_it_is_interrupted() -> None:
    """SIGINT ends it and its processes, with an exit that says so."""
    with subprocess.Popen([*SIM, "--hours", "24"], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "seed" not in process.stderr.readline():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "SIGINT ended it" in said

"""examples/consumer: what it reads, and that it never tells the token."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.controlplane.waiting import wait_until
from tests.examples.volume import Volume

SWAPS = 2000
PROGRAM = Path(__file__).parents[2] / "examples" / "consumer" / "consumer.py"


def _write(file: Path, token: str, seconds: float) -> None:
    """Replace the document as a kubelet does, whole."""
    expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    document = {
        "token": token,
        "expires-at": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "base-url": "https://api.openai.com/v1",
        "model": "gpt-realtime",
    }
    part = file.with_suffix(".part")
    part.write_text(json.dumps(document))
    part.replace(file)


@contextmanager
def _running(file: Path, log: Path, *, every: float = 0.005) -> Iterator[None]:
    command = [sys.executable, str(PROGRAM), f"--file={file}", f"--every={every}", "--tell-every=0.02"]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as program:
        try:
            yield
        finally:
            program.terminate()
    assert program.returncode == 0


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]


def _ids(log: Path) -> list[str]:
    return [line["token_id"] for line in _lines(log) if line["event"] == "token"]


def _id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def test_every_token_is_told_once_by_its_id_and_none_is_told(tmp_path: Path) -> None:
    """Ids are those of the session's status; what has expired is counted by the reader's own clock."""
    file, log = tmp_path / "realtime.json", tmp_path / "log"
    _write(file, "ek_first", 600)
    with _running(file, log):
        wait_until(lambda: _ids(log) == [_id("ek_first")], "the first token")
        assert _lines(log)[-1]["expired_reads"] == 0
        _write(file, "ek_second", -5)
        wait_until(lambda: _ids(log) == [_id("ek_first"), _id("ek_second")], "the second token")
        wait_until(lambda: _lines(log)[-1]["expired_reads"] > 1, "reads of what has expired")
    last = _lines(log)[-1]
    assert (last["tokens"], last["failed_reads"]) == (2, 0)
    assert last["reads"] > last["expired_reads"]
    assert "ek_" not in log.read_text()


def test_a_file_that_is_not_there_yet_is_counted_and_survived(tmp_path: Path) -> None:
    """It goes on reading, and finds the token once it is there."""
    file, log = tmp_path / "realtime.json", tmp_path / "log"
    with _running(file, log):
        wait_until(
            lambda: log.exists() and any(line["failed_reads"] for line in _lines(log)), "a failed read"
        )
        _write(file, "ek_first", 600)
        wait_until(lambda: _ids(log) == [_id("ek_first")], "the first token")


def test_a_swap_at_any_moment_is_no_failed_read(tmp_path: Path) -> None:
    """The kubelet removes the old folder right after it has swapped the link, and a path may be half looked up by then."""
    volume, log = Volume(tmp_path / "token"), tmp_path / "log"
    last = volume.write("ek_0")
    with _running(volume.document, log, every=0):
        wait_until(lambda: _ids(log) == [last], "the first token")
        for number in range(1, SWAPS):
            last = volume.write(f"ek_{number}")
            time.sleep(0.002)
        wait_until(lambda: _ids(log)[-1] == last, "the last token")
    assert _lines(log)[-1]["failed_reads"] == 0

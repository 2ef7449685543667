"""Names of clusters, and whether the one that was written down still runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hack.cluster.place import ClusterError, Record, place_of, read_record
from hack.controlplane.run_folders import start_time

LONGEST_INTERFACE = 15  # bytes, linux/if.h


@pytest.mark.parametrize("name", ["a", "dev", "my-node-01"])
def test_a_name_gives_an_interface_that_linux_takes(name: str, tmp_path: Path) -> None:
    """The longest name still fits with its prefix."""
    assert len(place_of(name, tmp_path).interface) < LONGEST_INTERFACE


@pytest.mark.parametrize("name", ["", "Dev", "1st", "dev-", "eleven-long", "../x", "a b"])
def test_a_name_that_cannot_be_used_is_refused_with_what_can(name: str, tmp_path: Path) -> None:
    """Nothing outside the folder of clusters is ever a cluster's."""
    with pytest.raises(ClusterError, match="take up to 10 of a-z, 0-9 and -"):
        place_of(name, tmp_path)


def _record(pid: int, started: str) -> Record:
    return Record(pid=pid, started=started, host="10.99.0.1", node="10.99.0.2")


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """It tells this process as the living one that it is."""
    written = _record(os.getpid(), start_time(os.getpid()))
    written.write(tmp_path / "record.json")
    assert read_record(tmp_path / "record.json") == written
    assert written.is_alive()


def test_a_later_process_of_the_same_id_is_not_the_recorded_one() -> None:
    """Ids are used again; `down` must not kill a stranger."""
    assert not _record(os.getpid(), "1").is_alive()


def test_a_process_of_which_only_the_exit_code_is_left_is_dead() -> None:
    """Whoever started it may not have asked for the code yet."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        record = _record(child.pid, start_time(child.pid))
        assert record.is_alive()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not record.is_alive()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_record_that_cannot_be_read_is_none(content: str, tmp_path: Path) -> None:
    """A half-written file keeps nobody from clearing up."""
    (tmp_path / "record.json").write_text(content)
    assert read_record(tmp_path / "record.json") is None

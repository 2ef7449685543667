"""Folders of running control planes: gone with their owner, at the latest at somebody's next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hack.controlplane import runs_root, sweep
from hack.controlplane.run_folders import RunFolder
from tests.controlplane.process_table import is_gone
from tests.controlplane.waiting import wait_until

ROOT = Path(__file__).parents[2]
# makes a folder, has two children of which only one says so on its command line, and waits
OWNER = """
import subprocess, time
from hack.controlplane.run_folders import RunFolder
with RunFolder() as folder:
    for argument in (folder.path / "data", "foreign"):
        child = subprocess.Popen(["sh", "-c", "while :; do sleep 0.05; done", argument])
        folder.record("component", child.pid)
        print(child.pid, flush=True)
    print(folder.path, flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root of the test's own, not made yet, so that runs beside this one are left alone."""
    return tmp_path / runs_root().name


def test_a_folder_and_the_root_go_with_the_block(root: Path) -> None:
    """Only its user can look into the folder, and two at a time are two."""
    with RunFolder(root) as one, RunFolder(root) as other:
        assert one.path != other.path
        assert one.path.parent == root
        assert one.path.stat().st_mode & 0o077 == 0
    assert not root.exists()


def test_a_folder_goes_when_the_block_fails(root: Path) -> None:
    """The error is not touched."""
    with pytest.raises(ZeroDivisionError), RunFolder(root):
        raise ZeroDivisionError
    assert not root.exists()


def test_the_folder_of_a_living_owner_is_left_alone(root: Path) -> None:
    """A sweep takes no lock that somebody holds."""
    with RunFolder(root) as folder:
        assert sweep(root) == []
        assert folder.path.exists()


def test_the_folder_of_a_killed_owner_goes_with_the_children_that_are_provably_its_own(root: Path) -> None:
    """A recorded process id whose command line does not name the folder may be anybody's by now."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(root.parent)}
    command = [sys.executable, "-c", OWNER]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        ours, foreign = int(owner.stdout.readline()), int(owner.stdout.readline())
        folder = Path(owner.stdout.readline().strip())
        owner.kill()
    try:
        assert sweep(root) == [folder]
        wait_until(lambda: is_gone(ours), "the child died")
        assert not is_gone(foreign)
        assert not root.exists()
    finally:
        for child in (ours, foreign):
            if not is_gone(child):
                os.kill(child, signal.SIGKILL)


def test_a_folder_that_was_never_finished_goes_after_an_hour(root: Path) -> None:
    """Its owner died between making and naming it."""
    with RunFolder(root) as keeps_root:
        fresh, old = keeps_root.path.with_name("new-fresh"), keeps_root.path.with_name("new-old")
        for folder, age in ((fresh, 60), (old, 3700)):
            folder.mkdir()
            os.utime(folder, (time.time() - age,) * 2)
        assert sweep(root) == [old]
        fresh.rmdir()


def test_a_root_that_others_can_write_to_is_refused(root: Path) -> None:
    """Somebody could have made it in our place."""
    root.mkdir()
    root.chmod(0o777)
    with pytest.raises(PermissionError, match="not a private folder"), RunFolder(root):
        pass

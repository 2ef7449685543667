"""Control planes of their own: how they end, by whatever means, and how they fail to start."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hack.controlplane import ControlPlane, ControlPlaneError, control_plane
from hack.controlplane.admin_api import AdminApi
from hack.controlplane.ports import free_port
from tests.controlplane.process_table import children, is_gone
from tests.controlplane.waiting import wait_until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.controlplane


@contextmanager
def _owned_by_another_process() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Have `python -m hack.controlplane run` run one; give the process and the folder."""
    command = [sys.executable, "-m", "hack.controlplane", "run"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as owner:
        assert owner.stdout is not None
        try:
            yield owner, Path(owner.stdout.readline().strip()).parent
        finally:
            owner.kill()


def _pids(folder: Path) -> list[int]:
    return [int(line.split()[0]) for line in (folder / "children").read_text().splitlines()]


def _answers(plane: ControlPlane) -> bool:
    certificate, key = plane.directory / "admin.crt", plane.directory / "admin.key"
    port = int(plane.server.rpartition(":")[2])
    return (
        AdminApi(port, ca_file=plane.ca_file, certificate=certificate, key=key).call("GET", "/readyz")[0]
        == 200
    )


def test_after_a_kill_nothing_runs_and_the_next_start_removes_the_folder() -> None:
    """`kill -9` leaves the owner no last word; the kernel ends the children, and the next start sweeps."""
    with _owned_by_another_process() as (owner, folder):
        pids = _pids(folder)
        assert len(pids) == 2
        owner.kill()
        owner.wait()
        wait_until(lambda: all(is_gone(pid) for pid in pids), "the components died")
        assert folder.exists()
    with control_plane() as plane:
        assert not folder.exists()
        assert _answers(plane)
        left = plane.pids.values(), plane.directory
    assert all(is_gone(pid) for pid in left[0])
    assert not left[1].exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_asked_for_end_leaves_nothing(number: signal.Signals) -> None:
    """Processes and folder are gone when the owner is."""
    with _owned_by_another_process() as (owner, folder):
        pids = _pids(folder)
        owner.send_signal(number)
        owner.wait(timeout=30)
        assert all(is_gone(pid) for pid in pids)
        assert not folder.exists()


def test_a_port_lost_to_another_process_is_replaced() -> None:
    """Somebody may take the port between our look and the server's start."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken, free = other.getsockname()[1], free_port()
        ports = iter([taken, free])
        with control_plane(ports=lambda: next(ports)) as plane:
            assert plane.server == f"https://127.0.0.1:{free}"
            assert _answers(plane)


def test_a_component_that_does_not_start_is_named_with_its_last_words() -> None:
    """One error says which and why, and nothing is left of the others."""
    before = children()
    with (
        pytest.raises(
            ControlPlaneError, match=r"(?s)kube-apiserver ended with code \d+.*unknown flag: --no-such-flag"
        ),
        control_plane(extra_arguments={"kube-apiserver": ["--no-such-flag"]}),
    ):
        pass
    assert children() == before

"""examples/readers: each reads on through rotations, as the kubelet does them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hack.controlplane.golang import find_go, go_environment
from tests.controlplane.waiting import wait_until
from tests.examples.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator

READERS = Path(__file__).parents[2] / "examples" / "readers"
SWAPS = 40

pytestmark = pytest.mark.timeout(300)  # Go compiles its own library, the first time


@pytest.fixture(scope="session")
def go_reader(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The reader in Go, built."""
    program = tmp_path_factory.mktemp("go") / "reader"
    command = [str(find_go((1, 21))), "build", "-o", str(program), str(READERS / "reader.go")]
    subprocess.run(command, env=go_environment(), check=True, timeout=240, cwd=program.parent)
    return [str(program)]


@pytest.fixture(params=["python", "node", "go"])
def reader(request: pytest.FixtureRequest) -> list[str]:
    """The command line of each reader. The gate installs Node; elsewhere its absence is told as a skip."""
    if request.param == "python":
        return [sys.executable, str(READERS / "reader.py")]
    if request.param == "go":
        built: list[str] = request.getfixturevalue("go_reader")
        return built
    node = shutil.which("node")
    if node is None and os.environ.get("CI"):
        pytest.fail("there is no Node: .ci/run installs it")
    if node is None:
        pytest.skip("there is no Node on this machine, so examples/readers/reader.mjs was not run")
    return [node, str(READERS / "reader.mjs")]


@contextmanager
def reading(command: list[str], volume: Volume, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a reader on a volume."""
    with (
        log.open("wb") as output,
        subprocess.Popen([*command, str(volume.document)], stdout=output, stderr=output) as program,
    ):
        try:
            yield program
        finally:
            program.kill()


def ids(log: Path) -> list[str]:
    """The tokens that it took, in order."""
    return [line.split()[0] for line in log.read_text().splitlines() if line]


def test_it_takes_each_token_as_it_comes(reader: list[str], tmp_path: Path) -> None:
    """In order, each once, with its expiry, and the token before is never taken."""
    volume, log = Volume(tmp_path / "token"), tmp_path / "log"
    wanted = [volume.write("ek_first")]
    with reading(reader, volume, log):
        wait_until(lambda: ids(log) == wanted, "the first token")
        for name in ("ek_second", "ek_third"):
            wanted.append(volume.write(name))
            wait_until(lambda: ids(log) == wanted, name)
    assert all(len(line.split()) == 2 for line in log.read_text().splitlines())
    assert "ek_" not in log.read_text()


def test_a_swap_at_any_moment_is_survived(reader: list[str], tmp_path: Path) -> None:
    """Many swaps while it reads without a pause worth the name: it fails at none, and ends with the last token."""
    volume, log = Volume(tmp_path / "token"), tmp_path / "log"
    known = [volume.write("ek_0")]
    with reading(reader, volume, log) as program:
        wait_until(lambda: ids(log), "the first token")
        while len(known) < SWAPS or len(ids(log)) <= SWAPS / 4:  # on a busy machine it misses more of them
            assert program.poll() is None
            known.append(volume.write(f"ek_{len(known)}"))
            time.sleep(0.013)
        wait_until(lambda: ids(log)[-1] == known[-1], "the last token")
        assert program.poll() is None
    taken = ids(log)
    assert [one for one in known if one in taken] == taken


def test_it_waits_for_the_next_token_where_one_has_expired(reader: list[str], tmp_path: Path) -> None:
    """What has expired is never begun with; what comes a moment later is."""
    volume, log = Volume(tmp_path / "token"), tmp_path / "log"
    volume.write("ek_dead", seconds=-5)
    with reading(reader, volume, log) as program:
        time.sleep(1.0)
        assert (ids(log), program.poll()) == ([], None)
        fresh = volume.write("ek_living")
        wait_until(lambda: ids(log) == [fresh], "the living token")


def test_it_says_so_where_no_living_token_comes(reader: list[str], tmp_path: Path) -> None:
    """After five seconds, with the file's name and without a token."""
    volume, log = Volume(tmp_path / "token"), tmp_path / "log"
    volume.write("ek_dead", seconds=-5)
    with reading(reader, volume, log) as program:
        assert program.wait(timeout=60) != 0
    assert f"no living token in {volume.document}" in log.read_text()
    assert "ek_" not in log.read_text()

"""What the bench starts the operator in."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from bench.settings import Surroundings
from bench.surroundings import SOURCES, home

pytestmark = pytest.mark.timeout(600)  # the first time a file system is made of Debian packages

ROOT = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="chroot and mounts are for root")


@needs_root
def test_in_the_image_the_operator_has_what_users_have(tmp_path: Path) -> None:
    """The Python of the Dockerfile's base, its variables, these sources, the files of the run, and nothing that stays mounted."""
    place = home(Surroundings.IMAGE)
    (named,) = re.findall(r"BASE_IMAGE=python:(3\.\d+)-", (ROOT / "Dockerfile").read_text())
    assert place.version.startswith(f"{named}.")
    before = Path("/proc/mounts").read_text()
    program = (
        "import importlib.util as u, os, pathlib, realtime_operator as r\n"
        "print(*(name + '=' + os.environ[name] for name in ('MALLOC_ARENA_MAX', 'PYTHONUNBUFFERED')))\n"
        f"print(r.__file__, u.find_spec('kubernetes'), pathlib.Path('{tmp_path}/said').read_text())\n"
    )
    (tmp_path / "said").write_text("seen")
    (tmp_path / "question.py").write_text(program)
    command = [*place.command([], tmp_path)[:-1], tmp_path / "question.py"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=place.environment(os.environ)
    )
    variables, said = done.stdout.splitlines() or ["", done.stderr]
    assert said.split() == [f"{SOURCES}/realtime_operator/__init__.py", "None", "seen"]
    assert all(
        f" {each} " in (ROOT / "Dockerfile").read_text().replace("\n", " ") for each in variables.split()
    )
    assert Path("/proc/mounts").read_text() == before


def test_here_it_has_what_the_bench_has() -> None:
    """This very Python."""
    assert re.fullmatch(r"3\.\d+\.\d+.*", home(Surroundings.HERE).version)

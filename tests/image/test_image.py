"""What the image is made of. The build itself takes a builder and a base: it is `make image`, and `make e2e` runs what that builds."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pytest

from hack.image.archive import sizes
from hack.image.commands import ImageError
from hack.image.engines import find_engine
from hack.image.file_system import variables
from hack.image.wheelhouse import LOCK, here, make_wheelhouse

pytestmark = pytest.mark.timeout(300)  # the first run fetches the wheels

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "hack" / "image" / "install.py"
PYTHON = sysconfig.get_python_version()


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheelhouse of this very Python."""
    return make_wheelhouse(PYTHON, [here()], folder=tmp_path_factory.mktemp("image") / "wheelhouse")


def test_variables_are_read_past_comments_within_a_statement() -> None:
    """Those of the last stage, all of them; a comment line or an empty one does not end what a backslash continues."""
    dockerfile = """
FROM base AS install
ENV BUILT=1
FROM base
ENV PATH=/bin \\
    # what the next one is for
    ARENAS=1 \\

  # ENV NOT=this
    BUFFERED=0
# ENV NOR=this
ENV LAST=yes
USER 1
"""
    assert variables(dockerfile) == {"ARENAS": "1", "BUFFERED": "0", "LAST": "yes"}
    assert {"MALLOC_ARENA_MAX", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"} == set(variables())


def install(wheelhouse: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Install as the Dockerfile does."""
    command = [sys.executable, str(INSTALL), str(wheelhouse), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_wheelhouse_is_the_lock_file_and_the_product(wheelhouse: Path) -> None:
    """Each locked package in its locked version, ourselves, pip to install them with, and nothing else."""
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", LOCK.read_text(), re.MULTILINE))
    found = dict(file.name.split("-")[:2] for file in wheelhouse.glob("*.whl"))
    names = {name.lower().replace("_", "-"): version for name, version in found.items()}
    assert {name: names.get(name) for name in locked} == locked
    assert names.keys() - locked.keys() == {"pip", "realtime-operator"}


def test_what_is_installed_starts_and_has_no_official_client(wheelhouse: Path, tmp_path: Path) -> None:
    """Without an index: the program tells its flags, everything is compiled, and neither kubernetes nor pip is there."""
    folder = tmp_path / "opt"
    done = install(wheelhouse, folder)
    assert done.returncode == 0, done.stderr
    said = subprocess.run(
        [folder / "bin" / "realtime-operator", "--help"], capture_output=True, text=True, check=True
    )
    assert "--namespaces" in said.stdout
    ask = "import importlib.util as u; print([n for n in ('kubernetes', 'pip', 'rich', 'kopf') if u.find_spec(n)])"
    found = subprocess.run(
        [folder / "bin" / "python", "-I", "-c", ask], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "['kopf']"
    sources = [file for file in folder.rglob("*.py") if file.parent.name != "bin"]
    compiled = {file.parent.parent / f"{file.name.split('.')[0]}.py" for file in folder.rglob("*.pyc")}
    assert len(sources) > 300
    assert set(sources) <= compiled
    flags = next(folder.rglob("*.pyc")).read_bytes()[4:8]
    assert int.from_bytes(flags, "little") == 1  # valid by hash, never looked at again


def test_another_python_is_refused_with_the_remedy(wheelhouse: Path, tmp_path: Path) -> None:
    """Before anything is installed."""
    other = tmp_path / "wheelhouse"
    other.mkdir()
    (other / "python-version").write_text("3.7\n")
    done = install(other, tmp_path / "opt")
    assert done.returncode == 1
    assert f"The wheelhouse is for Python 3.7, the base image has {PYTHON}." in done.stderr
    assert f"make wheelhouse PYTHON_VERSION={PYTHON}" in done.stderr
    assert not (tmp_path / "opt").exists()
    assert (wheelhouse / "python-version").read_text() == f"{PYTHON}\n"


@pytest.mark.parametrize("platforms", [[], ["linux/s390x"], ["linux/amd64", "windows/amd64"]])
def test_a_platform_without_wheels_is_refused(tmp_path: Path, platforms: list[str]) -> None:
    """With the two that there are."""
    with pytest.raises(ImageError, match="PLATFORMS takes linux/amd64 and linux/arm64, not"):
        make_wheelhouse(PYTHON, platforms, folder=tmp_path)


def test_an_unknown_builder_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(ImageError, match="BUILDER is docker, podman or buildah, not kaniko"):
        find_engine("kaniko")


def test_sizes_are_those_of_uncompressed_layers(tmp_path: Path) -> None:
    """Of the base and of what is above it; a compressed layer counts by what is in it, a link by what it points to."""
    layers = {"base.tar": b"b" * 5000, "ours.tar": gzip.compress(b"o" * 70_000)}
    manifest = json.dumps([{"Config": "c", "Layers": ["base.tar", "ours.tar", "again/layer.tar"]}]).encode()
    with tarfile.open(tmp_path / "image.tar", "w") as tar:
        for name, content in {"manifest.json": manifest, **layers}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("again/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../base.tar"
        tar.addfile(link)
    found = sizes(tmp_path / "image.tar", base_layers=1)
    assert (found.base, found.above) == (5000, 75_000)


def test_the_dockerfile_needs_no_shell_and_no_root() -> None:
    """Every command in exec form, a numeric user that is not root, a stop signal that the operator heeds, and nothing fetched."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    commands = [line for line in lines if line.startswith(("RUN", "CMD", "ENTRYPOINT"))]
    assert len(commands) == 3
    assert all(re.match(r'[A-Z]+ \["', line) for line in commands)
    assert "USER 65532:65532" in lines
    assert "STOPSIGNAL SIGTERM" in lines
    assert not [line for line in lines if line.startswith("ADD") or "apt-get" in line]

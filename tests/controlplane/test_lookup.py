"""Where a tool is looked for, with tiny programs in place of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.controlplane.cache import tool_folder
from hack.controlplane.catalog import TOOLS
from hack.controlplane.golang import PINNED_WHEEL, find_go
from hack.controlplane.lookup import find

ETCD = TOOLS["etcd"]


def _program(path: Path, says: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Paths that etcd would have in each place; the environment points there and nothing is there yet."""
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return {
        "assets": tmp_path / "assets" / "etcd",
        "cache": tool_folder(ETCD) / "etcd",
        "path": tmp_path / "bin" / "etcd",
    }


def test_the_order_is_assets_cache_path(places: dict[str, Path]) -> None:
    """Each place is asked only when those before it have nothing."""
    assert find(ETCD) is None
    for place in ("path", "cache", "assets"):
        _program(places[place], says=f"etcd Version: {ETCD.version}")
        assert find(ETCD) == places[place]


@pytest.mark.parametrize("other", ["3.5.99", "{}0", "1{}", "{}-rc.0", "{}+vendor.1", "v{}.1", ""])
def test_another_version_on_path_is_refused(places: dict[str, Path], other: str) -> None:
    """Only exactly the pinned version will do, no variant of it either."""
    _program(places["path"], says=f"etcd Version: {other.format(ETCD.version)}")
    assert find(ETCD) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("etcd", "etcd Version: 3.6.16\nGit SHA: Not provided"),
        ("kube-apiserver", "Kubernetes v1.35.4"),
        ("kubectl", "Client Version: v1.35.4\nKustomize Version: v5.7.1"),
        ("helm", "v4.3.1"),
    ],
)
def test_the_version_is_found_in_what_the_tools_print(name: str, says: str) -> None:
    """The forms that upstream's own releases use are understood."""
    assert TOOLS[name].is_named_by(says)


def test_what_cannot_run_is_passed_over(places: dict[str, Path]) -> None:
    """A file without the right to run it is nobody's tool."""
    _program(places["assets"]).chmod(0o644)
    _program(places["cache"]).chmod(0o644)
    assert find(ETCD) is None


def test_the_cache_is_keyed_by_what_builds_the_tool() -> None:
    """No two tools share a folder, and the folder's name has the version."""
    folders = {tool_folder(tool).name for tool in TOOLS.values()}
    assert len(folders) == len(TOOLS)
    assert all(tool.version in tool_folder(tool).name for tool in TOOLS.values())


@pytest.mark.parametrize(
    ("says", "is_used"), [("go version go1.26.0 any/arch", True), ("go version go1.25.9 any/arch", False)]
)
def test_a_go_that_is_too_old_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, *, is_used: bool
) -> None:
    """The pinned wheel's Go takes its place; here it is in the cache already."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    on_path = _program(tmp_path / "go", says=says)
    pinned = PINNED_WHEEL.read_text().split()[0].replace("==", "-")
    in_cache = _program(tmp_path / "realtime-operator" / "go" / pinned / "go" / "bin" / "go")
    assert find_go((1, 26, 0)) == (on_path if is_used else in_cache)

"""Finding and removing the cgroups of a cluster. A folder stands for a hierarchy here: rmdir is all that is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.cluster import cgroups

NAME = "realtime-operator-dev"


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A tree as version 1 has it, with somebody else's cgroups in it."""
    for controller in ("cpu", "memory", "unified"):
        (tmp_path / controller / NAME / "kubepods" / "pod1" / "container").mkdir(parents=True)
        (tmp_path / controller / "kubepods" / "pod2").mkdir(parents=True)
        (tmp_path / controller / f"{NAME}2").mkdir()
    return tmp_path


def test_only_the_cluster_s_own_are_removed(version_1: Path) -> None:
    """Those of another cluster and of the machine stay."""
    cgroups.remove(NAME, version_1)
    assert cgroups.of(NAME, version_1) == []
    assert len(cgroups.of(f"{NAME}2", version_1)) == 3
    assert len(list(version_1.glob("*/kubepods/pod2"))) == 3


def test_one_that_is_in_use_stays_and_is_told(version_1: Path) -> None:
    """The kernel refuses to remove a cgroup with processes, as a file system does a folder that is not empty."""
    busy = version_1 / "cpu" / NAME / "kubepods" / "pod1" / "container" / "process"
    busy.touch()
    cgroups.remove(NAME, version_1)
    assert cgroups.of(NAME, version_1) == [version_1 / "cpu" / NAME]
    busy.unlink()
    cgroups.remove(NAME, version_1)
    assert cgroups.of(NAME, version_1) == []


def test_they_are_made_in_every_hierarchy_of_version_1(tmp_path: Path) -> None:
    """The kubelet refuses a root that one of them lacks."""
    for controller in ("cpu", "memory"):
        (tmp_path / controller).mkdir()
    cgroups.make(NAME, tmp_path)
    assert cgroups.of(NAME, tmp_path) == [tmp_path / "cpu" / NAME, tmp_path / "memory" / NAME]


def test_there_is_one_in_version_2(tmp_path: Path) -> None:
    """Folders there are cgroups, not hierarchies."""
    (tmp_path / "cgroup.controllers").touch()
    (tmp_path / "system.slice").mkdir()
    cgroups.make(NAME, tmp_path)
    assert cgroups.of(NAME, tmp_path) == [tmp_path / NAME]

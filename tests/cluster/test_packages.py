"""What must be installed."""

from __future__ import annotations

from pathlib import Path

from hack.cluster.packages import PROGRAMS, missing


def test_nothing_is_installed_where_all_is_there() -> None:
    """Also where the programs did not come from Debian's packages."""
    assert missing(lambda program: f"/opt/{program}", Path("/opt/cni/bin")) == []


def test_a_package_is_named_once_for_all_the_programs_it_brings() -> None:
    """The package of containerd brings ctr."""
    there = set(PROGRAMS) - {"containerd", "ctr", "runc"}
    assert missing(there.__contains__, Path("/usr/lib/cni")) == ["containerd", "runc"]


def test_missing_network_plugins_are_found_missing() -> None:
    """They are no programs on PATH."""
    assert missing(lambda _: True, None) == ["containernetworking-plugins"]

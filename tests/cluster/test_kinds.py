"""Which cluster CLUSTER names, and what is said where it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.cluster import ClusterError, choose
from hack.cluster.kinds import ExistingCluster
from hack.cluster.mounts import hidden


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({}, "node"),
        ({"CLUSTER": ""}, "node"),
        ({"CLUSTER": "kind"}, "kind"),
        ({"CLUSTER": "existing"}, "existing"),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], kind: str) -> None:
    """A node of one's own is the default."""
    assert choose(environment).kind == kind


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    """One line, with the variable's name."""
    with pytest.raises(ClusterError, match="CLUSTER=minikube: give node, kind or existing"):
        choose({"CLUSTER": "minikube"})


@pytest.mark.parametrize("kubeconfig", [None, "", "/no/such/file"])
def test_an_existing_cluster_needs_its_kubeconfig(kubeconfig: str | None) -> None:
    """It is not guessed from the home folder: what follows installs and removes things."""
    with pytest.raises(ClusterError, match="CLUSTER=existing needs KUBECONFIG"):
        _ = ExistingCluster(kubeconfig).kubeconfig


def test_a_cluster_that_is_not_up_says_how_to_bring_it_up() -> None:
    """For whoever asks for the kubeconfig first."""
    with pytest.raises(ClusterError, match="cluster none-such is not up; make cluster-up"):
        _ = choose({"CLUSTER_NAME": "none-such"}).kubeconfig


def test_what_the_node_s_private_folders_would_hide_is_found() -> None:
    """A program there would be gone once they are mounted."""
    assert hidden([Path("/usr/bin/ctr"), Path("/var/lib/ci/.cache/kubelet"), Path("/var/library")]) == [
        Path("/var/lib/ci/.cache/kubelet")
    ]

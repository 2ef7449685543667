"""What the programs of the node are told."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.cluster import configs
from hack.controlplane.catalog import PAUSE

NODE = configs.Node(
    name="node",
    address="10.99.0.2",
    folder=Path("/cache/run"),
    cgroup="realtime-operator-dev",
    cni_folder=Path("/usr/lib/cni"),
    snapshotter="overlayfs",
    may_raise_priority=True,
)


def _containerd(**changes: Any) -> dict[str, Any]:
    return tomllib.loads(configs.containerd_config(dataclasses.replace(NODE, **changes)))


def _cri(config: dict[str, Any]) -> dict[str, Any]:
    cri: dict[str, Any] = config["plugins"]["io.containerd.grpc.v1.cri"]
    return cri


def test_containerd_writes_into_the_folder_and_listens_where_the_kubelet_looks() -> None:
    """Beside its folder it uses /run only, which is the cluster's own."""
    config = _containerd()
    kubelet = yaml.safe_load(configs.kubelet_config(NODE, Path("/ca.crt")))
    assert config["root"] == "/cache/run/containerd"
    assert config["state"].startswith("/run/")
    assert kubelet["containerRuntimeEndpoint"] == f"unix://{config['grpc']['address']}"
    assert _cri(config)["sandbox_image"] == f"localhost/pod-pause:{PAUSE}"


@pytest.mark.parametrize("may", [True, False])
def test_oom_scores_are_restricted_only_where_they_must_be(may: bool) -> None:  # noqa: FBT001 - a parameter
    """Without CAP_SYS_RESOURCE every pod would fail at its start."""
    assert _cri(_containerd(may_raise_priority=may))["restrict_oom_score_adj"] is not may


@pytest.mark.parametrize(("capabilities", "may"), [("000001ffffffffff", True), ("000001fffeffffff", False)])
def test_the_capability_is_read_from_the_process_status(capabilities: str, may: bool) -> None:  # noqa: FBT001
    """Bit 24 of the effective ones."""
    assert configs.may_raise_priority({"CapEff": capabilities}) is may


@pytest.mark.parametrize(
    ("file_system", "snapshotter"), [("ext2/ext3", "overlayfs"), ("overlayfs", "native")]
)
def test_layers_are_copied_where_they_cannot_be_stacked(file_system: str, snapshotter: str) -> None:
    """As in a container, whose own file system is stacked already."""
    assert configs.snapshotter_for(file_system) == snapshotter


def test_the_kubelet_lets_only_the_api_server_in() -> None:
    """Its port is reached from this machine, by every user of it."""
    config = yaml.safe_load(configs.kubelet_config(NODE, Path("/ca.crt")))
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authentication"]["x509"] == {"clientCAFile": "/ca.crt"}
    assert config["authorization"] == {"mode": "Webhook"}
    assert "--kubelet-client-certificate=admin.crt" in configs.plane_arguments("10.99.0.2")["kube-apiserver"]


def test_the_kubelet_propagates_secrets_as_everybody_has_it() -> None:
    """Figures taken here would mean nothing with other periods."""
    config = yaml.safe_load(configs.kubelet_config(NODE, Path("/ca.crt")))
    assert not {"syncFrequency", "configMapAndSecretChangeDetectionStrategy"} & set(config)


def test_pods_are_below_the_cluster_s_own_cgroup() -> None:
    """So they can be found and removed, and another containerd's are not touched."""
    config = yaml.safe_load(configs.kubelet_config(NODE, Path("/ca.crt")))
    assert config["cgroupRoot"] == "/realtime-operator-dev"
    assert config["cgroupsPerQOS"] is True


def test_pods_get_addresses_that_kube_proxy_takes_for_pods() -> None:
    """And a route to everything: without it a service address is out of reach."""
    (plugin,) = json.loads(configs.cni_config(NODE))["plugins"]
    ((addresses,),) = plugin["ipam"]["ranges"]
    assert f"--cluster-cidr={addresses['subnet']}" in configs.proxy_arguments(NODE, Path("/proxy"))
    assert plugin["ipam"]["routes"] == [{"dst": "0.0.0.0/0"}]
    assert plugin["ipam"]["dataDir"].startswith("/cache/run/")

"""What the programs of the node are told: command lines and configuration files, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from hack.controlplane.catalog import PAUSE
from hack.controlplane.components import API_SERVER, CONTROLLERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PORT = 6443  # in a namespace of its own it is always free
POD_RANGE = "10.244.0.0/24"  # of the node's one bridge to its pods; seen inside the namespace only
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
PAUSE_IMAGE = f"localhost/pod-pause:{PAUSE}"
CAP_SYS_RESOURCE = 24  # linux/capability.h

KERNEL_SETTINGS = {
    "vm/overcommit_memory": "1",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What the kubelet sets for the whole machine, with its values. Shown to it as set, so that it changes nothing."""


@dataclass(frozen=True, slots=True)
class Node:
    """What the configurations of one node depend on.

    Attributes:
        name: of the Node object.
        address: where its servers listen.
        folder: everything that its programs write.
        cgroup: the one that all pods are below.
        cni_folder: has the network plug-ins.
        snapshotter: how containerd stacks the layers of images: overlayfs or native.
        may_raise_priority: whether this process may lower OOM scores below its own.
    """

    name: str
    address: str
    folder: Path
    cgroup: str
    cni_folder: Path
    snapshotter: str
    may_raise_priority: bool


def plane_arguments(address: str) -> dict[str, list[str]]:
    """Give what a control plane with nodes is told beyond what one without is. Paths are relative to its folder."""
    return {
        API_SERVER: [
            f"--advertise-address={address}",
            "--endpoint-reconciler-type=lease",  # pods do look for it
            "--authorization-mode=Node",  # beside RBAC: a kubelet reads the Secrets of its own pods only
            "--enable-admission-plugins=NodeRestriction",
            "--kubelet-client-certificate=admin.crt",
            "--kubelet-client-key=admin.key",
            "--kubelet-preferred-address-types=InternalIP",
        ],
        CONTROLLERS: ["--controllers=*"],
    }


def scheduler_arguments(kubeconfig: Path) -> list[str]:
    """Give the command line of kube-scheduler."""
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def proxy_arguments(node: Node, kubeconfig: Path) -> list[str]:
    """Give the command line of kube-proxy."""
    return [
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={node.name}",
        f"--cluster-cidr={POD_RANGE}",
        "--proxy-mode=iptables",
        "--conntrack-max-per-core=0",  # a limit of the whole machine: left as it is
        "--healthz-bind-address=127.0.0.1:10256",
        "--metrics-bind-address=127.0.0.1:10249",
    ]


def kubelet_arguments(node: Node, kubeconfig: Path, config: Path) -> list[str]:
    """Give the command line of kubelet."""
    return [
        f"--config={config}",
        f"--kubeconfig={kubeconfig}",
        f"--root-dir={node.folder}/kubelet",
        f"--cert-dir={node.folder}/kubelet-pki",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
    ]


def kubelet_config(node: Node, ca_file: Path) -> str:
    """Give the kubelet's configuration. How it propagates Secrets is left as everybody has it."""
    never = dict.fromkeys(
        ("nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree"), "0%"
    )
    config: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(ca_file)},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.cgroup}",
        "cgroupsPerQOS": True,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "protectKernelDefaults": True,  # complain rather than set, should a version want more than KERNEL_SETTINGS
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "volumePluginDir": f"{node.folder}/volume-plugins",
        "resolvConf": "",  # no name server is reached from here
        "evictionHard": never,  # a full disk of a developer is no reason
        "imageGCHighThresholdPercent": 100,  # an image that was loaded cannot be fetched again
        "registerNode": True,
    }
    return yaml.safe_dump(config, sort_keys=False)


def containerd_config(node: Node) -> str:
    """Give containerd's configuration, of version 2, which 1.x and 2.x read."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = {_toml(f"{node.folder}/containerd")}
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
address = {_toml(CONTAINERD_SOCKET)}

[{cri}]
sandbox_image = {_toml(PAUSE_IMAGE)}
restrict_oom_score_adj = {_toml(not node.may_raise_priority)}

[{cri}.cni]
bin_dir = {_toml(str(node.cni_folder))}
conf_dir = {_toml(f"{node.folder}/cni")}

[{cri}.containerd]
snapshotter = {_toml(node.snapshotter)}

[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[{cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
"""


def cni_config(node: Node) -> str:
    """Give the configuration of the pods' network: a wire from the node to each of them."""
    addresses = {
        "type": "host-local",
        "dataDir": f"{node.folder}/addresses",
        "ranges": [[{"subnet": POD_RANGE}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [{"type": "ptp", "ipMasq": True, "ipam": addresses}]
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": plugins}, indent=1)


def snapshotter_for(file_system: str) -> str:
    """Choose how layers are stacked: overlayfs cannot stand on itself, as in a container; then they are copied."""
    return "native" if file_system in {"overlay", "overlayfs", "fuse-overlayfs"} else "overlayfs"


def may_raise_priority(status: Mapping[str, str]) -> bool:
    """Read from /proc/self/status whether the process has CAP_SYS_RESOURCE."""
    return bool(int(status["CapEff"], 16) >> CAP_SYS_RESOURCE & 1)


def _toml(value: str | bool) -> str:  # noqa: FBT001 - the value to write
    return json.dumps(value)  # the same as TOML's for these two types

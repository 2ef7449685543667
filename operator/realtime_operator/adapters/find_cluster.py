"""Which cluster is meant: KUBECONFIG, the pod's own cluster, or the user's kubeconfig, in this order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from realtime_operator.adapters.cluster_access import ClusterAccess, ClusterAccessInvalid
from realtime_operator.adapters.kubeconfig import access_of_kubeconfig
from realtime_operator.adapters.service_account import MOUNT, access_of_service_account


def find_cluster(environ: Mapping[str, str], *, mount: Path = MOUNT) -> ClusterAccess:
    """Find the cluster's address and credentials.

    Args:
        environ: the process's environment.
        mount: where a service account would be mounted.

    Raises:
        ClusterAccessInvalid: there are none, or they cannot be used.
    """
    named = [Path(name) for name in environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    if named:
        return access_of_kubeconfig(named)
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return access_of_service_account(environ, mount=mount)
    users_own = Path(environ.get("HOME", "/"), ".kube", "config")
    if users_own.is_file():
        return access_of_kubeconfig([users_own])
    raise ClusterAccessInvalid(
        f"no cluster: KUBECONFIG is not set, this is no pod, and there is no {users_own}"
    )

"""Cluster access of a pod: its mounted service account."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from realtime_operator.adapters.cluster_access import (
    ClusterAccess,
    ClusterAccessInvalid,
    FileBearer,
    TlsMaterial,
    cluster_access,
)

MOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts a pod's service account."""


def access_of_service_account(environ: Mapping[str, str], *, mount: Path = MOUNT) -> ClusterAccess:
    """Read the pod's environment and its mounted service account; the token is read again as it is replaced.

    Raises:
        ClusterAccessInvalid: not in a pod, or the service account is not mounted.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise ClusterAccessInvalid("KUBERNETES_SERVICE_HOST is not set: this is no pod")
    token, authority = mount / "token", mount / "ca.crt"
    if not token.is_file() or not authority.is_file():
        raise ClusterAccessInvalid(f"no service account is mounted at {mount}")
    bracketed = f"[{host}]" if ":" in host else host
    return cluster_access(
        server=f"https://{bracketed}:{port}",
        namespace=_home(mount),
        bearer=FileBearer(token, monotonic=time.monotonic),
        tls=TlsMaterial(ca_path=str(authority)),
    )


def _home(mount: Path) -> str:
    try:
        return (mount / "namespace").read_text(encoding="utf-8").strip() or "default"
    except OSError:
        return "default"

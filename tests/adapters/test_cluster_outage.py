"""What the client makes of an API server that goes, comes back, or no longer takes its token."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.controlplane import ControlPlane
from hack.controlplane import control_plane as run_control_plane
from realtime_operator.adapters.cluster_access import FileBearer
from realtime_operator.adapters.kube_client import DEFAULT_TIMEOUT_S, KubeClient
from realtime_operator.adapters.kube_path import NAMESPACES, Resource
from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.adapters.kubeconfig import access_of_kubeconfig
from realtime_operator.core.errors import ClusterForbidden, ClusterUnavailable
from tests.adapters.cluster import client_of, post


async def test_an_outage_and_its_end() -> None:
    """While the API server is down every call is ClusterUnavailable at once; afterwards the same client works."""
    with run_control_plane() as plane:
        async with client_of(plane.kubeconfig) as client:
            secrets = KubeSecrets(client)
            assert await secrets.look("default", "absent") is None
            await asyncio.to_thread(plane.kill, "kube-apiserver")
            begun = time.monotonic()
            with pytest.raises(ClusterUnavailable, match=r"GET .*/secrets/\{name\}: "):
                await secrets.look("default", "absent")
            with pytest.raises(ClusterUnavailable, match=r"cannot connect to 127\.0\.0\.1"):
                await secrets.look("default", "absent")
            assert time.monotonic() - begun < DEFAULT_TIMEOUT_S / 2
            await asyncio.to_thread(plane.start, "kube-apiserver")
            assert await secrets.look("default", "absent") is None


async def test_a_replaced_service_account_token(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """A token that the API server refuses is read again from its file, and the request succeeds at the second try."""
    accounts = Resource("api/v1", "serviceaccounts")
    async with client_of(control_plane.kubeconfig) as admin:
        await post(admin, accounts.collection(namespace), {"metadata": {"name": "operator"}})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        issued = await post(admin, accounts.one(namespace, "operator", "token"), request)
    token = tmp_path / "token"
    token.write_text("expired")
    access = access_of_kubeconfig([with_token_file(control_plane.kubeconfig, tmp_path, token)])
    assert isinstance(access.bearer, FileBearer)
    assert access.bearer() == "expired"
    async with KubeClient(access) as client:
        with pytest.raises(ClusterUnavailable, match="401 Unauthorized"):
            await client.request("GET", NAMESPACES.collection())
        token.write_text(issued["status"]["token"])
        with pytest.raises(ClusterForbidden, match="list namespaces"):
            await client.request("GET", NAMESPACES.collection())


def with_token_file(kubeconfig: Path, folder: Path, token: Path) -> Path:
    """The same cluster, with a token file instead of a certificate."""
    document: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    for user in document["users"]:
        user["user"] = {"tokenFile": str(token)}
    path = folder / "config"
    path.write_text(yaml.safe_dump(document))
    return path

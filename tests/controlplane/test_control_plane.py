"""What the control plane does for tests: identities, garbage collection, faults on one port."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
from typing import TYPE_CHECKING

import kubernetes
import pytest

if TYPE_CHECKING:
    from hack.controlplane import ControlPlane
    from tests.support.fixtures import Command

COLLECTED_SECONDS = 1.0


def test_the_version_is_the_pinned_one(kube: kubernetes.client.ApiClient) -> None:
    """Clients refuse a server that calls itself v0.0.0, so the build stamps it."""
    assert kubernetes.client.VersionApi(kube).get_code().git_version == "v1.35.4"


def test_an_identity_has_the_rights_that_rbac_gives_it_and_no_others(
    control_plane: ControlPlane, namespace: str, kubectl: Command
) -> None:
    """A user may read after a role binding to its group, and never write."""
    kubeconfig = control_plane.identity("reader", ["readers"])

    def as_reader(*arguments: str) -> subprocess.CompletedProcess[str]:
        return kubectl("--kubeconfig", kubeconfig, "-n", namespace, *arguments, check=False)

    assert "Forbidden" in as_reader("get", "secrets").stderr
    kubectl("-n", namespace, "create", "rolebinding", "read", "--clusterrole=admin", "--group=readers")
    assert as_reader("get", "secrets").returncode == 0
    assert "Forbidden" in as_reader("create", "namespace", "another").stderr
    assert kubeconfig.stat().st_mode & 0o777 == 0o600


def test_a_service_account_speaks_with_a_token_of_its_own(
    control_plane: ControlPlane, namespace: str, kubectl: Command
) -> None:
    """The API server takes the token that it issued for the account."""
    kubectl("-n", namespace, "create", "serviceaccount", "voice")
    kubeconfig = control_plane.service_account_kubeconfig(namespace, "voice", expiration_seconds=600)
    who = kubectl("--kubeconfig", kubeconfig, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
    assert who.stdout == f"system:serviceaccount:{namespace}:voice"


def test_no_token_is_issued_for_an_account_that_is_not_there(control_plane: ControlPlane) -> None:
    """The error names the account and the status."""
    with pytest.raises(LookupError, match="default/nobody: HTTP status 404"):
        control_plane.service_account_kubeconfig("default", "nobody")


def test_an_owned_secret_goes_with_its_owner(kubectl: Command, namespace: str) -> None:
    """The garbage collector removes the Secret of a RealtimeSession within a second of its deletion."""
    session = {"apiVersion": "realtime-operator.io/v1alpha1", "kind": "RealtimeSession"}
    spec = {"session": {"type": "realtime", "model": "gpt-realtime"}}
    created = session | {"metadata": {"name": "owner"}, "spec": spec}
    in_namespace = ("-n", namespace)
    uid = kubectl(
        *in_namespace, "create", "-f-", "-o", "jsonpath={.metadata.uid}", stdin=json.dumps(created)
    ).stdout
    owned = {"name": "owned", "ownerReferences": [session | {"name": "owner", "uid": uid}]}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": owned}
    kubectl(*in_namespace, "create", "-f-", stdin=json.dumps(secret))
    kubectl(*in_namespace, "delete", "rts", "owner", "--wait=false")
    deleted = time.monotonic()
    while kubectl(*in_namespace, "get", "secrets", "-o", "name").stdout:
        assert time.monotonic() < deleted + COLLECTED_SECONDS


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_api_server_comes_back_on_its_port_with_its_data(
    control_plane: ControlPlane, kube: kubernetes.client.ApiClient, namespace: str, end: str
) -> None:
    """A client that knew it before speaks to it again, by the same kubeconfig."""
    before = control_plane.server
    getattr(control_plane, end)("kube-apiserver")
    assert "kube-apiserver" not in control_plane.pids
    control_plane.start("kube-apiserver")
    assert control_plane.server == before == kube.configuration.host
    assert urllib.parse.urlsplit(before).hostname == "127.0.0.1"
    names = [
        it.metadata and it.metadata.name for it in kubernetes.client.CoreV1Api(kube).list_namespace().items
    ]
    assert namespace in names

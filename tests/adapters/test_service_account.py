"""Credentials of a pod."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from hack.controlplane.certificates import Authority
from realtime_operator.adapters.cluster_access import TOKEN_MAX_AGE_S, ClusterAccessInvalid, FileBearer
from realtime_operator.adapters.find_cluster import find_cluster
from realtime_operator.adapters.service_account import access_of_service_account

TOKEN = "planted-service-account-token"


@pytest.fixture
def mount(tmp_path: Path, authority: Authority) -> Path:
    """A mounted service account."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text(TOKEN)
    (folder / "ca.crt").write_bytes(authority.certificate)
    (folder / "namespace").write_text("realtime-operator\n")
    return folder


@pytest.mark.parametrize(
    ("host", "server"), [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443")]
)
def test_a_pods_own_cluster(mount: Path, host: str, server: str) -> None:
    """Server, namespace, authority and token come from the environment and the mount."""
    access = find_cluster({"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"}, mount=mount)
    assert (access.server, access.namespace, access.bearer()) == (server, "realtime-operator", TOKEN)
    assert len(access.ssl_context.get_ca_certs()) == 1


def test_a_mount_without_a_namespace(mount: Path) -> None:
    """A mount that names no namespace is at home in default."""
    (mount / "namespace").unlink()
    access = access_of_service_account({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, mount=mount)
    assert access.namespace == "default"
    with pytest.raises(ClusterAccessInvalid, match="this is no pod"):
        access_of_service_account({}, mount=mount)


def test_nothing_is_written(mount: Path) -> None:
    """A pod whose root is read-only has no place for even a temporary file."""
    made: list[Any] = []

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith("tempfile."):
            made.append(arguments)

    sys.addaudithook(note)  # for good: there is no way to take one away
    access_of_service_account({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, mount=mount)
    assert made == []


def test_no_cluster_at_all(tmp_path: Path) -> None:
    """Without any credentials, what was looked for is named."""
    with pytest.raises(ClusterAccessInvalid, match="KUBECONFIG is not set"):
        find_cluster({"HOME": str(tmp_path)})
    with pytest.raises(ClusterAccessInvalid, match="no service account is mounted"):
        find_cluster({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, mount=tmp_path)


def test_a_token_file_is_read_again(tmp_path: Path) -> None:
    """A replaced token is seen after half a minute, at once after a refusal, and outlives a file that is gone."""
    now = 0.0
    path = tmp_path / "token"
    path.write_text("one")
    bearer = FileBearer(path, monotonic=lambda: now)
    assert bearer() == "one"
    path.write_text("two")
    assert bearer() == "one"
    now += TOKEN_MAX_AGE_S
    assert bearer() == "two"
    path.write_text("three")
    bearer.refresh()
    assert bearer() == "three"
    path.unlink()
    bearer.refresh()
    assert bearer() == "three"

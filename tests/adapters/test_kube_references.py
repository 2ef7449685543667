"""What providers refer to, on a real API server."""

from __future__ import annotations

import pytest

from hack.controlplane import ControlPlane
from realtime_operator.adapters.kube_path import CONFIG_MAPS, SECRETS
from realtime_operator.adapters.kube_references import KubeReferences
from realtime_operator.core.errors import ClusterForbidden
from tests.adapters.cluster import RecordingClient, a_secret, client_of, post


@pytest.fixture
def references(admin: RecordingClient) -> KubeReferences:
    """The store, with all rights."""
    return KubeReferences(admin)


async def test_a_key_secret(references: KubeReferences, admin: RecordingClient, namespace: str) -> None:
    """Its version, labels and decoded text are read; values that are not text are left out; nothing prints."""
    created = await post(admin, SECRETS.collection(namespace), a_secret("openai", data={"binary": "//79"}))
    document = await references.key_secret(namespace, "openai")
    assert document is not None
    assert document.version == created["metadata"]["resourceVersion"]
    assert document.labels == {"app": "hotel"}
    assert document.data == {"token": "ek_planted", "model": "gpt-realtime"}
    assert "ek_planted" not in repr(document)


async def test_a_config_map(references: KubeReferences, admin: RecordingClient, namespace: str) -> None:
    """A ConfigMap's text is read as it is, and one without data is empty."""
    manifest = {"metadata": {"name": "bundle"}, "data": {"ca.crt": "PEM"}}
    await post(admin, CONFIG_MAPS.collection(namespace), manifest)
    await post(admin, CONFIG_MAPS.collection(namespace), {"metadata": {"name": "empty"}})
    full, empty = [await references.config_map(namespace, name) for name in ("bundle", "empty")]
    assert full is not None
    assert empty is not None
    assert (full.data, full.labels) == ({"ca.crt": "PEM"}, {})
    assert empty.data == {}


async def test_labels_of_a_namespace(references: KubeReferences, namespace: str) -> None:
    """A namespace's labels are read; one that does not exist has none."""
    assert await references.namespace_labels(namespace) == {"kubernetes.io/metadata.name": namespace}
    assert await references.namespace_labels("no-such-namespace") == {}


async def test_what_is_not_there(references: KubeReferences, namespace: str) -> None:
    """What is absent is None, also where its name cannot be one."""
    assert await references.key_secret(namespace, "absent") is None
    assert await references.config_map(namespace, "absent") is None
    assert await references.key_secret(namespace, "../absent") is None


async def test_unreadable_is_not_missing(control_plane: ControlPlane, namespace: str) -> None:
    """Without rights it is an error that names them, never None."""
    async with client_of(control_plane.identity("nobody")) as client:
        references = KubeReferences(client)
        with pytest.raises(ClusterForbidden, match=f"get secrets in namespace {namespace}"):
            await references.key_secret(namespace, "absent")
        with pytest.raises(ClusterForbidden, match=f"get configmaps in namespace {namespace}"):
            await references.config_map(namespace, "absent")
        with pytest.raises(ClusterForbidden, match=r"get namespaces$"):
            await references.namespace_labels(namespace)

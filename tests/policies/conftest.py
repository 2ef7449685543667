"""The fence around a user with all rights, and a session in a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.policies.fence import Client, fenced
from tests.policies.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    import kubernetes

    from tests.support.fixtures import Command


@pytest.fixture(scope="session")
def user(kube: kubernetes.client.ApiClient, kubectl: Command) -> Iterator[Client]:
    """A user whom RBAC allows everything, and the policies what they allow the operator."""
    with fenced(kube, kubectl) as client:
        yield client


@pytest.fixture
def admin(kube: kubernetes.client.ApiClient) -> Client:
    """The administrator."""
    return Client(kube)


@pytest.fixture
def scene(admin: Client, namespace: str) -> Scene:
    """A namespace with the sessions concierge and bellboy."""
    return Scene.prepared(admin, namespace)

"""With ``watch_secrets`` what somebody does to a Secret is put right in a moment, on a real API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.rights import WATCHED_SECRETS, cluster_identity
from tests.support.operator import RunningOperator, running_operator, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import kubernetes

    from hack.controlplane import ControlPlane
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane

SOON_S = 20.0
"""It takes some two seconds; without the watch it would be 45 at least."""


@pytest.fixture(scope="module")
def watching(control_plane: ControlPlane, kube: kubernetes.client.ApiClient) -> Iterator[RunningOperator]:
    """An operator that watches Secrets, and may."""
    identity = cluster_identity(control_plane, kube, "watching-operator", WATCHED_SECRETS)
    with running_operator(identity, watch_secrets=True) as running:
        yield running
        assert "Secrets are not watched" not in running.log_text()


def test_without_the_right_it_is_said_and_secrets_are_looked_at(
    operator_kubeconfig: Path, stage: Stage
) -> None:
    """The operator serves as ever; the log names the right."""
    with running_operator(operator_kubeconfig, watch_secrets=True) as running:
        stage.ready_to_mint()
        stage.add("concierge")
        stage.ready("concierge")
        said = wait_for(
            lambda: text if "Secrets are not watched" in (text := running.log_text()) else None, "it is said"
        )
    assert "RBAC does not let the operator list secrets" in said


@pytest.mark.usefixtures("watching")
def test_a_deleted_secret_is_back_and_an_edited_one_is_mended(stage: Stage) -> None:
    """Both with the token that they had, and without a mint."""
    stage.ready_to_mint()
    stage.add("concierge")
    stage.ready("concierge")
    token = stage.entries("concierge")["token"]
    stage.core.delete_namespaced_secret("concierge", stage.namespace)
    wait_for(lambda: stage.secret("concierge") is not None, "it is back", within=SOON_S)
    assert stage.entries("concierge")["token"] == token
    stage.core.patch_namespaced_secret("concierge", stage.namespace, {"stringData": {"token": "other"}})
    wait_for(lambda: stage.entries("concierge").get("token") == token, "it is mended", within=SOON_S)
    assert len(stage.mints("concierge")) == 1

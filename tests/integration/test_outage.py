"""The API server goes away, or the wire to it does: the operator goes on by itself when it is back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.integration.relay import Relay, relay
from tests.integration.stage import COLLECTED, ROTATE, Stage
from tests.support.operator import RunningOperator, running_operator, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hack.controlplane import ControlPlane

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane

API_SERVER = "kube-apiserver"


@contextmanager
def operator_over_a_wire(
    plane: ControlPlane, kubeconfig: Path, folder: Path
) -> Iterator[tuple[RunningOperator, Relay]]:
    """An operator that reaches the API server by a wire that can be cut."""
    port = urlsplit(plane.server).port or 0
    with relay(port) as wire:
        rewired = folder / "rewired.kubeconfig"
        rewired.touch(mode=0o600)
        rewired.write_text(kubeconfig.read_text().replace(f":{port}", f":{wire.port}"))
        with running_operator(rewired) as operator:
            yield operator, wire


def test_a_session_deleted_unseen_is_dropped_when_the_watch_lists_anew(
    control_plane: ControlPlane, operator_kubeconfig: Path, stage: Stage, tmp_path: Path
) -> None:
    """A deletion that no watch can tell of any more is found by comparing lists, at once; one that was created unseen is served."""
    stage.ready_to_mint()
    with operator_over_a_wire(control_plane, operator_kubeconfig, tmp_path) as (operator, wire):
        for name in ("ghost", "bystander"):
            stage.add(name)
            stage.ready(name)
        series = f'{{namespace="{stage.namespace}",name="ghost"}}'
        wire.cut()
        stage.delete("ghost")
        stage.add("unseen")
        wait_for(lambda: stage.secret("ghost") is None, "the Secret is collected", within=COLLECTED)
        assert series in operator.metrics()
        # A server that was started anew has forgotten the changes before, so the watch must list again.
        control_plane.stop(API_SERVER)
        control_plane.start(API_SERVER)
        wire.mend()
        stage.ready("unseen", within=60)
        wait_for(lambda: series not in operator.metrics(), "the ghost is dropped", within=60)
        wait_for(operator.is_ready, "it watches again")
    assert stage.secret("ghost") is None
    assert any("1 ghosts" in line["msg"] for line in operator.logged())


def test_an_api_server_that_comes_back_finds_the_operator_at_work(
    control_plane: ControlPlane, operator_kubeconfig: Path, stage: Stage
) -> None:
    """A token that was minted while it was away is kept and written afterwards; the same operator serves new sessions."""
    stage.ready_to_mint()
    with running_operator(operator_kubeconfig) as operator:
        stage.add("concierge")
        stage.ready("concierge")
        token = stage.entries("concierge")["token"]
        stage.provider.set(latency=4.0)
        stage.annotate("concierge", {ROTATE: "1"})
        wait_for(lambda: len(stage.requests("concierge")) == 2, "a mint is under way")
        control_plane.stop(API_SERVER)
        try:
            stage.provider.set(latency=0.0)
            stage.minted("concierge", 2)
            assert operator.get("/livez").is_success
        finally:
            control_plane.start(API_SERVER)
        held = stage.token_after("concierge", token, within=60)
        assert held["previous-token"] == token
        stage.add("new")
        stage.ready("new", within=60)
        assert len(stage.mints("concierge")) == 2

"""Rotation in real time, seen by the observer; and what people may ask of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import kubernetes
import pytest

from tests.integration.known_clock import get_to_know_the_clock
from tests.integration.stage import ROTATE, Stage
from tests.integration.witness import Witness, observing
from tests.support.operator import GROUP, RunningOperator, wait_for
from tests.support.provider import running_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hack.controlplane import ControlPlane

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator", "steady")]

STEADY = ("one", "two", "three")
LIFE = 10
ROTATIONS = 4


@pytest.fixture(scope="module")
def steady(
    control_plane: ControlPlane,
    kube: kubernetes.client.ApiClient,
    operator: RunningOperator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Stage, Witness]]:
    """Sessions of 10 s with a stand-in and an observer of their own, which live while the other tests of this module run."""
    namespace, core = f"steady-{uuid.uuid4().hex[:6]}", kubernetes.client.CoreV1Api(kube)
    meta = kubernetes.client.V1ObjectMeta(name=namespace)
    core.create_namespace(kubernetes.client.V1Namespace(metadata=meta))
    log_file = tmp_path_factory.mktemp("observer") / "observer.log"
    with running_provider(latency=0.1) as provider:
        stage = Stage(kube, namespace, provider)
        stage.ready_to_mint()
        get_to_know_the_clock(stage, operator)
        with observing(control_plane.kubeconfig, namespace, provider.url, log_file) as witness:
            for name in STEADY:
                stage.add(name, lifetimeSeconds=LIFE)
            yield stage, witness
            stage.clear()
    core.delete_namespace(namespace)


def test_rotate_now_mints_once_for_each_value(stage: Stage) -> None:
    """A new value mints one token, and is acknowledged in the Secret and in status; the same value again does nothing."""
    stage.ready_to_mint()
    stage.add("concierge", annotations={ROTATE: "0"})
    assert stage.ready("concierge")["lastHandledRotate"] == "0"
    for value in ("1", "2"):
        before = stage.entries("concierge")
        stage.annotate("concierge", {ROTATE: value})
        after = stage.token_after("concierge", before["token"])
        assert (after["previous-token"], after["previous-expires-at"]) == (
            before["token"],
            before["expires-at"],
        )
        assert stage.secret("concierge").metadata.annotations[ROTATE] == value
        stage.shows("concierge", lastHandledRotate=value)
        stage.annotate("concierge", {"note": value})
    stage.looked_at("concierge")
    assert len(stage.mints("concierge")) == 3
    assert stage.status("concierge")["rotations"] == 2


def test_a_suspended_session_mints_nothing_until_it_is_resumed(stage: Stage) -> None:
    """Neither a new spec nor rotate-now mints while suspended; the token lives on until it expires; resuming mints."""
    stage.ready_to_mint()
    stage.add("dying", lifetimeSeconds=LIFE)
    stage.add("concierge")
    stage.add("never", suspend=True)
    for name in ("dying", "concierge"):
        stage.ready(name)
        stage.change(name, {"spec": {"suspend": True}})
    stage.condition("concierge", "RotationHealthy", "Unknown", "Suspended")
    stage.condition("concierge", "Ready", "True")
    stage.annotate("concierge", {ROTATE: "1"})
    stage.change("concierge", {"spec": {"session": {"instructions": "Other words."}}})
    stage.condition("concierge", "Ready", "False")
    stage.condition("never", "Ready", "False", "Suspended")
    assert stage.secret("never") is None
    stage.condition("dying", "Ready", "False", "Suspended", within=LIFE + 20)
    assert [len(stage.requests(name)) for name in ("dying", "concierge", "never")] == [1, 1, 0]
    for name in (
        "dying",
        "concierge",
        "never",
    ):  # all with a life that needs no rotation before they are looked at
        stage.change(name, {"spec": {"suspend": False, "lifetimeSeconds": 600}})
    for name in ("dying", "concierge", "never"):
        stage.ready(name)
    assert [len(stage.mints(name)) for name in ("dying", "concierge", "never")] == [2, 2, 1]


def test_steady_sessions_never_show_an_expired_token(steady: tuple[Stage, Witness]) -> None:
    """Over several rotations the observer counts no expired, missing or undue moment, and every token reached its Secret."""
    stage, witness = steady
    wanted = len(STEADY) * ROTATIONS
    wait_for(lambda: witness.figures()["rotations"] >= wanted, "several rotations", within=60)
    for name in STEADY:
        entries, status = stage.entries(name), stage.status(name)
        moments = [datetime.fromisoformat(entries[key]) for key in ("previous-expires-at", "expires-at")]
        assert 3 <= (moments[1] - moments[0]).total_seconds() <= LIFE
        assert entries["previous-token"] != entries["token"]
        assert status["rotations"] >= ROTATIONS - 1
        stage.change(name, {"spec": {"suspend": True}})
        stage.condition(name, "RotationHealthy", "Unknown", "Suspended")
        annotations = stage.secret(name).metadata.annotations
        assert annotations[f"{GROUP}/expires-at"] == stage.entries(name)["expires-at"]
    wait_for(
        lambda: witness.figures()["mints"] == witness.figures()["rotations"] + len(STEADY), "all is observed"
    )
    figures = witness.end()
    assert figures["expired_seconds"] == figures["missing_seconds"] == 0, witness.findings()
    assert figures["undue_mints"] == figures["orphan_mints"] == figures["torn"] == 0, witness.findings()
    assert figures["mints"] == figures["rotations"] + len(STEADY)
    assert figures["lateness_max_s"] < 2, "within the reserve"
    assert 0.3 < figures["life_used_mean"] < 0.6

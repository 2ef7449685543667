"""Pods hear of a new token as soon as it is in its Secret. No kubelet runs here: what counts is what a pod is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import kubernetes
import pytest

from tests.integration.pods import Pods, rotate, token_id
from tests.integration.stage import ROTATE, Stage
from tests.support.operator import RunningOperator, running_operator, wait_for
from tests.support.pods import ANNOTATION, DELIVERY, by_variable, pod_spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane

MANY = 300
HELD, SINCE = "realtime-operator.io/held-token-id", "realtime-operator.io/held-since"


@pytest.fixture(scope="module")
def telling(telling_kubeconfig: Path) -> Iterator[RunningOperator]:
    """An operator that tells pods."""
    with running_operator(telling_kubeconfig, pod_annotation=True) as running:
        yield running


@pytest.mark.usefixtures("telling")
def test_each_pod_that_mounts_the_secret_is_told(stage: Stage, pods: Pods) -> None:
    """At the first token and at each rotation, those that mount it and no others; nothing else of a pod changes."""
    for number in range(3):
        pods.add(f"voice-{number}", annotations={"team": "voice"})
    pods.add("other-labels", labels={"app": "other"})
    pods.add("other-secret", pod_spec(of="another"))
    for name, phase in (("done", "Succeeded"), ("broken", "Failed")):
        pods.add(name)
        pods.ends(name, phase)
    before = pods.core.read_namespaced_pod("voice-0", stage.namespace)
    stage.add("concierge", lifetimeSeconds=60, delivery=DELIVERY)
    stage.ready("concierge")
    nobody, wanted = dict.fromkeys(("other-labels", "other-secret", "done", "broken"), ""), ""
    for value in ("", "1"):
        wanted = rotate(stage, value) if value else token_id(stage)
        _are_told(pods, {f"voice-{number}": wanted for number in range(3)} | nobody)
    stage.shows("concierge", pods={"consuming": 3, "notified": 3})
    stage.condition("concierge", "Delivered", "True", "WithinPropagation")
    after = pods.core.read_namespaced_pod("voice-0", stage.namespace)
    assert after.metadata.annotations == before.metadata.annotations | {ANNOTATION: wanted}
    assert (after.spec, after.metadata.labels, after.metadata.uid) == (
        before.spec,
        before.metadata.labels,
        before.metadata.uid,
    )


@pytest.mark.usefixtures("telling")
def test_a_pod_that_starts_across_a_rotation_is_told(stage: Stage, pods: Pods) -> None:
    """It may have been given the token before: a later list finds it, also where it has the name of one that is gone."""
    pods.add("voice-0")
    stage.add("concierge", lifetimeSeconds=600, delivery=DELIVERY)
    stage.ready("concierge")
    first = token_id(stage)
    wait_for(lambda: pods.told("voice-0") == first, "told of the first")
    wanted = rotate(stage)
    wait_for(lambda: pods.told("voice-0") == wanted, "told of the second")
    pods.core.delete_namespaced_pod("voice-0", stage.namespace, grace_period_seconds=0)
    pods.add("voice-0")
    pods.add("voice-1")
    wait_for(lambda: pods.all_told() == {"voice-0": wanted, "voice-1": wanted}, "the newcomers, too")


def test_hundreds_of_pods_are_told_within_seconds(telling: RunningOperator, stage: Stage, pods: Pods) -> None:
    """300 pods of one session hear of a token in one write each, and another session rotates meanwhile."""
    with ThreadPoolExecutor(8) as hands:
        list(hands.map(pods.add, (f"voice-{number}" for number in range(MANY))))
    stage.add("concierge", lifetimeSeconds=600, delivery=DELIVERY)
    stage.add("beside", delivery={"propagation": "None"})
    stage.shows("concierge", pods={"consuming": MANY, "notified": MANY}, within=60)
    stage.ready("beside")
    took = [_seconds_for_all(telling, stage, pods, str(number)) for number in range(3)]
    # 3 s on a machine of its own: `make e2e SUITE=delivery` asserts that. Here other tests run beside it.
    assert 0 < min(took) < 20, took


def _seconds_for_all(operator: RunningOperator, stage: Stage, pods: Pods, value: str) -> float:
    """Rotate both sessions; gives how long after the Secret's write the last of the pods was told."""
    seconds, count = (_figure(operator, f"notification_seconds_{it}") for it in ("sum", "count"))
    told = _told(operator)
    wanted, token = rotate(stage, value), stage.entries("beside")["token"]
    stage.annotate("beside", {ROTATE: value})
    stage.token_after("beside", token)
    # Not the pods are looked at meanwhile, but the figures: to read 300 of them again and again would cost the operator its processor.
    wait_for(lambda: _figure(operator, "notification_seconds_count") > count, "a list is done", within=60)
    wait_for(lambda: _told(operator) >= told + MANY, "all are told, some by another list", within=60)
    assert set(pods.all_told().values()) == {wanted}
    assert _told(operator) == told + MANY
    return _figure(operator, "notification_seconds_sum") - seconds


def _told(operator: RunningOperator) -> float:
    return _figure(operator, 'notifications_total{outcome="told"}')


def _figure(operator: RunningOperator, name: str) -> float:
    lines = operator.metrics().splitlines()
    return sum(
        float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"realtime_operator_pod_{name}")
    )


@pytest.mark.usefixtures("telling")
def test_a_variable_is_said_to_keep_its_token(stage: Stage, pods: Pods) -> None:
    """Delivered names the pod and what to do; an event tells the session's author, and the owner of the pod."""
    pods.add("voice-0")
    pod = pods.add("old-style", pod_spec(by_variable()))
    stage.add("concierge", lifetimeSeconds=600, delivery=DELIVERY)
    message = stage.condition("concierge", "Delivered", "False", "EnvConsumer")["message"]
    assert "1 of 2 pods have the token in an environment variable" in message
    assert "old-style" in message
    stage.shows("concierge", pods={"consuming": 2, "notified": 1})
    wait_for(lambda: [e for e in stage.events("concierge") if e.reason == "EnvConsumer"], "an event")
    about = partial(_events_about, stage, pod.metadata.uid)
    (event,) = wait_for(about, "an event about the pod, which nobody owns")
    assert (event.reason, event.type, event.regarding.api_version) == ("EnvConsumer", "Warning", "v1")
    pods.core.delete_namespaced_pod("old-style", stage.namespace, grace_period_seconds=0)
    rotate(stage)
    stage.condition("concierge", "Delivered", "True", "WithinPropagation")


def _are_told(pods: Pods, wanted: dict[str, str]) -> None:
    wait_for(lambda: pods.all_told() == wanted, "all are told, and nobody else")


def _events_about(stage: Stage, uid: str) -> list[Any]:
    api: Any = kubernetes.client.EventsV1Api(stage.core.api_client)
    listed = api.list_namespaced_event(stage.namespace).items
    return [event for event in listed if event.regarding.uid == uid]


def test_pods_confirm_what_they_hold(telling: RunningOperator, stage: Stage, pods: Pods) -> None:
    """A pod that reports is counted on the last list after a rotation, and the time is measured."""
    pods.add("voice-0")
    pods.add("voice-1")
    stage.add("concierge", lifetimeSeconds=600, delivery=DELIVERY)
    stage.ready("concierge")
    held = {HELD: rotate(stage), SINCE: datetime.now(UTC).isoformat(timespec="seconds")}
    pods.report("voice-0", held)
    stage.shows("concierge", pods={"consuming": 2, "notified": 2, "confirmed": 1}, within=40)
    assert "realtime_operator_token_held_seconds_count 1.0" in telling.metrics()

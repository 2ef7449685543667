"""What listens for leaks hears them: else its silence would mean nothing."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import kubernetes
import pytest

from tests.integration.overheard import LEAK, PASSWORD, PLANTED_TOKEN, Overheard
from tests.integration.stage import CANARY, PROVIDERS, SESSIONS, VERSION, Stage
from tests.support.operator import GROUP
from tests.support.provider import KEY

if TYPE_CHECKING:
    from demo.provider.remote import RemoteProvider

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane


def test_a_planted_leak_is_heard_wherever_it_is(
    kube: kubernetes.client.ApiClient, namespace: str, provider: RemoteProvider
) -> None:
    """A token in an event, a key in a status and in a Secret's annotation, and a body in a status that stood only for a moment."""
    ear, stage = Overheard(kube), Stage(kube, namespace, provider)
    try:
        stage.key()
        stage.add_provider()
        stage.add("silent", suspend=True)
        leaky = {"annotations": {"note": base64.b64encode(KEY.encode()).decode()}}
        stage.core.patch_namespaced_secret("key", namespace, {"metadata": leaky})
        say(kube, namespace, SESSIONS, "silent", CANARY)
        say(kube, namespace, SESSIONS, "silent", "nothing")
        say(kube, namespace, PROVIDERS, "default", f"Incorrect API key provided: {KEY}")
        regarding = {"kind": "Namespace", "name": namespace, "namespace": namespace}
        note = {"metadata": {"generateName": "leak-"}, "involvedObject": regarding, "message": PLANTED_TOKEN}
        stage.core.create_namespaced_event(namespace, note)
    finally:
        ear.stop()
        # Gone before other ears listen, for a deletion repeats what is deleted.
        stage.core.delete_collection_namespaced_event(namespace)
        stage.core.delete_namespaced_secret("key", namespace)
        stage.delete("default", plural=PROVIDERS)
    assert {(kind, leak[:6]) for kind, leak in ear.leaks()} == {
        ("events", PLANTED_TOKEN[:6]),
        ("Secret", base64.b64encode(KEY.encode()).decode()[:6]),
        (SESSIONS, CANARY[:6]),
        (PROVIDERS, KEY[:6]),
    }


def say(kube: kubernetes.client.ApiClient, namespace: str, plural: str, name: str, words: str) -> None:
    """Write a sentence into the status of an object, as a careless operator would."""
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "Said",
        "message": words,
        "lastTransitionTime": "2026-11-22T00:00:00Z",
    }
    kubernetes.client.CustomObjectsApi(kube).patch_namespaced_custom_object_status(
        GROUP, VERSION, namespace, plural, name, {"status": {"conditions": [condition]}}
    )


@pytest.mark.parametrize("planted", [KEY, PLANTED_TOKEN, CANARY, PASSWORD])
def test_a_planted_leak_is_found_in_a_text(planted: str) -> None:
    """In a line of a log or of metrics, and where a Secret's data is quoted."""
    assert LEAK.findall(f'{{"msg":"sent {planted}!"}}') == [planted]
    if planted in {KEY, PLANTED_TOKEN}:
        assert LEAK.findall(f'{{"data":"{base64.b64encode(planted.encode()).decode()}"}}')

"""The search for leaks: each test plants one in a real place and sees it found."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kubernetes
import pytest

from bench.cluster import Api
from demo.provider.ledger import hash_of
from drill.leaks import Leak, search
from drill.secretive import Secretive
from hack.controlplane import ControlPlane

GROUP, VERSION = "realtime-operator.io", "v1alpha1"
TOKEN = f"ek_{secrets.token_hex(16)}"
KEY = f"sk-standin-{secrets.token_urlsafe(24)}"
CANARY = "You greet the guests."
SECRETIVE = Secretive(key=KEY, canary=CANARY, token_hashes=frozenset({hash_of(TOKEN)}))
TEXTS = {
    TOKEN: "token",
    f"ek_{'0' * 32}": "token unknown to the ledger",
    TOKEN.removeprefix("ek_"): "token without its prefix",
    KEY: "provider key",
    CANARY: "request body",
    base64.b64encode(TOKEN.encode()).decode(): "token in base64",
    f"data/{base64.b64encode(TOKEN.encode()).decode()}": "token in base64",
    base64.urlsafe_b64encode(b"12" + KEY.encode()).decode().rstrip("="): "provider key in base64",
    base64.b64encode(f'"instructions":"{CANARY}"'.encode()).decode(): "request body in base64",
}


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[Api]:
    """The API as its administrator."""
    async with Api(control_plane.kubeconfig) as it:
        yield it


@pytest.fixture
def custom(kube: kubernetes.client.ApiClient) -> Any:
    """Our kinds, by the official client."""
    return kubernetes.client.CustomObjectsApi(kube)


@pytest.fixture
def cluster_provider(custom: Any) -> Iterator[str]:
    """A ClusterRealtimeProvider of the test's own."""
    name = f"leaky-{uuid.uuid4().hex[:6]}"
    body = document("ClusterRealtimeProvider", name, provider_spec(namespace="default"))
    custom.create_cluster_custom_object(GROUP, VERSION, "clusterrealtimeproviders", body)
    yield name
    custom.delete_cluster_custom_object(GROUP, VERSION, "clusterrealtimeproviders", name)


def document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An object of one of our kinds."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }


def provider_spec(**reference: str) -> dict[str, Any]:
    """The spec of a provider that nobody asks."""
    return {"baseURL": "http://127.0.0.1:9/v1", "auth": {"secretRef": {"name": "key", **reference}}}


def status(message: str) -> dict[str, Any]:
    """A status that says something."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": "Ready", "status": "False", "reason": "Pending", "message": message}
    return {"status": {"conditions": [condition | {"lastTransitionTime": now, "observedGeneration": 1}]}}


async def found(api: Api, place: str) -> list[Leak]:
    """What the search finds in a place of the cluster."""
    return [leak for leak in await search(SECRETIVE, api, logs=[], texts={}) if place in leak.where]


@pytest.mark.parametrize(("text", "what"), TEXTS.items(), ids=TEXTS.values())
def test_a_secret_is_recognised_in_any_dress(text: str, what: str) -> None:
    """Plain or in base64, once for each time; and what is found is named without being repeated."""
    assert SECRETIVE.found_in(f'{{"msg": "it is {text}, and again {text}"}}') == [what, what]
    assert not any(secret in repr(SECRETIVE) for secret in (TOKEN, KEY, hash_of(TOKEN)))


def test_what_only_looks_like_a_secret_is_none() -> None:
    """A UID without dashes, a digest, a token's id, the words of another prompt, a certificate."""
    harmless = [uuid.uuid4().hex, hash_of(TOKEN), hash_of(TOKEN)[:12], "You greet nobody.", "QUFB" * 400]
    assert SECRETIVE.found_in(" ".join(harmless)) == []


async def test_a_leak_in_a_log_is_found(api: Api, tmp_path: Path) -> None:
    """In the file that a process printed to, named by its name."""
    log = tmp_path / "operator-1.log"
    log.write_text(f'{{"level": "INFO", "msg": "running"}}\nTraceback: {KEY}\n{TOKEN} {TOKEN}\n')
    leaks = await search(SECRETIVE, api, logs=[log], texts={})
    assert {Leak("log operator-1.log", "provider key", 1), Leak("log operator-1.log", "token", 2)} <= set(
        leaks
    )
    assert not any(secret in str(leak) for leak in leaks for secret in (TOKEN, KEY))


async def test_a_leak_in_metrics_or_in_error_output_is_found(api: Api) -> None:
    """In any text that is handed over, named by where it comes from."""
    texts = {"metrics of operator 1": f'mints_total{{key="{KEY}"}} 1', "error output": f"drill: {CANARY}"}
    leaks = await search(SECRETIVE, api, logs=[], texts=texts)
    assert {Leak("metrics of operator 1", "provider key", 1), Leak("error output", "request body", 1)} <= set(
        leaks
    )


async def test_a_leak_in_an_event_is_found(
    api: Api, kube: kubernetes.client.ApiClient, namespace: str
) -> None:
    """In the note of an event that somebody posted."""
    assert await found(api, namespace) == []
    event = {
        "metadata": {"name": "chatter", "namespace": namespace},
        "eventTime": datetime.now(UTC).isoformat(),
        "reportingController": "realtime-operator.io/realtime-operator",
        "reportingInstance": "test",
        "action": "Mint",
        "reason": "Issued",
        "type": "Normal",
        "note": f"Secret concierge holds {TOKEN}.",
        "regarding": {"kind": "RealtimeSession", "name": "concierge", "namespace": namespace},
    }
    events: Any = kubernetes.client.EventsV1Api(kube)
    events.create_namespaced_event(namespace, event)
    assert await found(api, namespace) == [Leak(f"event {namespace}/chatter", "token", 1)]


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("RealtimeSession", "realtimesessions"), ("RealtimeProvider", "realtimeproviders")],
)
async def test_a_leak_in_a_status_is_found(
    api: Api, custom: Any, namespace: str, kind: str, plural: str
) -> None:
    """In a condition's message; that the session's own spec holds its instructions is no leak."""
    session = {"type": "realtime", "model": "gpt-realtime", "instructions": CANARY}
    spec = {"lifetimeSeconds": 60, "session": session, "delivery": {"propagation": "None"}}
    body = document(kind, "concierge", spec if kind == "RealtimeSession" else provider_spec())
    custom.create_namespaced_custom_object(GROUP, VERSION, namespace, plural, body)
    assert await found(api, namespace) == []
    custom.patch_namespaced_custom_object_status(
        GROUP, VERSION, namespace, plural, "concierge", status(f"the provider answered: {CANARY}")
    )
    assert await found(api, namespace) == [
        Leak(f"status of {plural} {namespace}/concierge", "request body", 1)
    ]


async def test_a_leak_in_the_status_of_a_cluster_provider_is_found(
    api: Api, custom: Any, cluster_provider: str
) -> None:
    """The third kind is of no namespace."""
    plural = "clusterrealtimeproviders"
    custom.patch_cluster_custom_object_status(
        GROUP, VERSION, plural, cluster_provider, status(f"key {KEY} is refused")
    )
    assert await found(api, cluster_provider) == [
        Leak(f"status of {plural} {cluster_provider}", "provider key", 1)
    ]


async def test_a_leak_beside_a_secrets_data_is_found(
    api: Api, kube: kubernetes.client.ApiClient, namespace: str
) -> None:
    """In a label or an annotation; the data itself is where a token belongs."""
    core: Any = kubernetes.client.CoreV1Api(kube)
    core.create_namespaced_secret(namespace, {"metadata": {"name": "it"}, "stringData": {"token": TOKEN}})
    assert await found(api, namespace) == []
    core.patch_namespaced_secret(
        "it", namespace, {"metadata": {"labels": {"last": TOKEN}, "annotations": {"key": KEY}}}
    )
    where = f"metadata of Secret {namespace}/it"
    assert set(await found(api, namespace)) == {Leak(where, "token", 1), Leak(where, "provider key", 1)}

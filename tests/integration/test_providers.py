"""Which provider a session gets, with which key, and what people hear when that cannot be."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.integration.relay import relay
from tests.integration.stage import KEY_LABEL, Stage
from tests.support.operator import GROUP
from tests.support.provider import KEY

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]

RECOVERY = 30.0
"""Seconds from the mending of a key to the token: keys are looked at every 10 s, and the machine may be busy."""

CLUSTER, OWN = "ClusterRealtimeProvider", "RealtimeProvider"


def test_the_namespaces_own_default_comes_before_the_clusters(stage: Stage) -> None:
    """A session that names no provider gets the cluster's default only while its namespace has none."""
    stage.key()
    stage.add_cluster_provider("default")
    stage.add("first")
    assert stage.ready("first")["providerRef"] == {"kind": CLUSTER, "name": "default"}
    stage.add_provider("default")
    stage.add("second")
    for name in ("first", "second"):  # the second may have been heard of before its provider
        stage.shows(name, providerRef={"kind": OWN, "name": "default"})
    stage.ready("second")
    assert len(stage.mints("first")) == 1, "the request is the same, so the token is kept"


def test_a_session_mints_at_the_provider_that_it_names(stage: Stage) -> None:
    """Both kinds can be named, whatever defaults there are."""
    stage.ready_to_mint()
    stage.add_provider("own")
    stage.add_cluster_provider(stage.namespace)
    stage.add("own", providerRef={"kind": OWN, "name": "own"})
    stage.add("cluster", providerRef={"kind": CLUSTER, "name": stage.namespace})
    assert stage.ready("own")["providerRef"] == {"kind": OWN, "name": "own"}
    assert stage.ready("cluster")["providerRef"] == {"kind": CLUSTER, "name": stage.namespace}


@pytest.mark.parametrize(
    ("scheme", "sent", "absent"),
    [
        ("Bearer", f"authorization: bearer {KEY}", "api-key:"),
        ("ApiKeyHeader", f"api-key: {KEY}", "authorization:"),
    ],
)
def test_the_key_goes_into_the_header_of_its_scheme(
    stage: Stage, scheme: str, sent: str, absent: str
) -> None:
    """The provider says where its key belongs, and it is sent there and nowhere else."""
    stage.key()
    port = urlsplit(stage.provider.url).port or 0
    with relay(port) as wire:
        stage.add_provider(baseURL=f"http://127.0.0.1:{wire.port}/v1", auth={"scheme": scheme})
        stage.add("one")
        stage.ready("one")
        said = bytes(wire.said).decode().replace("Bearer", "bearer")
        heads = said.lower().replace(KEY.lower(), KEY)
        stage.delete("one")
    assert sent in heads
    assert absent not in heads


def test_a_key_that_cannot_be_used_is_named_and_used_once_it_is_mended(stage: Stage) -> None:
    """Session and provider say which Secret and entry is wrong and what helps; soon after it is mended there is a token."""
    broken = {
        "missing": ("KeySecretMissing", "create it with the label"),
        "unlabelled": ("KeySecretNotLabelled", f'{GROUP}/provider-key: "true"'),
        "no-entry": ("KeyMissing", "correct spec.auth.secretRef.key"),
        "empty": ("KeyMissing", "'api-key' is empty; store the key"),
        "newline": ("KeyMissing", "white space, often a newline; store the key alone"),
    }
    stage.key("unlabelled", labels={})
    stage.key("no-entry", {"other": KEY})
    stage.key("empty", {"api-key": ""})
    stage.key("newline", {"api-key": f"{KEY}\n"})
    for name in broken:
        stage.add_provider(name, key=name)
        stage.add(f"with-{name}", providerRef={"name": name})
    for name, (reason, remedy) in broken.items():
        for condition in (
            stage.condition(f"with-{name}", "Ready", "False", reason),
            stage.condition(f"with-{name}", "Stalled", "True", reason),
            stage.provider_condition(name, "False", reason),
        ):
            assert f"Secret {stage.namespace}/{name}" in condition["message"]
            assert remedy in condition["message"]
        assert not stage.requests(f"with-{name}")

    stage.key("missing")
    for name in broken.keys() - {"missing"}:
        body = {"metadata": {"labels": KEY_LABEL}, "stringData": {"api-key": KEY}}
        stage.core.patch_namespaced_secret(name, stage.namespace, body)
    for name in broken:
        stage.ready(f"with-{name}", within=RECOVERY)
        stage.provider_condition(name, "True", "KeyReady")
        assert len(stage.mints(f"with-{name}")) == 1


def test_a_provider_that_does_not_exist_is_named_and_used_once_it_does(stage: Stage) -> None:
    """The session is Stalled with the name that it wants, and mints as soon as there is such a provider."""
    stage.key()
    stage.add("early", providerRef={"name": "later"})
    message = stage.condition("early", "Stalled", "True", "ProviderNotFound")["message"]
    assert "There is no RealtimeProvider later" in message
    assert "spec.providerRef" in message
    stage.add_provider("later")
    stage.ready("early", within=RECOVERY)


def test_policy_refuses_before_anything_is_sent(stage: Stage) -> None:
    """What a provider does not allow is said with the field and the limit; nothing is sent; and it heals when allowed."""
    stage.key()
    allow = {
        "namespaces": {"namespaces": {"matchLabels": {"voice": "true"}}},
        "endpoints": {"endpoints": ["Sessions"]},
        "models": {"models": ["gpt-other*"]},
        "lifetime": {"maxLifetimeSeconds": 300},
    }
    said = {
        "namespaces": "spec.allow.namespaces",
        "endpoints": "spec.endpoint ClientSecrets",
        "models": f"spec.session.model {stage.model('models')}",
        "lifetime": "spec.lifetimeSeconds 600",
    }
    for name, policy in allow.items():
        provider = f"{stage.namespace}-{name}"
        stage.add_cluster_provider(provider, allow=policy)
        stage.add(name, providerRef={"kind": CLUSTER, "name": provider})
    for name, words in said.items():
        message = stage.condition(name, "Stalled", "True", "ProviderNotAllowed")["message"]
        assert words in message
        assert f"{CLUSTER} {stage.namespace}-{name}" in message
        assert not stage.requests(name)
    stage.core.patch_namespace(stage.namespace, {"metadata": {"labels": {"voice": "true"}}})
    stage.change("lifetime", {"spec": {"lifetimeSeconds": None}})
    stage.ready("lifetime")
    (mint,) = stage.mints("lifetime")
    assert mint.lifetime == 300, "the longest life allowed is asked for where the session names none"
    stage.ready("namespaces", within=RECOVERY + 5)

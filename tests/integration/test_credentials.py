"""Credentials that change under their sessions: keys in Secrets and files, headers of gateways, values inside requests."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.stage import CANARY, Stage, condition_of
from tests.support.operator import GROUP, RunningOperator, running_operator, wait_for
from tests.support.provider import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]

MANY = 50
"""Sessions that share one key; half of them have had a token."""

RECOVERY = 25.0
"""Seconds from another key in its place until all its sessions are Ready: keys are looked at every 10 s, and a quiet machine needs
no more than 15. Who merely tries again by itself may take five minutes."""

FRESH_KEY = "sk-standin-9876543210-abcd"
FILE = "openai/api-key"
CLUSTER = "ClusterRealtimeProvider"
SHORT = 12
"""Seconds that tokens live which are to expire while their key is refused."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of credentials that the operator is given."""
    return tmp_path_factory.mktemp("credentials")


@pytest.fixture(scope="module")
def operator(operator_kubeconfig: Path, folder: Path) -> Iterator[RunningOperator]:
    """The operator with that folder; what it logged and measures is searched for secrets at the end."""
    with running_operator(operator_kubeconfig, credentials_dir=folder) as running:
        yield running
        said = running.metrics() + running.log_text()
    assert not [planted for planted in (KEY, FRESH_KEY, CANARY) if planted in said]


def publish(folder: Path, key: str) -> None:
    """Put a key into the file as the kubelet does: a new folder, and one link that is swapped."""
    place = (folder / FILE).parent
    version = place / f"..{uuid.uuid4().hex[:8]}"
    version.mkdir(parents=True)
    (version / "api-key").write_text(f"{key}\n")
    (place / "..new").symlink_to(version.name)
    (place / "..new").rename(place / "..data")
    if not (folder / FILE).is_symlink():
        (folder / FILE).symlink_to(Path("..data") / "api-key")


def ready(stage: Stage) -> set[str]:
    """The sessions of the stage that are Ready for their present generation."""
    return {it["metadata"]["name"] for it in stage.all_sessions() if condition_of(it, "Ready", "True")}


def all_are_ready_soon_after(stage: Stage, mend: Callable[[], None], **provider: Any) -> None:
    """Half of the sessions have a token, the key is refused until all are in trouble, and then it is mended."""
    old, new = [[f"{word}-{number}" for number in range(MANY // 2)] for word in ("old", "new")]
    for name in old:
        stage.add(name, lifetimeSeconds=SHORT, **provider)
    wait_for(lambda: ready(stage) == set(old), "the first half is Ready")
    stage.provider.accept_keys(FRESH_KEY)
    for name in new:
        stage.add(name, **provider)
    wait_for(lambda: not ready(stage), "every token has expired", within=SHORT + 40)
    for name in (old[0], new[0]):
        stage.condition(name, "Stalled", "True", "ProviderUnauthorized")

    mend()
    wait_for(lambda: ready(stage) == {*old, *new}, "all are Ready", within=RECOVERY)
    assert {it["metadata"]["generation"] for it in stage.all_sessions()} == {1}, "nobody touched them"


def test_an_expired_key_that_is_replaced_in_its_secret(stage: Stage) -> None:
    """All its sessions are Ready soon, those that had a token and those that never had one."""
    stage.ready_to_mint()

    def mend() -> None:
        stage.core.patch_namespaced_secret("key", stage.namespace, {"stringData": {"api-key": FRESH_KEY}})

    all_are_ready_soon_after(stage, mend)


def test_an_expired_key_that_is_replaced_in_its_file(stage: Stage, folder: Path) -> None:
    """The same, once the kubelet has published another version of the file."""
    publish(folder, KEY)
    stage.add_cluster_provider(stage.namespace, auth={"file": {"path": FILE}})
    ref = {"kind": CLUSTER, "name": stage.namespace}
    all_are_ready_soon_after(stage, lambda: publish(folder, FRESH_KEY), providerRef=ref)


def test_a_key_file_that_is_not_there_is_named(stage: Stage, folder: Path) -> None:
    """The session says which path below which folder, and mints once there is a file; what lies outside is never sent."""
    (folder.parent / "outside").write_text(KEY)
    (folder / "link").symlink_to(folder.parent / "outside")
    for name, path in (("absent", "not/there"), ("linked", "link")):
        provider = f"{stage.namespace}-{name}"
        stage.add_cluster_provider(provider, auth={"file": {"path": path}})
        stage.add(name, providerRef={"kind": CLUSTER, "name": provider})
    absent = stage.condition("absent", "Stalled", "True", "KeyFileUnusable")["message"]
    assert (
        f"spec.auth.file.path not/there: is not there: the operator has no such file below {folder}" in absent
    )
    linked = stage.condition("linked", "Stalled", "True", "KeyFileUnusable")["message"]
    assert "leads out of the folder that the operator reads keys from" in linked
    (folder / "not").mkdir()
    (folder / "not" / "there").write_text(KEY)
    stage.ready("absent", within=RECOVERY)
    assert not stage.requests("linked")


def test_credentials_of_a_gateway_come_from_secrets(stage: Stage) -> None:
    """They are sent beside the key, by the names that the provider gives them, and another value is sent soon after it is stored."""
    stage.key()
    stage.key("gateway", {"header": f"Bearer {CANARY}", "tenant": "hotel"})
    stage.add_provider(
        headersFrom=[
            {"name": "cf-aig-authorization", "secretKeyRef": {"name": "gateway", "key": "header"}},
            {"name": "X-Tenant", "secretKeyRef": {"name": "gateway", "key": "tenant"}},
        ]
    )
    stage.add("first")
    stage.ready("first")
    (request,) = stage.requests("first")
    assert request.headers["cf-aig-authorization"] == f"Bearer {CANARY}"
    assert request.headers["x-tenant"] == "hotel"
    stage.core.patch_namespaced_secret("gateway", stage.namespace, {"data": {"tenant": None}})
    message = stage.provider_condition("default", "False", "KeyMissing")["message"]
    assert f"Secret {stage.namespace}/gateway has no entry 'tenant'" in message
    assert "spec.headersFrom[1].secretKeyRef.key" in message
    stage.core.patch_namespaced_secret("gateway", stage.namespace, {"stringData": {"tenant": "inn"}})
    stage.provider_condition("default", "True", "KeyReady")
    stage.add("second")
    stage.ready("second")
    assert stage.requests("second")[0].headers["x-tenant"] == "inn"
    assert len(stage.mints("first")) == 1, "another header is no reason to mint anew"


def test_a_value_inside_a_request_comes_from_a_secret(stage: Stage) -> None:
    """It is asked for until it is there, sent, and sent anew when it changes; it is in nothing that people may read."""
    stage.ready_to_mint()
    tool = {"type": "mcp", "server_label": "desk", "server_url": "https://mcp.example.test"}
    session = {"type": "realtime", "model": stage.model("guest"), "tools": [tool]}
    ref = {"name": "mcp", "key": "token"}
    stage.add(
        "guest", session=session, secretValues=[{"path": "/tools/0/authorization", "secretKeyRef": ref}]
    )
    message = stage.condition("guest", "Stalled", "True", "SecretValueMissing")["message"]
    assert f"spec.secretValues[0]: Secret {stage.namespace}/mcp does not exist; create it" in message

    stage.key("mcp", {"token": f"{CANARY}-1"})  # labelled as a provider key, which is another consent
    message = stage.condition("guest", "Stalled", "True", "SecretValueNotLabelled")["message"]
    assert f'its owner consents with the label {GROUP}/session-value: "true"' in message
    assert not stage.requests("guest")
    consent = {f"{GROUP}/session-value": "true"}
    stage.core.patch_namespaced_secret("mcp", stage.namespace, {"metadata": {"labels": consent}})
    stage.ready("guest", within=RECOVERY)
    stage.core.patch_namespaced_secret("mcp", stage.namespace, {"metadata": {"labels": {"team": "x"}}})
    stage.looked_at("guest")

    token = stage.entries("guest")["token"]
    stage.core.patch_namespaced_secret("mcp", stage.namespace, {"stringData": {"token": f"{CANARY}-2"}})
    entries = stage.token_after("guest", token, within=RECOVERY)
    sent = [request.body["session"]["tools"][0]["authorization"] for request in stage.requests("guest")]
    assert sent == [f"{CANARY}-1", f"{CANARY}-2"]
    written = stage.secret("guest").metadata.annotations
    assert CANARY not in str(entries) + str(written) + str(stage.get("guest"))


def test_a_key_is_no_value_and_a_value_no_key(stage: Stage) -> None:
    """Who may write sessions cannot have the provider key sent inside a request."""
    stage.ready_to_mint()
    ref = {"name": "key", "key": "api-key"}
    stage.add("thief", secretValues=[{"path": "/prompt/variables/a", "secretKeyRef": ref}])
    stage.condition("thief", "Stalled", "True", "SecretValueNotLabelled")
    assert not stage.requests("thief")

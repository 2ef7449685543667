"""The operator's rights in demo/rbac: enough, and each of them used. The API server's audit log is the witness."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from demo.kubectl import Kubectl
from demo.samples import NAMESPACE, documents, key_secret, provider_document, sessions
from demo.stage import OPERATOR, set_up, start_operator, start_stand_in
from hack.controlplane import control_plane
from tests.support.audit import AFTER_A_MISSED_EVENT, BESIDE_ANOTHER_WRITER, Audit, Right, granted_by
from tests.support.fixtures import CRDS
from tests.support.provider import KEY

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.support.fixtures"]
pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("kubectl")]

WITHIN_SECONDS = 60.0


def granted() -> set[Right]:
    """What the ClusterRole grants."""
    return granted_by(documents("rbac/operator.yaml")[0]["rules"])


def named(name: str, provider: dict[str, str]) -> dict[str, Any]:
    """A session that names its provider."""
    session = sessions()[0]
    session["metadata"]["name"] = name
    session["spec"]["providerRef"] = provider
    return session


def own_provider(base_url: str) -> dict[str, Any]:
    """A provider of the namespace's own, with certificates in a ConfigMap."""
    provider = provider_document(base_url)
    provider["kind"], provider["metadata"] = "RealtimeProvider", {"name": "own", "namespace": NAMESPACE}
    provider["spec"] = {
        "baseURL": base_url,
        "auth": {"secretRef": {"name": "openai"}},
        "caBundleRef": {"kind": "ConfigMap", "name": "authority", "key": "ca.crt"},
    }
    return provider


def test_the_rights_are_enough_and_each_is_used(tmp_path: Path) -> None:
    """With both kinds of providers, a CA bundle and a policy, nothing is refused and no right is idle."""
    audit = Audit(tmp_path, OPERATOR)
    with ExitStack() as opened:
        plane = opened.enter_context(
            control_plane(
                controllers=True,
                definitions=sorted(CRDS.glob("*.yaml")),
                extra_arguments={"kube-apiserver": audit.arguments},
            )
        )
        stand_in = start_stand_in(plane, KEY)
        opened.callback(stand_in.end)
        base_url, kubectl = stand_in.first("url"), Kubectl(plane)
        set_up(kubectl, base_url=base_url, key=KEY)
        key = key_secret(KEY)
        key["metadata"]["namespace"] = NAMESPACE
        kubectl.create([key])
        authority = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "authority", "namespace": NAMESPACE},
            "data": {"ca.crt": plane.ca_file.read_text()},
        }
        operator = start_operator(plane)
        opened.callback(operator.end)
        operator.first("port")
        kubectl.apply(
            [
                *sessions(),
                authority,
                own_provider(base_url),
                named("own", {"kind": "RealtimeProvider", "name": "own"}),
                named("lost", {"kind": "ClusterRealtimeProvider", "name": "nowhere"}),
            ]
        )
        wanted = granted() - AFTER_A_MISSED_EVENT - BESIDE_ANOTHER_WRITER
        deadline = time.monotonic() + WITHIN_SECONDS
        while not wanted <= audit.used() and time.monotonic() < deadline:
            time.sleep(0.1)
    asked = audit.used()
    assert audit.refused() == set()
    assert wanted - asked == set()
    assert asked <= granted()

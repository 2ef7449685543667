"""Secrets on a real API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hack.controlplane import ControlPlane
from realtime_operator.adapters.kube_client import MERGE_PATCH, KubeClient
from realtime_operator.adapters.kube_path import NAMESPACES, SECRETS, Resource
from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.core.errors import ClusterForbidden, InvalidSession, SecretMoved, SessionGone
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_view import SecretStamp
from tests.adapters.cluster import RecordingClient, a_secret, client_of, delete_secret, post

OTHER_UID = "11111111-1111-1111-1111-111111111111"
ADMISSION = "apis/admissionregistration.k8s.io/v1"


@pytest.fixture
def secrets(admin: RecordingClient) -> KubeSecrets:
    """The store, with all rights."""
    return KubeSecrets(admin)


def update_of(stamp: SecretStamp, **fields: Any) -> dict[str, Any]:
    """A patch that carries the uid."""
    return {"metadata": {"uid": stamp.uid}, **fields}


async def test_created_then_read(secrets: KubeSecrets, namespace: str) -> None:
    """A created Secret is read with its data decoded, and a look sees the same stamp."""
    stamp = (await secrets.create(namespace, a_secret())).stamp
    read = await secrets.read(namespace, "concierge")
    assert read is not None
    assert read.stamp == stamp == await secrets.look(namespace, "concierge")
    assert read.data == {"token": "ek_planted", "model": "gpt-realtime"}
    assert (read.type, read.immutable, read.labels, read.controller) == (
        "Opaque",
        False,
        {"app": "hotel"},
        None,
    )


async def test_what_is_not_there(secrets: KubeSecrets, namespace: str) -> None:
    """An absent Secret is None, also where its name or its namespace cannot be."""
    assert await secrets.read(namespace, "absent") is None
    assert await secrets.look(namespace, "absent") is None
    assert await secrets.read(namespace, "../configmaps/kube-root-ca.crt") is None
    assert await secrets.look("no-such-namespace", "absent") is None


async def test_a_patch_replaces_and_removes(secrets: KubeSecrets, namespace: str) -> None:
    """A patch changes what it names, removes what it sets to null, keeps the rest, and leads to a new version."""
    stamp = (await secrets.create(namespace, a_secret())).stamp
    patched = await secrets.patch(
        namespace, "concierge", update_of(stamp, stringData={"token": "ek_next"}, data={"model": None})
    )
    read = await secrets.read(namespace, "concierge")
    assert read is not None
    assert read.stamp == patched
    assert patched.uid == stamp.uid
    assert patched.resource_version != stamp.resource_version
    assert read.data == {"token": "ek_next"}
    assert read.labels == {"app": "hotel"}


async def test_no_write_or_look_brings_a_token_back(
    secrets: KubeSecrets, admin: RecordingClient, namespace: str
) -> None:
    """The API server answers creations, patches and looks with metadata alone."""
    stamp = (await secrets.create(namespace, a_secret())).stamp
    await secrets.patch(namespace, "concierge", update_of(stamp, stringData={"token": "ek_next"}))
    await secrets.look(namespace, "concierge")
    assert [answer["kind"] for answer in admin.answers] == ["PartialObjectMetadata"] * 3
    assert not any("data" in answer for answer in admin.answers)


async def test_a_name_that_is_taken(secrets: KubeSecrets, namespace: str) -> None:
    """Creating over somebody else's Secret fails and leaves it as it was."""
    first = (await secrets.create(namespace, a_secret())).stamp
    with pytest.raises(SecretMoved, match="has a Secret of that name already"):
        await secrets.create(namespace, a_secret(stringData={"token": "ek_mine"}))
    assert await secrets.look(namespace, "concierge") == first


async def test_a_patch_for_another_uid(secrets: KubeSecrets, namespace: str) -> None:
    """A Secret that was replaced by another of its name is not written."""
    stamp = (await secrets.create(namespace, a_secret())).stamp
    other = SecretStamp(OTHER_UID, stamp.resource_version)
    with pytest.raises(SecretMoved):
        await secrets.patch(namespace, "concierge", update_of(other, stringData={"token": "ek_lost"}))
    assert await secrets.look(namespace, "concierge") == stamp


async def test_a_patch_for_an_old_version(secrets: KubeSecrets, namespace: str) -> None:
    """A patch that names a version fails once there is a newer one."""
    old = (await secrets.create(namespace, a_secret())).stamp
    new = await secrets.patch(namespace, "concierge", update_of(old, stringData={"token": "ek_next"}))
    metadata = {"uid": old.uid, "resourceVersion": old.resource_version}
    with pytest.raises(SecretMoved):
        await secrets.patch(
            namespace, "concierge", {"metadata": metadata, "stringData": {"token": "ek_lost"}}
        )
    assert await secrets.look(namespace, "concierge") == new


async def test_a_patch_for_a_secret_that_is_gone(
    secrets: KubeSecrets, admin: RecordingClient, namespace: str
) -> None:
    """A deleted Secret is not made anew by a patch."""
    stamp = (await secrets.create(namespace, a_secret())).stamp
    await delete_secret(admin, namespace, "concierge")
    with pytest.raises(SecretMoved):
        await secrets.patch(namespace, "concierge", update_of(stamp, stringData={"token": "ek_lost"}))
    assert await secrets.look(namespace, "concierge") is None


@pytest.mark.parametrize(
    ("fields", "change", "named"),
    [
        pytest.param({"immutable": True}, {"stringData": {"token": "ek_next"}}, "data", id="immutable"),
        pytest.param({}, {"type": "example.com/other"}, "type", id="another type"),
    ],
)
async def test_a_secret_that_cannot_be_changed(
    secrets: KubeSecrets, namespace: str, fields: dict[str, Any], change: dict[str, Any], named: str
) -> None:
    """An immutable Secret, or one of another type, is told apart from one that moved."""
    stamp = (await secrets.create(namespace, a_secret(**fields))).stamp
    with pytest.raises(InvalidSession, match=f"API server refuses {named}") as caught:
        await secrets.patch(namespace, "concierge", update_of(stamp, **change))
    assert caught.value.reason == Reason.SECRET_UNUSABLE


async def test_an_invalid_secret_names_its_fields(secrets: KubeSecrets, namespace: str) -> None:
    """What the API server finds invalid is named by field and never quoted."""
    manifest = a_secret(metadata={"labels": {"app": "ek_planted is no label"}})
    with pytest.raises(InvalidSession) as caught:
        await secrets.create(namespace, manifest)
    assert str(caught.value) == "the API server refuses the Secret as invalid at metadata.labels"
    assert caught.value.reason == Reason.INVALID_SPEC
    stamp = (await secrets.create(namespace, a_secret())).stamp
    with pytest.raises(InvalidSession, match=r"invalid at metadata\.labels"):
        await secrets.patch(
            namespace, "concierge", {"metadata": {"uid": stamp.uid, "labels": {"app": "ek_planted !"}}}
        )


async def test_a_namespace_that_goes_away(
    secrets: KubeSecrets, admin: RecordingClient, namespace: str
) -> None:
    """No Secret is made in a namespace that is terminating or gone."""
    await secrets.create(namespace, a_secret("anchor", metadata={"finalizers": ["example.com/anchor"]}))
    await admin.request("DELETE", NAMESPACES.one(None, namespace))
    with pytest.raises(SessionGone, match=f"namespace {namespace} is terminating"):
        await secrets.create(namespace, a_secret())
    with pytest.raises(SessionGone, match="namespace no-such-namespace is gone"):
        await secrets.create("no-such-namespace", a_secret())
    await admin.request(
        "PATCH",
        SECRETS.one(namespace, "anchor"),
        body=b'{"metadata":{"finalizers":null}}',
        content_type=MERGE_PATCH,
    )


CALLS: dict[str, Callable[[KubeSecrets, str], Awaitable[object]]] = {
    "get": lambda secrets, namespace: secrets.read(namespace, "concierge"),
    "create": lambda secrets, namespace: secrets.create(namespace, a_secret()),
    "update": lambda secrets, namespace: secrets.replace(namespace, "concierge", a_secret()),
    "patch": lambda secrets, namespace: secrets.patch(namespace, "concierge", {"metadata": {}}),
}


@pytest.mark.parametrize("verb", CALLS)
async def test_missing_rights_are_named(control_plane: ControlPlane, namespace: str, verb: str) -> None:
    """An identity without rights learns which verb on which resource it lacks, and where."""
    async with client_of(control_plane.identity("nobody")) as client:
        with pytest.raises(ClusterForbidden) as caught:
            await CALLS[verb](KubeSecrets(client), namespace)
    assert str(caught.value) == f"RBAC does not let the operator {verb} secrets in namespace {namespace}"


@pytest.fixture
async def fenced(admin: RecordingClient, namespace: str) -> AsyncIterator[str]:
    """The namespace, in which an admission policy refuses every Secret labelled ``fenced``."""
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": namespace},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["secrets"],
                    }
                ]
            },
            "validations": [{"expression": "!has(object.metadata.labels.fenced)", "message": "is fenced"}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": namespace},
        "spec": {
            "policyName": namespace,
            "validationActions": ["Deny"],
            "matchResources": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
            },
        },
    }
    policies = Resource(ADMISSION, "validatingadmissionpolicies")
    bindings = Resource(ADMISSION, "validatingadmissionpolicybindings")
    await post(admin, policies.collection(), policy)
    await post(admin, bindings.collection(), binding)
    yield namespace
    await admin.request("DELETE", bindings.one(None, namespace))
    await admin.request("DELETE", policies.one(None, namespace))


async def refuses(client: KubeClient, namespace: str, change: dict[str, Any]) -> bool:
    """Whether the API server would refuse the change."""
    path = SECRETS.one(namespace, "concierge")
    body = json.dumps(change).encode()
    try:
        await client.request("PATCH", path, query={"dryRun": "All"}, body=body, content_type=MERGE_PATCH)
    except ClusterForbidden:
        return True
    return False


async def test_an_admission_policy_is_not_taken_for_an_invalid_session(
    secrets: KubeSecrets, admin: KubeClient, fenced: str
) -> None:
    """What a policy refuses, which is a 422 too, is the administrator's matter."""
    stamp = (await secrets.create(fenced, a_secret())).stamp
    change = {"metadata": {"uid": stamp.uid, "labels": {"fenced": "yes"}}}
    async with asyncio.timeout(20):
        while not await refuses(admin, fenced, change):
            pass  # until the API server has taken notice of the policy
    with pytest.raises(ClusterForbidden, match="ValidatingAdmissionPolicy"):
        await secrets.patch(fenced, "concierge", change)
    with pytest.raises(ClusterForbidden, match="ValidatingAdmissionPolicy"):
        await secrets.create(fenced, a_secret("second", metadata={"labels": {"fenced": "yes"}}))

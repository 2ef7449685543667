"""Our own kinds on a real API server."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hack.controlplane import ControlPlane
from realtime_operator.adapters.kube_client import MERGE_PATCH
from realtime_operator.adapters.kube_objects import KubeObjects
from realtime_operator.adapters.kube_path import NAMESPACES, OWN_KINDS
from realtime_operator.api.group import API_VERSION, KIND_CLUSTER_PROVIDER, KIND_SESSION
from realtime_operator.core.errors import ClusterForbidden, ClusterUnavailable
from realtime_operator.core.object_ref import ObjectRef
from tests.adapters.cluster import RecordingClient, a_session, client_of, create_session, post
from tests.adapters.plain_http import serving
from tests.adapters.raw_server import answer

TIME = "2026-11-22T12:00:00Z"


@pytest.fixture
def objects(admin: RecordingClient) -> KubeObjects:
    """The store, with all rights, in the whole cluster, with small pages."""
    return KubeObjects(admin, page_size=3)


async def status_of(objects: KubeObjects, namespace: str) -> dict[str, Any]:
    """The status of the session concierge."""
    document = await objects.get(KIND_SESSION, namespace, "concierge")
    assert document is not None
    return dict(document["status"])


async def test_status_fields_are_set_and_removed(
    objects: KubeObjects, admin: RecordingClient, namespace: str
) -> None:
    """Each field given is set as a whole, None removes one whether it is there or not, and the others stay."""
    ref = await create_session(admin, namespace)
    before = await status_of(objects, namespace)
    await objects.patch_status(
        ref, {"tokenID": "4f1d0c2a9b7e", "failures": {"count": 2, "lastReason": "x"}, "issuedTime": TIME}
    )
    await objects.patch_status(ref, {"failures": {"count": 0}, "issuedTime": None, "rotationTime": None})
    assert await status_of(objects, namespace) == {
        **before,
        "tokenID": "4f1d0c2a9b7e",
        "failures": {"count": 0},
    }


async def test_a_status_write_answers_with_metadata_and_is_one_request(
    objects: KubeObjects, admin: RecordingClient, namespace: str
) -> None:
    """The spec, which may be large, does not travel back."""
    ref = await create_session(admin, namespace)
    await objects.patch_status(ref, {"observedGeneration": 1})
    created, patched = admin.answers
    assert created["kind"] == KIND_SESSION
    assert patched["kind"] == "PartialObjectMetadata"


async def test_what_a_status_write_is_answered_is_not_decoded() -> None:
    """A rotation writes one; nobody reads the kilobytes of metadata that come back."""
    async with serving(answer(b"{undecoded")) as (client, server):
        ref = ObjectRef(KIND_SESSION, "hotel", "concierge", "1")
        assert await KubeObjects(client).patch_status(ref, {"rotations": 1})
    assert len(server.requests) == 1


async def test_a_namesake_gets_no_status(
    objects: KubeObjects, admin: RecordingClient, namespace: str
) -> None:
    """A status for a session that was deleted and made anew does not reach the new one, and says nothing."""
    old = await create_session(admin, namespace)
    await admin.request("DELETE", OWN_KINDS[KIND_SESSION].one(namespace, "concierge"))
    await objects.patch_status(old, {"tokenID": "4f1d0c2a9b7e"})
    await create_session(admin, namespace)
    await objects.patch_status(old, {"tokenID": "4f1d0c2a9b7e", "issuedTime": None})
    assert "tokenID" not in await status_of(objects, namespace)


async def test_a_status_that_was_wiped(objects: KubeObjects, admin: RecordingClient, namespace: str) -> None:
    """Where somebody removed the whole status, the schema's default is there to be written into."""
    ref = await create_session(admin, namespace)
    await admin.request(
        "PATCH",
        OWN_KINDS[KIND_SESSION].one(namespace, "concierge", "status"),
        body=b'{"status":null}',
        content_type=MERGE_PATCH,
    )
    await objects.patch_status(ref, {"tokenID": "4f1d0c2a9b7e"})
    assert (await status_of(objects, namespace))["tokenID"] == "4f1d0c2a9b7e"


async def test_a_cluster_scoped_kind(admin: RecordingClient, objects: KubeObjects) -> None:
    """A cluster provider is listed, read and given a status without a namespace."""
    path = OWN_KINDS[KIND_CLUSTER_PROVIDER]
    manifest = {
        "apiVersion": API_VERSION,
        "kind": KIND_CLUSTER_PROVIDER,
        "metadata": {"name": "bare"},
        "spec": {"baseURL": "http://127.0.0.1/v1", "auth": {"secretRef": {"name": "k", "namespace": "n"}}},
    }
    created = await post(admin, path.collection(), manifest)
    scoped = KubeObjects(admin, namespaces=["default"])
    listed = [one.ref async for one in scoped.list_metadata(KIND_CLUSTER_PROVIDER) if one.ref.name == "bare"]
    ref = ObjectRef(KIND_CLUSTER_PROVIDER, None, "bare", created["metadata"]["uid"])
    await objects.patch_status(ref, {"observedGeneration": 1})
    document = await objects.get(KIND_CLUSTER_PROVIDER, None, "bare")
    await admin.request("DELETE", path.one(None, "bare"))
    assert listed == [ref]
    assert document is not None
    assert document["status"]["observedGeneration"] == 1


async def test_a_status_that_the_schema_refuses(
    objects: KubeObjects, admin: RecordingClient, namespace: str
) -> None:
    """A status that does not fit the schema is an error that names the field, not silence."""
    ref = await create_session(admin, namespace)
    with pytest.raises(ClusterUnavailable, match=r"422 Invalid at status\.rotations"):
        await objects.patch_status(ref, {"rotations": "many"})


async def test_get(objects: KubeObjects, admin: RecordingClient, namespace: str) -> None:
    """An object is read as it is stored; an absent one is None."""
    ref = await create_session(admin, namespace)
    document = await objects.get(KIND_SESSION, namespace, "concierge")
    assert document is not None
    assert document["metadata"]["uid"] == ref.uid
    assert document["spec"]["session"] == {"type": "realtime"}
    assert await objects.get(KIND_SESSION, namespace, "absent") is None


async def test_numbers_are_read_as_a_watch_reads_them(
    objects: KubeObjects, admin: RecordingClient, namespace: str
) -> None:
    """By Python's own parser, which makes an integer of what has no point: the request and its hash must be the same by either way."""
    body = a_session("numbers")
    body["spec"]["session"]["large"] = 10**20
    await post(admin, OWN_KINDS[KIND_SESSION].collection(namespace), body)
    document = await objects.get(KIND_SESSION, namespace, "numbers")
    assert document is not None
    large = document["spec"]["session"]["large"]
    raw = await admin.send("GET", OWN_KINDS[KIND_SESSION].one(namespace, "numbers"))
    assert (large, type(large)) == (10**20, type(json.loads(raw)["spec"]["session"]["large"]))


async def test_lists_come_in_pages(objects: KubeObjects, admin: RecordingClient, namespace: str) -> None:
    """All objects of all pages are listed, by metadata alone."""
    refs = {await create_session(admin, namespace, f"s{number}") for number in range(7)}
    admin.answers = []
    listed = [one async for one in objects.list_metadata(KIND_SESSION) if one.ref.namespace == namespace]
    assert {one.ref for one in listed} == refs
    assert {one.generation for one in listed} == {1}
    assert all(one.resource_version for one in listed)
    assert len(admin.answers) >= 3
    assert {page["kind"] for page in admin.answers} == {"PartialObjectMetadataList"}
    assert not any("spec" in item for page in admin.answers for item in page["items"])


async def test_lists_keep_to_the_watched_namespaces(admin: RecordingClient, namespace: str) -> None:
    """With namespaces given, only these are listed; one that does not exist holds nothing."""
    ref = await create_session(admin, namespace)
    elsewhere = f"{namespace[:50]}-else"
    await post(admin, NAMESPACES.collection(), {"metadata": {"name": elsewhere}})
    await post(admin, OWN_KINDS[KIND_SESSION].collection(elsewhere), a_session())
    scoped = KubeObjects(admin, namespaces=[namespace, "no-such-namespace"])
    listed = [one.ref async for one in scoped.list_metadata(KIND_SESSION)]
    await admin.request("DELETE", NAMESPACES.one(None, elsewhere))
    assert listed == [ref]


async def test_one_object_of_a_kind_is_asked_for(admin: RecordingClient, namespace: str) -> None:
    """To see whether a kind may be listed takes one object of each watched namespace, however many there are."""
    for number in range(3):
        await create_session(admin, namespace, f"s{number}")
    admin.answers = []
    await KubeObjects(admin, namespaces=[namespace, "no-such-namespace"]).can_list(KIND_SESSION)
    await KubeObjects(admin, namespaces=[namespace]).can_list(KIND_CLUSTER_PROVIDER)
    assert [len(page["items"] or ()) for page in admin.answers][:2] == [1, 0]
    assert len(admin.answers) == 3


async def test_missing_rights_are_named(
    control_plane: ControlPlane, admin: RecordingClient, namespace: str
) -> None:
    """Listing and writing status without rights say which."""
    ref = await create_session(admin, namespace)
    async with client_of(control_plane.identity("nobody")) as client:
        objects = KubeObjects(client)
        with pytest.raises(ClusterForbidden, match=r"list realtimesessions$"):
            [one async for one in objects.list_metadata(KIND_SESSION)]
        with pytest.raises(ClusterForbidden, match=r"list clusterrealtimeproviders$"):
            await objects.can_list(KIND_CLUSTER_PROVIDER)
        with pytest.raises(ClusterForbidden, match=f"patch realtimesessions/status in namespace {namespace}"):
            await objects.patch_status(replace(ref), {"observedGeneration": 1})

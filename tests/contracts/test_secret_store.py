"""The contract of ``ports.SecretStore``: the fake of the tests and the real adapter on a real API server pass the same suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.core.errors import InvalidSession, SecretMoved, SessionGone
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_documents import (
    create_manifest,
    merge_patch,
    replacement,
    takeover_patch,
)
from realtime_operator.core.secret_view import SecretStamp, WrittenSecret
from realtime_operator.core.token_secret import Target, content_of
from realtime_operator.ports import SecretStore
from sim.secrets import InMemorySecrets
from tests.adapters.cluster import client_of, create_session, delete_secret
from tests.support.builders import a_holding, a_target, a_token

NAME = "concierge"


@dataclass(frozen=True)
class Store:
    """A store to try, in a namespace of its own, and how to do what it cannot do itself."""

    secrets: SecretStore
    namespace: str
    delete: Any
    target: Target

    def manifest(self, **fields: Any) -> dict[str, Any]:
        """The Secret as the operator creates it, for a session that lives: a dead one's would be collected."""
        return create_manifest(self.target, content_of(self.target, a_holding())) | fields

    async def create(self, manifest: dict[str, Any] | None = None) -> SecretStamp:
        """Create the Secret of the session of most stories."""
        return (await self.secrets.create(self.namespace, manifest or self.manifest())).stamp

    def next(self, stamp: SecretStamp, **fields: Any) -> dict[str, Any]:
        """The document that replaces that version by one with another token."""
        return (
            replacement(self.target, content_of(self.target, a_holding(a_token("ek_next"))), stamp=stamp)
            | fields
        )

    async def replace(self, manifest: dict[str, Any]) -> WrittenSecret:
        """Replace it."""
        return await self.secrets.replace(self.namespace, NAME, manifest)

    async def patch(self, patch: dict[str, Any]) -> SecretStamp:
        """Patch it."""
        return await self.secrets.patch(self.namespace, NAME, patch)

    async def data(self) -> dict[str, str]:
        """Its decoded entries."""
        seen = await self.secrets.read(self.namespace, NAME)
        assert seen is not None
        return dict(seen.data)


@pytest.fixture(params=["in memory", "on a real API server"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Each of the two stores."""
    if request.param == "in memory":
        fake = InMemorySecrets()
        fake.ended.add("no-such-namespace")

        async def forget(name: str) -> None:
            del fake.stored["hotel", name]

        yield Store(fake, "hotel", forget, a_target())
        return
    plane, namespace = request.getfixturevalue("control_plane"), request.getfixturevalue("namespace")
    async with client_of(plane.kubeconfig) as client:
        session = await create_session(client, namespace)
        yield Store(
            KubeSecrets(client),
            namespace,
            lambda name: delete_secret(client, namespace, name),
            a_target(session=session),
        )


async def test_what_is_created_is_read(store: Store) -> None:
    """A created Secret is read as it was written, and a look sees the same stamp."""
    stamp = await store.create()
    seen = await store.secrets.read(store.namespace, NAME)
    assert seen is not None
    assert seen.stamp == stamp == await store.secrets.look(store.namespace, NAME)
    assert seen.data == content_of(store.target, a_holding()).data
    assert seen.annotations == content_of(store.target, a_holding()).annotations
    assert seen.labels == content_of(store.target, a_holding()).labels
    assert (seen.type, seen.immutable) == ("Opaque", False)
    assert seen.controller is not None
    assert seen.controller.uid == store.target.session.uid


async def test_what_is_not_there_is_none(store: Store) -> None:
    """An absent Secret is None, not an error."""
    assert await store.secrets.read(store.namespace, "absent") is None
    assert await store.secrets.look(store.namespace, "absent") is None


async def test_a_name_that_is_taken(store: Store) -> None:
    """Whoever creates second is told to observe, and changes nothing."""
    stamp = await store.create()
    with pytest.raises(SecretMoved):
        await store.create(store.manifest(data={}))
    assert await store.secrets.look(store.namespace, NAME) == stamp


async def test_a_namespace_that_is_gone(store: Store) -> None:
    """No Secret is made where there is no namespace."""
    with pytest.raises(SessionGone):
        await store.secrets.create("no-such-namespace", store.manifest())


async def test_a_patch_merges(store: Store) -> None:
    """A patch by uid changes what it names, removes nulls, keeps the rest, and leads to a new version."""
    stamp = await store.create()
    holding = a_holding(a_token("ek_next"))
    patched = await store.patch(
        merge_patch(content_of(store.target, holding), stamp=stamp, stale=frozenset({"absent"}))
        | {"data": {"token": "ZWtfbmV4dA==", "model": None}}
    )
    assert patched.uid == stamp.uid
    assert patched.resource_version != stamp.resource_version
    data = await store.data()
    assert (data["token"], "model" in data, data["base-url"]) == (
        "ek_next",
        False,
        "https://api.example.test/v1",
    )


async def test_a_patch_that_changes_nothing(store: Store) -> None:
    """What is already so leads to no new version."""
    stamp = await store.create()
    patch = merge_patch(content_of(store.target, a_holding()), stamp=stamp, stale=frozenset())
    assert await store.patch(patch) == stamp


async def test_a_patch_of_another_uid(store: Store) -> None:
    """A Secret that was deleted and made anew is not ours, whatever its name."""
    stamp = await store.create()
    await store.delete(NAME)
    with pytest.raises(SecretMoved):
        await store.patch(merge_patch(content_of(store.target, a_holding()), stamp=stamp, stale=frozenset()))
    await store.create(store.manifest(data={"token": "dGhlaXJz"}))
    with pytest.raises(SecretMoved):
        await store.patch(merge_patch(content_of(store.target, a_holding()), stamp=stamp, stale=frozenset()))
    assert await store.data() == {"token": "theirs"}


async def test_a_takeover_of_another_version(store: Store) -> None:
    """A takeover is for the version that was observed: whoever wrote in between is not overwritten."""
    stamp = await store.create()
    seen = await store.secrets.read(store.namespace, NAME)
    assert seen is not None
    await store.patch({"metadata": {"uid": stamp.uid}, "data": {"theirs": "eA=="}})
    patch = takeover_patch(
        store.target, content_of(store.target, a_holding()), observed=seen, stale=frozenset()
    )
    with pytest.raises(SecretMoved):
        await store.patch(patch)
    now = await store.secrets.look(store.namespace, NAME)
    assert now is not None
    patch["metadata"]["resourceVersion"] = now.resource_version
    assert (await store.patch(patch)).uid == stamp.uid


async def test_a_replacement_is_the_whole(store: Store) -> None:
    """What takes a version's place is exactly what was sent; it says so, and leads to a new version of the same Secret."""
    stamp = await store.create()
    written = await store.replace(store.next(stamp))
    assert written.as_sent
    assert written.stamp.uid == stamp.uid
    assert written.stamp.resource_version != stamp.resource_version
    again = await store.replace(store.next(written.stamp, data={"token": "eA=="}))
    assert await store.data() == {"token": "x"}
    assert await store.secrets.look(store.namespace, NAME) == again.stamp


async def test_a_replacement_of_another_version(store: Store) -> None:
    """Whatever somebody did to the Secret in between stays, and the writer is told to observe."""
    stamp = await store.create()
    await store.patch({"metadata": {"uid": stamp.uid}, "data": {"theirs": "eA=="}})
    with pytest.raises(SecretMoved):
        await store.replace(store.next(stamp))
    assert (await store.data())["theirs"] == "x"


async def test_a_replacement_of_another_uid(store: Store) -> None:
    """A Secret that is gone is not made again, and one that was made anew is not replaced."""
    stamp = await store.create()
    await store.delete(NAME)
    with pytest.raises(SecretMoved):
        await store.replace(store.next(stamp))
    assert await store.secrets.look(store.namespace, NAME) is None
    other = await store.create(store.manifest(data={"token": "dGhlaXJz"}))
    with pytest.raises(SecretMoved):
        await store.replace(store.next(SecretStamp(stamp.uid, other.resource_version)))
    assert await store.data() == {"token": "theirs"}


async def test_what_a_reader_of_all_of_it_sees(store: Store) -> None:
    """A Secret with a finalizer or a value that is no text has more than its entries, labels and annotations show."""
    await store.create(store.manifest(data={"token": "eA==", "binary": "/w=="}))
    seen = await store.secrets.read(store.namespace, NAME)
    assert seen is not None
    assert (seen.plain, dict(seen.data)) == (False, {"token": "x"})
    await store.delete(NAME)
    await store.create()
    seen = await store.secrets.read(store.namespace, NAME)
    assert seen is not None
    assert seen.plain


async def test_what_the_api_server_finds_invalid(store: Store) -> None:
    """A label that cannot be one is the author's matter."""
    stamp = await store.create()
    with pytest.raises(InvalidSession) as caught:
        await store.patch({"metadata": {"uid": stamp.uid, "labels": {"app": "no label!"}}})
    assert caught.value.reason == Reason.INVALID_SPEC


async def test_an_immutable_secret(store: Store) -> None:
    """What cannot be rotated is refused with a reason of its own."""
    stamp = await store.create(store.manifest(immutable=True))
    with pytest.raises(InvalidSession) as caught:
        await store.patch({"metadata": {"uid": stamp.uid}, "data": {"token": "eA=="}})
    assert caught.value.reason == Reason.SECRET_UNUSABLE

"""The contract of ``secret_watch_ports.SecretFeed``: the fake, the simulator's model and the real adapter pass the same suite."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from realtime_operator.adapters.kube_path import SECRETS
from realtime_operator.adapters.kube_secret_watch import KubeSecretWatch
from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.api.group import LABEL_MANAGED_BY, MANAGED_BY
from realtime_operator.core.secret_view import SecretStamp
from realtime_operator.ports import SecretStore
from realtime_operator.secret_watch_ports import SecretFeed, SecretName
from sim.api_server import ApiServer
from sim.secret_feed import ModelledSecretFeed
from tests.adapters.cluster import a_secret, client_of
from tests.support.fake_secret_feed import InMemorySecretFeed

OURS = {"labels": {LABEL_MANAGED_BY: MANAGED_BY}}
DEADLINE_S = 30.0
NAME = "concierge"


@dataclass
class Ear:
    """Remembers what it hears, by names without their namespace.

    Attributes:
        versions: what there is, as far as was heard.
        lists: how often a list came.
        news: set whenever something is heard.
    """

    versions: dict[str, SecretStamp] = field(default_factory=dict)
    lists: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def listed(self, stamps: Mapping[SecretName, SecretStamp]) -> None:
        """See ``SecretsHeard``."""
        self.versions = {name: stamp for (_, name), stamp in stamps.items()}
        self.lists += 1
        self.news.set()

    def changed(self, name: SecretName, stamp: SecretStamp | None) -> None:
        """See ``SecretsHeard``."""
        self.versions.pop(name[1], None)
        if stamp is not None:
            self.versions[name[1]] = stamp
        self.news.set()

    async def hears(self, **versions: SecretStamp) -> None:
        """Wait until it knows of exactly these."""
        async with asyncio.timeout(DEADLINE_S):
            while self.versions != versions or not self.lists:
                await self.news.wait()
                self.news.clear()


@dataclass(frozen=True)
class Place:
    """A namespace of its own with Secrets in it, one that tells of them, and how to do what the store cannot."""

    secrets: SecretStore
    feed: SecretFeed
    namespace: str
    delete: Callable[[str], Awaitable[object]]

    async def create(self, name: str = NAME, metadata: Any = OURS) -> SecretStamp:
        """Create a Secret that is labelled as ours."""
        return (await self.secrets.create(self.namespace, a_secret(name, metadata=metadata))).stamp

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Ear]:
        """Follow until the block ends."""
        ear = Ear()
        following = asyncio.create_task(self.feed.follow(self.namespace, ear))
        try:
            yield ear
            assert not following.done()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


@pytest.fixture(
    params=["in memory", "simulated", pytest.param("on a real API server", marks=pytest.mark.controlplane)]
)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Each of the three."""
    if request.param != "on a real API server":
        is_simulated, api = request.param == "simulated", ApiServer(Random(1))
        fake = api.secrets

        async def forget(name: str) -> None:
            fake.delete(name)

        feed: SecretFeed = ModelledSecretFeed(api, Random(1)) if is_simulated else InMemorySecretFeed(fake)
        yield Place(fake, feed, "hotel", forget)
        return
    plane, namespace = request.getfixturevalue("control_plane"), request.getfixturevalue("namespace")
    async with client_of(plane.kubeconfig) as client:

        async def delete(name: str) -> None:
            await client.request("DELETE", SECRETS.one(namespace, name))

        # Pages of one and watches of a second, so that several of each follow each other.
        real = KubeSecretWatch(client, seconds=1, page_size=1)
        yield Place(KubeSecrets(client), real, namespace, delete)


async def test_what_there_is_and_each_change_are_told(place: Place) -> None:
    """A list of those that are labelled; then what is made, changed and deleted, each in the version that a look shows."""
    first, second = await place.create(), await place.create("second")
    await place.create("foreign", {"labels": {"app": "hotel"}})
    async with place.listening() as ear:
        await ear.hears(concierge=first, second=second)
        third = await place.create("third")
        await ear.hears(concierge=first, second=second, third=third)
        patched = await place.secrets.patch(
            place.namespace, NAME, {"metadata": {"uid": first.uid}, "data": {"token": "b3RoZXI="}}
        )
        await ear.hears(concierge=patched, second=second, third=third)
        assert patched == await place.secrets.look(place.namespace, NAME)
        await place.delete("second")
        await ear.hears(concierge=patched, third=third)
        assert ear.lists == 1


async def test_who_loses_the_label_is_gone(place: Place) -> None:
    """And is there again with it."""
    stamp = await place.create()
    async with place.listening() as ear:
        await ear.hears(concierge=stamp)
        without = {"metadata": {"uid": stamp.uid, "labels": {LABEL_MANAGED_BY: None}}}
        await place.secrets.patch(place.namespace, NAME, without)
        await ear.hears()
        again = {"metadata": {"uid": stamp.uid, **OURS}}
        await ear.hears(concierge=await place.secrets.patch(place.namespace, NAME, again))


async def test_nothing_is_missed_between_two_watches(place: Place) -> None:
    """Changes over several watches, one each quarter of a second; without another list."""
    stamp = await place.create()
    async with place.listening() as ear:
        for number in range(12):
            patch = {"metadata": {"uid": stamp.uid, "annotations": {"number": str(number)}}}
            await ear.hears(concierge=await place.secrets.patch(place.namespace, NAME, patch))
            await asyncio.sleep(0.25)
        assert ear.lists == 1

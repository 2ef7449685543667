"""The contract of ``pod_ports.PodStore``: the fake of the tests and the real adapter on a real API server pass the same suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from realtime_operator.adapters.kube_path import PODS, Resource
from realtime_operator.adapters.kube_pods import KubePods
from realtime_operator.core.pod_view import ObservedPod, Sought, Use
from realtime_operator.pod_ports import PodStore
from tests.adapters.cluster import client_of, post
from tests.support.fake_pods import InMemoryPods
from tests.support.pods import a_pod, by_variable, pod_spec

SELECTOR = "app=concierge"
SOUGHT = Sought("concierge")
ID, NEXT_ID = "4f1d0c2a9b7e", "0123456789ab"
ACCOUNTS = Resource("api/v1", "serviceaccounts")
GONE = {"gracePeriodSeconds": "0"}


@dataclass(frozen=True)
class Store:
    """A store to try, in a namespace of its own, and how to do what it cannot do itself."""

    pods: PodStore
    namespace: str
    create: Callable[[dict[str, Any]], Awaitable[str]]
    delete: Callable[[str], Awaitable[object]]

    async def listed(self, selector: str = SELECTOR) -> list[ObservedPod]:
        """All pods that a selector chooses, page by page; no page is longer than two."""
        found: list[ObservedPod] = []
        page = ""
        while True:
            part = await self.pods.page(self.namespace, selector, SOUGHT, page=page)
            assert len(part.pods) <= 2
            found += part.pods
            if not (page := part.next_page):
                return found


@pytest.fixture(params=["in memory", pytest.param("on a real API server", marks=pytest.mark.controlplane)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Each of the two stores."""
    if request.param == "in memory":
        fake = InMemoryPods(page_size=2)

        async def put(body: dict[str, Any]) -> str:
            return fake.put(body)

        async def forget(name: str) -> None:
            del fake.stored[name]

        yield Store(fake, "hotel", put, forget)
        return
    plane, namespace = request.getfixturevalue("control_plane"), request.getfixturevalue("namespace")
    async with client_of(plane.kubeconfig) as client:
        await post(client, ACCOUNTS.collection(namespace), {"metadata": {"name": "reader"}})

        async def create(body: dict[str, Any]) -> str:
            body["spec"] |= {"serviceAccountName": "reader", "automountServiceAccountToken": False}
            return str((await post(client, PODS.collection(namespace), body))["metadata"]["uid"])

        async def delete(name: str) -> None:
            await client.request("DELETE", PODS.one(namespace, name), query=GONE)

        yield Store(KubePods(client, page_size=2), namespace, create, delete)


async def test_pods_are_listed_in_pages_by_their_labels(store: Store) -> None:
    """All that the selector chooses, each once, with how it uses the Secret."""
    for number in range(3):
        await store.create(a_pod(f"voice-{number}"))
    await store.create(a_pod("voice-3", **pod_spec(by_variable())))
    other = a_pod("other")
    other["metadata"]["labels"] = {"app": "other"}
    await store.create(other)
    found = await store.listed()
    assert [pod.name for pod in found] == [f"voice-{number}" for number in range(4)]
    assert [set(pod.uses) for pod in found] == [{Use.VOLUME}] * 3 + [{Use.ENV}]
    assert {pod.told for pod in found} == {""}
    assert await store.listed("app=nobody") == []


async def test_a_pod_is_told(store: Store) -> None:
    """One annotation is set, again and again; the others stay."""
    body = a_pod()
    body["metadata"]["annotations"] = {"team": "voice", "realtime-operator.io/held-token-id": "b2"}
    uid = await store.create(body)
    for token_id in (ID, NEXT_ID):
        (pod,) = await store.listed()
        assert await store.pods.tell(store.namespace, pod, token_id)
        (pod,) = await store.listed()
        assert (pod.uid, pod.told, pod.held) == (uid, token_id, "b2")


async def test_one_that_is_gone_is_not_told(store: Store) -> None:
    """Nor is another one of its name, which has another uid."""
    await store.create(a_pod())
    (pod,) = await store.listed()
    await store.delete(pod.name)
    assert not await store.pods.tell(store.namespace, pod, ID)
    await store.create(a_pod())
    assert not await store.pods.tell(store.namespace, pod, ID)
    (other,) = await store.listed()
    assert (other.name, other.told) == (pod.name, "")


async def test_the_right_to_list_can_be_asked_for(store: Store) -> None:
    """Whoever has it hears nothing."""
    await store.pods.can_list()

"""Events on a real API server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hack.controlplane import ControlPlane
from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_events import NOTE_LIMIT, OBJECT_LIMIT, WINDOW_S, KubeEvents
from realtime_operator.adapters.kube_path import EVENTS
from realtime_operator.api.group import KIND_CLUSTER_PROVIDER
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.ports import Notice
from tests.adapters.cluster import RecordingClient, client_of, create_session
from tests.adapters.fixed_clock import FixedClock
from tests.support.fixtures import Command


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still."""
    return FixedClock()


@pytest.fixture
def events(admin: RecordingClient, clock: FixedClock) -> KubeEvents:
    """The sink, with all rights."""
    return KubeEvents(admin, clock, instance="operator-0")


@pytest.fixture
async def notice(admin: RecordingClient, namespace: str) -> Notice:
    """News about a session that exists."""
    return Notice(
        await create_session(admin, namespace), warning=True, reason="ProviderRejected", message="No."
    )


async def events_in(client: KubeClient, namespace: str, uid: str) -> list[dict[str, Any]]:
    """The events about one object, read with a client's own rights."""
    found = await client.request("GET", EVENTS.collection(namespace))
    return [event for event in found["items"] if event["regarding"]["uid"] == uid]


async def test_an_event_is_posted_as_people_expect(
    events: KubeEvents, admin: RecordingClient, notice: Notice, kubectl: Command
) -> None:
    """Type, reason, note and reporter are stored, and kubectl describe shows them with the object."""
    await events.post(notice)
    namespace = notice.about.namespace or ""
    (event,) = await events_in(admin, namespace, notice.about.uid)
    assert (event["type"], event["reason"], event["note"]) == ("Warning", "ProviderRejected", "No.")
    assert event["reportingController"] == "realtime-operator.io/realtime-operator"
    assert event["reportingInstance"] == "operator-0"
    assert event["eventTime"] == "2025-11-24T16:00:00.000000Z"
    described = kubectl("describe", "rts", "concierge", "-n", namespace).stdout
    line = next(line for line in described.splitlines() if "ProviderRejected" in line)
    assert line.split()[:2] == ["Warning", "ProviderRejected"]
    assert line.endswith("No.")


async def test_the_same_event_is_not_posted_twice(
    events: KubeEvents, admin: RecordingClient, clock: FixedClock, notice: Notice
) -> None:
    """Within ten minutes the same news about the same object is dropped; after them, or with another text, it is news."""
    await events.post(notice)
    clock.time += WINDOW_S - 1
    await events.post(notice)
    await events.post(replace(notice, message="No, again."))
    clock.time += 1
    await events.post(notice)
    notes = [
        event["note"] for event in await events_in(admin, notice.about.namespace or "", notice.about.uid)
    ]
    assert sorted(notes) == ["No, again.", "No.", "No."]


async def test_an_object_that_flaps_is_not_heard_without_end(
    events: KubeEvents, admin: RecordingClient, clock: FixedClock, notice: Notice
) -> None:
    """Within ten minutes one object is granted so many events and no more; other objects are not affected."""
    for number in range(OBJECT_LIMIT + 5):
        await events.post(replace(notice, message=f"{number}"))
    namespace = notice.about.namespace or ""
    assert len(await events_in(admin, namespace, notice.about.uid)) == OBJECT_LIMIT
    other = replace(notice, about=await create_session(admin, namespace, "porter"))
    await events.post(other)
    assert len(await events_in(admin, namespace, other.about.uid)) == 1
    clock.time += WINDOW_S
    await events.post(replace(notice, message="later"))
    assert len(await events_in(admin, namespace, notice.about.uid)) == OBJECT_LIMIT + 1


async def test_events_of_cluster_scoped_objects(events: KubeEvents, admin: RecordingClient) -> None:
    """They go to the namespace default, with a note cut to what the API server takes."""
    about = ObjectRef(KIND_CLUSTER_PROVIDER, None, "openai", "33333333-3333-3333-3333-333333333333")
    await events.post(Notice(about, warning=False, reason="KeyReady", message="x" * 2 * NOTE_LIMIT))
    (event,) = await events_in(admin, "default", about.uid)
    assert (event["type"], len(event["note"])) == ("Normal", NOTE_LIMIT)
    assert "namespace" not in event["regarding"]


@pytest.mark.parametrize("name", ["a" * 49 + ".b", "a" * 48 + "-.b", "x" * 200])
async def test_events_of_long_names(
    events: KubeEvents, admin: RecordingClient, notice: Notice, name: str
) -> None:
    """Wherever a long name is cut, the event's name is one that the API server takes."""
    about = replace(notice.about, name=name)
    await events.post(replace(notice, about=about))
    (event,) = await events_in(admin, about.namespace or "", about.uid)
    assert event["regarding"]["name"] == name


async def test_a_lost_event_loses_nothing_else(
    control_plane: ControlPlane, clock: FixedClock, notice: Notice, admin: RecordingClient
) -> None:
    """Missing rights do not raise; there is just no event."""
    async with client_of(control_plane.identity("nobody")) as client:
        await KubeEvents(client, clock, instance="operator-0").post(notice)
    assert await events_in(admin, notice.about.namespace or "", notice.about.uid) == []

"""Status writes: coalesced, only what changed, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime_operator.core.errors import ClusterForbidden
from realtime_operator.core.reasons import Reason
from realtime_operator.engine.notice_lane import KEPT, POSTED_IN_A_ROUND, NoticeLane
from realtime_operator.engine.status_lane import (
    LONGEST_PAUSE_ROUNDS,
    ROUNDS_HELD,
    WRITES_AT_ONCE,
    StatusLane,
)
from realtime_operator.ports import Notice
from sim.secrets import unavailable
from sim.virtual_time import run_virtually
from tests.engine.cluster import InMemoryObjects
from tests.engine.outage import a_provider
from tests.engine.world import World
from tests.support.builders import a_memory, a_ref, a_session

ROUNDS = 40
"""After an outage the lane may leave some rounds out, but not for longer than this many seconds."""


def a_lane(
    objects: InMemoryObjects,
    *,
    is_in_a_burst: Callable[[], bool] = lambda: False,
    gone: Callable[[str], None] = lambda _: None,
) -> StatusLane:
    """A lane in quiet times."""
    return StatusLane(objects, is_in_a_burst=is_in_a_burst, gone=gone)


def a_scene() -> tuple[InMemoryObjects, StatusLane]:
    """A lane to an API that has one session without a status."""
    objects = InMemoryObjects()
    objects.put(a_session(status={}))
    return objects, a_lane(objects)


def shown(objects: InMemoryObjects) -> dict[str, Any]:
    """The session's status in the API."""
    status: dict[str, Any] = objects.documents["RealtimeSession", "hotel", "concierge"]["status"]
    return status


async def test_submissions_are_coalesced() -> None:
    """However often a status changes between two flushes, one write brings the last one."""
    objects, lane = a_scene()
    memory = a_memory()
    for rotations in range(5):
        lane.submit(memory, {"rotations": rotations, "same": "x"})
    assert len(lane) == 1
    await lane.flush()
    await lane.flush()
    assert objects.patches == [(memory.ref.uid, {"rotations": 4, "same": "x"})]


async def test_only_what_changed_is_written() -> None:
    """A field that stays is not written again, and one that goes is removed."""
    objects, lane = a_scene()
    memory = a_memory()
    lane.submit(memory, {"a": 1, "b": {"x": 1}, "c": 1})
    await lane.flush()
    lane.submit(memory, {"a": 1, "b": {"y": 2}})
    await lane.flush()
    assert objects.patches[1][1] == {"b": {"y": 2}, "c": None}
    assert shown(objects) == {"a": 1, "b": {"y": 2}}


async def test_the_same_status_is_not_written() -> None:
    """Nothing new, and a change that was taken back before the flush, cost no request."""
    objects, lane = a_scene()
    memory = a_memory(a_session(status={"a": 1}))
    lane.submit(memory, {"a": 1})
    assert len(lane) == 0
    lane.submit(memory, {"a": 2})
    lane.submit(memory, {"a": 1})
    await lane.flush()
    assert objects.patches == []


async def test_a_failed_write_is_made_up_for() -> None:
    """What could not be written is written at the next flush, together with what came meanwhile."""
    objects, lane = a_scene()
    memory = a_memory()
    objects.away = unavailable()
    lane.submit(memory, {"a": 1})
    await lane.flush()
    assert len(lane) == 1
    lane.submit(memory, {"a": 1, "b": 2})
    objects.away = None
    await lane.flush()
    assert objects.patches == [(memory.ref.uid, {"a": 1, "b": 2})]


async def test_a_status_submitted_during_a_write_that_fails() -> None:
    """The later status does not take the unwritten one for written."""
    objects, lane = a_scene()
    memory = a_memory()
    lane.submit(memory, {"a": 1})

    async def meanwhile() -> None:
        lane.submit(memory, {"a": 1, "b": 2})

    objects.hold, objects.away = meanwhile, unavailable()
    await lane.flush()
    objects.hold, objects.away = None, None
    await lane.flush()
    assert shown(objects) == {"a": 1, "b": 2}


async def test_a_session_that_is_gone() -> None:
    """Nothing is written for it, whether it goes before the flush or while a write of it fails."""
    objects, lane = a_scene()
    memory = a_memory()
    lane.submit(memory, {"a": 1})
    lane.drop(memory.ref.uid)
    await lane.flush()
    lane.submit(memory, {"a": 2})
    memory.gone = True
    await lane.flush()
    assert objects.patches == []
    assert len(lane) == 0


def test_no_more_than_a_few_writes_at_once() -> None:
    """A thousand statuses leave the API server to the Secrets, and make no thousand tasks, whose room would never be given back."""

    async def story() -> None:
        objects = InMemoryObjects()
        lane = a_lane(objects)
        most = running = tasks = 0

        async def hold() -> None:
            nonlocal most, running, tasks
            running += 1
            most, tasks = max(most, running), max(tasks, len(asyncio.all_tasks()))
            await asyncio.sleep(0.01)
            running -= 1

        objects.hold = hold
        others = len(asyncio.all_tasks())
        for number in range(1000):
            lane.submit(a_memory(a_session(name=f"s{number}", uid=str(number))), {"a": 1})
        await lane.flush()
        assert (most, len(objects.patches), tasks - others) == (WRITES_AT_ONCE, 1000, WRITES_AT_ONCE)

    run_virtually(story())


statuses = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), statuses),
        st.tuples(st.just("submit during a write"), statuses),
        st.tuples(st.just("flush"), st.booleans()),
    ),
    max_size=25,
)


@given(steps)
@settings(deadline=None)
def test_no_update_is_ever_lost(story: list[tuple[str, Any]]) -> None:
    """Whatever fails and whenever a status changes, the API ends with the last one submitted."""

    async def told() -> None:
        objects, lane = a_scene()
        memory, last = a_memory(), dict[str, int]()
        for what, detail in story:
            if what == "submit":
                last = detail
                lane.submit(memory, detail)
            elif what == "flush":
                objects.away = unavailable() if detail else None
                await lane.flush()
            else:
                lane.submit(memory, last | {"d": len(objects.patches)})

                async def hold(then: dict[str, int] = detail) -> None:
                    lane.submit(memory, then)

                objects.hold, last = hold, detail
                await lane.flush()
                objects.hold = None
                lane.submit(memory, detail)
        objects.away = None
        for _ in range(ROUNDS):
            await lane.flush()
        assert shown(objects) == last
        assert len(lane) == 0

    run_virtually(told())


async def test_an_api_that_takes_no_status_is_asked_ever_more_seldom() -> None:
    """A missing right on status must not become a request a second for every session; once it is granted all is written."""
    objects, lane = a_scene()
    memory = a_memory()
    objects.away = unavailable()
    lane.submit(memory, {"rotations": 1})
    for _ in range(100):
        await lane.flush()
    assert 5 <= objects.asked <= 10
    objects.away = None
    for _ in range(LONGEST_PAUSE_ROUNDS + 1):
        await lane.flush()
    assert len(lane) == 0


async def test_a_status_that_is_refused_for_one_session_alone_is_tried_ever_more_seldom() -> None:
    """A policy in one namespace is no request a second, delays nobody else's status, and what is allowed in the end is written."""
    objects = InMemoryObjects()
    lane = a_lane(objects)
    fenced = a_memory(a_session(name="fenced", uid="fenced"))
    for name in ("fenced", "other"):
        objects.put(a_session(name=name, uid=name, status={}))
    objects.refused["fenced"] = ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "A policy refuses it.")
    other = a_memory(a_session(name="other", uid="other"))
    for round_ in range(120):
        lane.submit(fenced, {"rotations": round_})
        if round_ % 2:
            lane.submit(other, {"rotations": round_})
        await lane.flush()
        shown_of_other = objects.documents["RealtimeSession", "hotel", "other"]["status"]
        assert round_ % 2 == 0 or shown_of_other == {"rotations": round_}
    assert 5 <= objects.asked - 60 <= 10
    objects.refused.clear()
    for _ in range(LONGEST_PAUSE_ROUNDS + 1):
        await lane.flush()
    assert objects.documents["RealtimeSession", "hotel", "fenced"]["status"] == {"rotations": 119}


async def test_a_mistake_about_some_statuses_costs_the_others_nothing() -> None:
    """Not even where as many fail so as are written at once; those are tried again, and their text is nobody's business."""
    objects, lane = a_scene()
    memories = [a_memory(a_session(name=f"s{number}", uid=str(number))) for number in range(100)]
    mistakes = iter(range(2 * WRITES_AT_ONCE))

    async def stumble() -> None:
        if next(mistakes, None) is not None:
            raise TypeError("of a token")

    objects.hold = stumble
    for memory in memories:
        lane.submit(memory, {"rotations": 1})
    await lane.flush()
    assert (len(objects.patches), len(lane)) == (100 - 2 * WRITES_AT_ONCE, 2 * WRITES_AT_ONCE)
    for _ in range(LONGEST_PAUSE_ROUNDS + 1):
        await lane.flush()
    assert {uid for uid, _ in objects.patches} == {memory.ref.uid for memory in memories}


async def test_in_a_burst_a_status_waits_and_is_not_starved() -> None:
    """While tokens need the API server statuses wait some rounds each, and no longer however long it takes; then all are written."""
    objects, burst = InMemoryObjects(), True
    lane = a_lane(objects, is_in_a_burst=lambda: burst)
    memories = [a_memory(a_session(name=f"s{number}", uid=str(number))) for number in range(9)]
    written = []
    for number in range(ROUNDS_HELD + 3):
        lane.submit(memories[number], {"rotations": 1})
        lane.submit(memories[0], {"rotations": number + 1})
        await lane.flush()
        written.append([uid for uid, _ in objects.patches])
        objects.patches.clear()
    assert written[:ROUNDS_HELD] == [[]] * ROUNDS_HELD
    assert written[ROUNDS_HELD:] == [["0"], ["1"], ["2"]]
    burst = False
    await lane.flush()
    assert sorted(uid for uid, _ in objects.patches) == ["0", "3", "4", "5", "6", "7"]
    assert len(lane) == 0


async def test_a_session_that_is_not_there_any_more_is_told_of() -> None:
    """A deletion that no watch told of is found out by the write that meets nothing, or a namesake."""
    objects, gone = InMemoryObjects(), list[str]()
    lane = a_lane(objects, gone=gone.append)
    objects.put(a_session(name="namesake", uid="new"))
    objects.put(a_session(name="there", uid="1"))
    for name, uid in (("never-seen", "2"), ("namesake", "old"), ("there", "1")):
        lane.submit(a_memory(a_session(name=name, uid=uid)), {"rotations": 1})
    await lane.flush()
    assert gone == ["2", "old"]
    assert len(lane) == 0


class Posted:
    """Keeps the events that were posted."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    async def post(self, notice: Notice) -> None:
        """See ``ports.EventSink``."""
        self.messages.append(notice.message)


async def test_events_are_few_at_a_time_and_wait_for_tokens() -> None:
    """A thousand sessions in the same trouble are not a thousand requests at once; what is told first is posted first."""
    posted, burst = Posted(), True
    lane = NoticeLane(posted, is_in_a_burst=lambda: burst)
    for number in range(KEPT + 5):
        lane.submit(Notice(a_ref(), warning=True, reason="ProviderUnavailable", message=str(number)))
    await lane.flush()
    assert posted.messages == []
    burst = False
    await lane.flush()
    assert posted.messages == [str(number) for number in range(5, 5 + POSTED_IN_A_ROUND)]
    for _ in range(KEPT):
        await lane.flush()
    assert len(posted.messages) == KEPT


async def test_an_event_waits_no_longer_in_a_burst_than_a_status() -> None:
    """A burst without end delays what is told, and keeps none of it from being told."""
    posted = Posted()
    lane = NoticeLane(posted, is_in_a_burst=lambda: True)
    told = []
    for number in range(ROUNDS_HELD + 3):
        lane.submit(Notice(a_ref(), warning=True, reason="ProviderUnavailable", message=str(number)))
        await lane.flush()
        told.append([*posted.messages])
        posted.messages.clear()
    assert told == [[]] * ROUNDS_HELD + [["0"], ["1"], ["2"]]


def test_sessions_that_wait_for_a_rate_limit_delay_no_event() -> None:
    """They wait for the better part of an hour, in which tokens need next to nothing of the API server."""

    async def story() -> None:
        posted = Posted()
        async with World(providers=[a_provider(requestsPerMinute=6)]) as world:
            lane = NoticeLane(posted, is_in_a_burst=world.dispatcher.is_in_a_burst)
            for number in range(200):
                world.apply(number)
            for minute in range(5):
                await asyncio.sleep(60)
                lane.submit(Notice(a_ref(), warning=False, reason="Issued", message=str(minute)))
                await lane.flush()
                assert posted.messages[-1:] == [str(minute)]
            assert len(world.secrets.stored) < 40

    run_virtually(story())

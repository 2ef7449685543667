"""The engine's small parts: wake-ups, lanes, the table, the limiter."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.adapters.system_clock import SystemClock
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.failure import failure_after
from realtime_operator.core.reasons import Reason
from realtime_operator.core.throttle import Throttle
from realtime_operator.engine.lanes import LOOKS_BESIDE, Lanes, ProviderKey, Work
from realtime_operator.engine.limiter import RateLimiter
from realtime_operator.engine.table import Table
from realtime_operator.engine.turns import FAILING_BEHIND_S, Lane, Turns, Urgency, urgency_of
from realtime_operator.engine.wakeups import WakeUps
from sim.virtual_time import run_virtually
from tests.support.builders import NOW, a_holding, a_memory, a_session, a_token

A: ProviderKey = ("RealtimeProvider", "hotel", "a")
B: ProviderKey = ("RealtimeProvider", "hotel", "b")


def test_wake_ups_come_out_by_deadline() -> None:
    """All that is due comes out, earliest first, and once."""
    wake_ups = WakeUps()
    for uid, at in (("c", 3), ("a", 1), ("b", 2), ("d", 4)):
        wake_ups.set(uid, at)
    assert wake_ups.next_at() == 1
    assert wake_ups.pop_due(3) == ["a", "b", "c"]
    assert wake_ups.pop_due(3) == []
    assert (len(wake_ups), wake_ups.next_at()) == (1, 4)


def test_another_deadline_replaces_the_one_before() -> None:
    """Whether later or earlier, the last one set holds; an earlier one may be asked for."""
    wake_ups = WakeUps()
    wake_ups.set("a", 1)
    wake_ups.set("a", 5)
    assert wake_ups.pop_due(4) == []
    wake_ups.set_earlier("a", 9)
    wake_ups.set_earlier("a", 2)
    assert wake_ups.pop_due(2) == ["a"]
    assert wake_ups.pop_due(10) == []


def test_a_dropped_one_never_wakes() -> None:
    """What is gone is forgotten."""
    wake_ups = WakeUps()
    wake_ups.set("a", 1)
    wake_ups.drop("a")
    wake_ups.drop("never there")
    assert (wake_ups.pop_due(9), len(wake_ups), wake_ups.next_at()) == ([], 0, None)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "earlier", "drop", "pop"]), st.sampled_from("abcd"), st.integers(0, 9)
        ),
        max_size=300,
    )
)
def test_wake_ups_do_as_a_plain_dictionary_would(steps: list[tuple[str, str, int]]) -> None:
    """Whatever is asked in whatever order, the heap answers as a naive clerk does."""
    wake_ups, clerk = WakeUps(), dict[str, float]()
    for what, uid, at in steps:
        if what == "set":
            wake_ups.set(uid, at)
            clerk[uid] = at
        elif what == "earlier":
            wake_ups.set_earlier(uid, at)
            clerk[uid] = min(at, clerk.get(uid, at))
        elif what == "drop":
            wake_ups.drop(uid)
            clerk.pop(uid, None)
        else:
            due = sorted((when, who) for who, when in clerk.items() if when <= at)
            assert wake_ups.pop_due(at) == [who for _, who in due]
            clerk = {who: when for who, when in clerk.items() if when > at}
        assert len(wake_ups) == len(clerk)
        assert wake_ups.next_at() == min(clerk.values(), default=None)


def test_replaced_deadlines_take_no_memory() -> None:
    """A session that is woken a million times leaves one entry."""
    wake_ups = WakeUps()
    for at in range(100_000):
        wake_ups.set("a", float(at))
    assert len(wake_ups) == 1
    assert len(vars(wake_ups)["_heap"]) < 100


def test_replaced_deadlines_of_many_sessions_take_little_memory() -> None:
    """However often each is set anew, the heap has at no moment much more entries than there are sessions."""
    wake_ups, sessions, most = WakeUps(), 1000, 0
    for at in range(10 * sessions):
        wake_ups.set(f"s{at % sessions}", float(at))
        most = max(most, len(vars(wake_ups)["_heap"]))
    assert len(wake_ups) == sessions
    assert most < 1.4 * sessions


def work(uid: str, lane: Lane = Lane.ROTATION, *, urgency: float = 0, provider: ProviderKey = A) -> Work:
    """A session to look at."""
    return Work(uid, provider, Urgency(lane, urgency), horizon=0)


def test_first_mints_and_rotations_take_turns_and_looks_come_last() -> None:
    """Neither a flood of new sessions nor one of rotations starves the other; each goes by urgency."""
    lanes = Lanes(lambda _: 100)
    for number in (3, 1, 2):
        lanes.push(work(f"first-{number}", Lane.FIRST, urgency=number))
        lanes.push(work(f"due-{number}", urgency=number))
        lanes.push(work(f"look-{number}", Lane.LOOK, urgency=number))
    order = [one.uid for one in lanes.start(NOW)]
    assert order == [
        "first-1",
        "due-1",
        "first-2",
        "due-2",
        "first-3",
        "due-3",
        "look-1",
        "look-2",
        "look-3",
    ]


def test_who_has_half_of_its_life_left_yields_to_first_mints() -> None:
    """Until half of it is used; nobody but first mints and rotations that are closer to their end goes before."""
    turns = Turns[str]()
    turns.push(Urgency(Lane.LOOK, 0), "look")
    for number in range(4):
        turns.push(Urgency(Lane.ROTATION, 50 + number, yields_until=20 + number), f"yields-{number}")
        turns.push(Urgency(Lane.FIRST, number), f"first-{number}")
    turns.push(Urgency(Lane.ROTATION, 90), "due")
    assert len(turns) == 10
    assert [turns.pop(10) for _ in range(3)] == ["first-0", "due", "first-1"]
    # The time of two has come: they take turns with the first mints, before others that yield.
    assert [turns.pop(21) for _ in range(7)] == [
        "yields-0",
        "first-2",
        "yields-1",
        "first-3",
        "yields-2",
        "yields-3",
        "look",
    ]
    assert turns.pop(21) is None


def test_the_turns_go_on_from_start_to_start() -> None:
    """With one free place at a time the two lanes still take turns."""
    lanes = Lanes(lambda _: 1)
    for number in range(4):
        lanes.push(work(f"first-{number}", Lane.FIRST, urgency=number))
        lanes.push(work(f"due-{number}", urgency=number))
    order = []
    while started := lanes.start(NOW):
        order += [one.uid for one in started]
        lanes.finished(started[0])
    assert order == [f"{lane}-{number}" for number in range(4) for lane in ("first", "due")]


def test_who_has_a_sixth_of_its_life_left_presses() -> None:
    """It has three of four turns, until its token expires; then they take turns again."""
    turns = Turns[str]()
    for number in range(8):
        turns.push(Urgency(Lane.ROTATION, 50 + number, presses_from=40), f"due-{number}")
        turns.push(Urgency(Lane.FIRST, number), f"first-{number}")
    assert [turns.pop(39) for _ in range(3)] == ["first-0", "due-0", "first-1"]
    assert [turns.pop(45) for _ in range(5)] == ["due-1", "due-2", "due-3", "first-2", "due-4"]
    assert [turns.pop(60) for _ in range(4)] == ["due-5", "first-3", "due-6", "first-4"]


def test_looks_have_places_of_their_own() -> None:
    """Where all places are taken some looks run nevertheless; they take no place from a mint."""
    lanes = Lanes(lambda _: 1)
    for number in range(20):
        lanes.push(work(f"look-{number}", Lane.LOOK, urgency=number))
        lanes.push(work(f"due-{number}", urgency=number))
    started = lanes.start(NOW)
    assert [one.uid for one in started] == ["due-0", *(f"look-{number}" for number in range(LOOKS_BESIDE))]
    lanes.finished(started[3])
    assert [one.uid for one in lanes.start(NOW)] == [f"look-{LOOKS_BESIDE}"]
    lanes.finished(started[0])
    assert [one.uid for one in lanes.start(NOW)] == ["due-1"]


def test_the_same_urgency_goes_by_arrival() -> None:
    """First come, first served."""
    lanes = Lanes(lambda _: 9)
    for uid in "zab":
        lanes.push(work(uid))
    assert [one.uid for one in lanes.start(NOW)] == ["z", "a", "b"]


def test_a_pass_that_ends_costs_as_much_however_many_providers_there_are() -> None:
    """Only at the provider whose place it had somebody else may start."""
    asked = Counter[ProviderKey]()

    def one_at_once(provider: ProviderKey) -> int:
        asked[provider] += 1
        return 1

    lanes = Lanes(one_at_once)
    for number in range(100):
        lanes.push(work(f"elsewhere-{number}", provider=("RealtimeProvider", f"hotel-{number}", "default")))
    lanes.push(first := work("first", provider=B))
    lanes.push(work("second", provider=B))
    lanes.start(NOW)
    lanes.finished(first)
    asked.clear()
    assert [one.uid for one in lanes.start(NOW, provider=B)] == ["second"]
    assert asked == {B: 1}
    assert lanes.start(NOW, provider=A) == []


def test_a_provider_that_hangs_delays_nobody_else() -> None:
    """Its own sessions wait at its limit; those of another provider start."""
    lanes = Lanes(lambda key: 2 if key == A else 100)
    for number in range(5):
        lanes.push(work(f"a{number}", urgency=number))
    assert [one.uid for one in lanes.start(NOW)] == ["a0", "a1"]
    for number in range(5):
        lanes.push(work(f"b{number}", urgency=number, provider=B))
    assert [one.uid for one in lanes.start(NOW)] == [f"b{number}" for number in range(5)]
    lanes.finished(work("a0"))
    assert [one.uid for one in lanes.start(NOW)] == ["a2"]


@given(
    st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from(Lane), st.integers(0, 5)), max_size=60),
    st.integers(1, 4),
)
def test_everything_starts_once_and_within_the_limit(
    pushed: list[tuple[ProviderKey, Lane, int]], limit: int
) -> None:
    """Nothing is lost, nothing starts twice, and no provider has more in flight than its limit."""
    lanes, started, in_flight = Lanes(lambda _: limit), list[str](), list[Work]()
    for number, (provider, lane, urgency) in enumerate(pushed):
        lanes.push(work(str(number), lane, urgency=urgency, provider=provider))
    while len(started) < len(pushed) or in_flight:
        in_flight += (now := lanes.start(NOW))
        started += [one.uid for one in now]
        for key in (A, B):
            assert sum(one.provider == key and not one.beside for one in in_flight) <= limit
            assert sum(one.provider == key and one.beside for one in in_flight) <= LOOKS_BESIDE
        lanes.finished(in_flight.pop())
    lanes.start(NOW)
    assert sorted(started, key=int) == [str(number) for number in range(len(pushed))]
    assert vars(lanes)["_queues"] == {}


def test_the_older_of_two_claimants() -> None:
    """Of the sessions that want one Secret the oldest is named; within a second, the first by name."""
    table = Table()
    old = table.add(a_memory(a_session(name="old", uid="1", secret={"name": "s"})))
    young = table.add(
        a_memory(a_session(name="young", uid="2", created="2025-11-24T15:00:01Z", secret={"name": "s"}))
    )
    twin = table.add(a_memory(a_session(name="ant", uid="3", secret={"name": "s"})))
    other = table.add(a_memory(a_session(name="other", uid="4")))
    assert table.older_claimant(young.memory) == "ant"
    assert table.older_claimant(old.memory) == "ant"
    assert table.older_claimant(twin.memory) == ""
    assert table.older_claimant(other.memory) == ""
    assert {entry.memory.ref.name for entry in table.rivals(old.memory)} == {"young", "ant"}
    table.remove("3")
    assert table.older_claimant(young.memory) == "old"
    table.remove("1")
    assert table.older_claimant(young.memory) == ""


def test_a_session_that_comes_to_want_another_secret() -> None:
    """Its claim moves with it."""
    table = Table()
    one = table.add(a_memory(a_session(name="one", uid="1", secret={"name": "s"})))
    two = table.add(a_memory(a_session(name="two", uid="2", secret={"name": "s"})))
    table.change(one, a_memory(a_session(name="one", secret={"name": "t"})).wanted)
    assert table.older_claimant(two.memory) == ""
    table.change(two, a_memory(a_session(name="two", secret={"name": "t"})).wanted)
    assert table.older_claimant(two.memory) == "one"


def test_a_session_and_one_that_wants_the_secret_of_its_name() -> None:
    """They are rivals both ways, until one of them goes or wants another; where the namesake wants another Secret they never were."""
    table = Table()
    named = table.add(a_memory(a_session(name="s", uid="1")))
    wanting = table.add(
        a_memory(a_session(name="b", uid="2", created="2025-11-24T15:00:01Z", secret={"name": "s"}))
    )
    assert (table.rivals(named.memory), table.rivals(wanting.memory)) == ([wanting], [named])
    assert (table.older_claimant(named.memory), table.older_claimant(wanting.memory)) == ("", "s")
    table.change(named, a_memory(a_session(name="s", secret={"name": "t"})).wanted)
    assert table.rivals(named.memory) == table.rivals(wanting.memory) == []
    table.change(named, a_memory(a_session(name="s")).wanted)
    assert table.rivals(wanting.memory) == [named]
    table.remove("2")
    assert table.rivals(named.memory) == []
    assert vars(table)["_claims"] == {}
    table.remove("1")
    assert table.rivals(wanting.memory) == []


def test_the_table_by_uid_and_by_name() -> None:
    """A session is found both ways, is marked when it goes, and the table may change while it is gone through."""
    table = Table()
    table.add(a_memory(a_session(uid="1")))
    entry = table.named("hotel", "concierge")
    assert entry is not None
    assert entry is table.get("1")
    for each in table:
        table.remove(each.memory.ref.uid)
    assert (len(table), entry.memory.gone, table.named("hotel", "concierge")) == (0, True, None)
    assert table.remove("1") is None


@pytest.mark.parametrize(("per_minute", "seconds"), [(60, 9), (6000, 0.09), (1, 540), (None, 0)])
def test_a_rate_limit_spreads_requests_evenly(per_minute: int | None, seconds: float) -> None:
    """Ten requests that come at once leave one by one, as far apart as the limit says, in the order they came."""

    async def story() -> None:
        clock = SystemClock()
        began, left = clock.now(), list[tuple[int, float]]()
        limiter = RateLimiter(clock, Throttle(per_minute))

        async def request(number: int) -> None:
            await limiter.admitted(Urgency(Lane.ROTATION, 0))
            left.append((number, clock.now() - began))

        await asyncio.gather(*(request(number) for number in range(10)))
        assert [number for number, _ in left] == list(range(10))
        gaps = [b[1] - a[1] for a, b in itertools.pairwise(left)]
        assert left[-1][1] == pytest.approx(seconds, abs=1e-3)
        assert max(gaps) - min(gaps) < 1e-3

    run_virtually(story())


def test_a_rate_limit_does_not_save_up() -> None:
    """An idle minute allows no burst after it."""

    async def story() -> None:
        clock = SystemClock()
        limiter = RateLimiter(clock, Throttle(60))
        await limiter.admitted(Urgency(Lane.ROTATION, 0))
        await asyncio.sleep(600)
        began = clock.now()
        for _ in range(3):
            await limiter.admitted(Urgency(Lane.ROTATION, 0))
        assert clock.now() - began == pytest.approx(2)

    run_virtually(story())


@pytest.mark.parametrize(
    ("life", "due_in", "confirmed", "expected"),
    [
        (None, None, -1, (Lane.FIRST, "created")),
        (300, 100, 1, (Lane.LOOK, "expiry")),
        (300, 0, 1, (Lane.ROTATION, "expiry")),
        (300, 100, 0, (Lane.ROTATION, "expiry")),
        (-30, -50, 1, (Lane.ROTATION, "expiry")),
        (-30, -50, -1, (Lane.ROTATION, "expiry")),
    ],
    ids=["new", "idle", "due", "another spec", "expired", "expired before a restart"],
)
def test_in_which_lane_a_session_stands(
    life: float | None, due_in: float | None, confirmed: int, expected: tuple[Lane, str]
) -> None:
    """First mints by age; what is due or has expired by expiry, so that whose readers wait longest are helped first."""
    memory = a_memory()
    memory.expires_at = NOW + life if life is not None else 0.0
    memory.rotation_at = NOW + due_in if due_in is not None else None
    memory.confirmed_generation = confirmed
    urgency = {"created": memory.wanted.created_at, "expiry": memory.expires_at}[expected[1]]
    assert urgency_of(memory, now=NOW, horizon=NOW) == Urgency(expected[0], urgency)


@pytest.mark.parametrize(
    ("life", "confirmed", "rotate", "yields"),
    [
        (301, 0, "", True),
        (299, 0, "", False),
        (301, 1, "", None),
        (301, 1, "now", True),
        (299, 1, "now", False),
    ],
    ids=["another spec", "another spec later", "idle", "asked for", "asked for later"],
)
def test_who_yields_to_first_mints(life: float, confirmed: int, rotate: str, yields: bool | None) -> None:  # noqa: FBT001 - a column
    """A token of 600 s is to be replaced: with more than half of that left it can wait; None is for one that is not to be."""
    memory = a_memory(a_session(annotations={"realtime-operator.io/rotate": rotate} if rotate else {}))
    memory.confirmed_generation, memory.expires_at = confirmed, NOW + life
    memory.holding = a_holding(a_token(issued_at=NOW + life - 600))
    urgency = urgency_of(memory, now=NOW, horizon=NOW)
    half, sixth = memory.expires_at - 300, memory.expires_at - 100
    expected = {
        True: Urgency(Lane.ROTATION, memory.expires_at, half, sixth),
        False: Urgency(Lane.ROTATION, memory.expires_at, presses_from=sixth),
        None: Urgency(Lane.LOOK, memory.expires_at),
    }
    assert urgency == expected[yields]


@pytest.mark.parametrize(("generation", "behind"), [(1, FAILING_BEHIND_S), (2, 0.0)])
def test_who_keeps_failing_stands_behind_until_its_spec_is_corrected(generation: int, behind: float) -> None:
    """What the spec before was refused for is not held against the one that replaces it."""
    memory = a_memory()
    memory.expires_at = NOW - 30
    error = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "no")
    for _ in range(2):
        memory.failure = failure_after(
            memory.failure, error, now=NOW - 30, life_left=0, uid="1", generation=1, rotate=""
        )
    memory.wanted = replace(memory.wanted, generation=generation)
    assert urgency_of(memory, now=NOW, horizon=NOW) == Urgency(Lane.ROTATION, NOW - 30 + behind)


def test_a_rate_limit_admits_the_most_urgent_first() -> None:
    """Whoever comes late and is urgent does not stand behind those who came before; first mints and rotations take turns."""

    async def story() -> None:
        limiter, left = RateLimiter(SystemClock(), Throttle(60)), list[str]()

        async def request(name: str, lane: Lane, urgency: float) -> None:
            await limiter.admitted(Urgency(lane, urgency))
            left.append(name)

        asking = [asyncio.create_task(request("begins", Lane.ROTATION, 0))]
        for number in (3, 2, 1):
            asking.append(asyncio.create_task(request(f"due-{number}", Lane.ROTATION, number)))
            asking.append(asyncio.create_task(request(f"first-{number}", Lane.FIRST, number)))
        await asyncio.sleep(0.5)
        asking.append(asyncio.create_task(request("due-0", Lane.ROTATION, 0)))
        await asyncio.gather(*asking)
        assert left == ["begins", "first-1", "due-0", "first-2", "due-1", "first-3", "due-2", "due-3"]

    run_virtually(story())


@pytest.mark.parametrize(("limit", "after"), [(600, 0.1), (None, 0.0), (6, 10.0)])
def test_a_rate_limit_that_changes_while_somebody_waits(limit: int | None, after: float) -> None:
    """Whoever waits goes by the new limit at once, measured from the request before."""

    async def story() -> None:
        clock = SystemClock()
        throttle = Throttle(1)
        limiter = RateLimiter(clock, throttle)
        await limiter.admitted(Urgency(Lane.ROTATION, 0))
        began = clock.now()
        waiting = asyncio.create_task(limiter.admitted(Urgency(Lane.ROTATION, 0)))
        await asyncio.sleep(0.05)
        throttle.configured = limit
        limiter.changed()
        await waiting
        assert clock.now() - began == pytest.approx(max(0.05, after), abs=1e-3)

    run_virtually(story())


def test_a_rate_limit_loses_no_moment_to_who_gave_up() -> None:
    """A request that is cancelled while it waits takes no place from the others."""

    async def story() -> None:
        clock = SystemClock()
        limiter = RateLimiter(clock, Throttle(60))
        await limiter.admitted(Urgency(Lane.ROTATION, 0))
        began = clock.now()
        gives_up = asyncio.create_task(limiter.admitted(Urgency(Lane.ROTATION, 1)))
        stays = asyncio.create_task(limiter.admitted(Urgency(Lane.ROTATION, 2)))
        await asyncio.sleep(0.5)
        gives_up.cancel()
        await stays
        assert clock.now() - began == pytest.approx(1, abs=1e-3)

    run_virtually(story())

"""Passes start on a coarse tick for what is due, at once for what is new, and never twice for one session at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import pytest

from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.dispatcher import MANY_RUNNING
from realtime_operator.ports import PassResult
from sim.virtual_time import run_virtually
from tests.engine.world import World, slow_mint


def virtually(story: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test's story in virtual time."""

    @wraps(story)
    def test(*args: Any, **kwargs: Any) -> None:
        async def told() -> None:
            await story(*args, **kwargs)

        run_virtually(told())

    return test


@virtually
async def test_what_is_new_is_begun_at_once() -> None:
    """A new session does not wait for the tick."""
    async with World() as world:
        await asyncio.sleep(0.3)
        world.apply()
        await asyncio.sleep(0.01)
        assert world.secrets.data("s0")["token"] == "ek_1"


@virtually
async def test_half_an_hour_of_a_hundred_sessions() -> None:
    """Tokens of 60 s, read by the API: not one is ever expired, and none is minted without a reason."""
    async with World() as world:
        world.provider.life = 60
        for number in range(100):
            world.apply(number, lifetimeSeconds=60, delivery={"propagation": "None"})
        await asyncio.sleep(1800)
        assert world.expired_seconds == 0
        assert set(world.metrics.minted_for) == {"SecretMissing", "RotationDue"}
        assert world.metrics.minted_for["SecretMissing"] == 100
        late = sorted(world.metrics.late)
        assert late[0] > -1.5
        assert late[-1] < 0.25
        rotations = world.metrics.minted_for["RotationDue"] / 100
        assert 1800 / 40 <= rotations <= 1800 / 34
        assert world.shown(7)["conditions"][0]["status"] == "True"


@virtually
async def test_an_outage_shorter_than_the_reserve() -> None:
    """A provider that is away for 50 s of every ten minutes costs nobody an expired second."""
    async with World() as world:
        for number in range(50):
            world.apply(number)
        for _ in range(6):
            await asyncio.sleep(550)
            world.provider.always = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "connection refused")
            await asyncio.sleep(50)
            world.provider.always = None
        assert world.expired_seconds == 0
        assert world.metrics.failed_for


@virtually
async def test_all_is_fresh_soon_after_a_long_outage() -> None:
    """When the provider is back, every expired token is replaced within six seconds."""
    async with World() as world:
        world.provider.life = 60
        for number in range(50):
            world.apply(number, lifetimeSeconds=60, delivery={"propagation": "None"})
        await asyncio.sleep(5)
        world.provider.always = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "connection refused")
        await asyncio.sleep(120)
        world.provider.always = None
        await asyncio.sleep(6)
        before = world.expired_seconds
        assert before > 0
        await asyncio.sleep(20)
        assert world.expired_seconds == before


@virtually
async def test_never_two_passes_for_one_session() -> None:
    """A session that changes while its mint is in flight is looked at again afterwards, not meanwhile."""
    running: list[str] = []
    overlaps: list[str] = []
    generations: list[int] = []

    async def reconcile(memory: SessionMemory, *, horizon: float, **_: object) -> PassResult:
        overlaps.extend(running)  # an assertion here would be taken for a surprise, and retried
        running.append(memory.ref.uid)
        generations.append(memory.wanted.generation)
        await asyncio.sleep(3)
        running.remove(memory.ref.uid)
        return PassResult(wake_at=horizon + 100)

    world = World(reconcile=reconcile)
    async with world:
        world.apply()
        for generation in range(2, 6):
            await asyncio.sleep(0.5)
            world.apply(generation=generation)
        await asyncio.sleep(20)
        assert generations == [1, 5]
        entry = world.table.get("uid-0")
        assert entry is not None
        world.dispatcher.wake(entry)
        await asyncio.sleep(0.1)
        world.dispatcher.wake(entry, world.clock.now() + 1)
        await asyncio.sleep(20)
        assert generations == [1, 5, 5, 5]
        await asyncio.sleep(100)
        assert generations == [1, 5, 5, 5, 5]
        assert not overlaps


@virtually
async def test_a_provider_that_hangs_delays_only_its_own_sessions() -> None:
    """While one provider's mints hang at its limit, another's sessions are served at once."""
    async with World(in_flight=2) as world:
        hang = asyncio.Event()

        async def answer(_: object) -> Any:
            await hang.wait()
            return world.provider.token()

        world.provider.script = [answer, answer]
        for number in range(6):
            world.apply(number, providerRef={"name": "hanging"})
        await asyncio.sleep(2)
        assert len(world.provider.calls) == 2
        world.apply(99, providerRef={"name": "quick"})
        await asyncio.sleep(0.1)
        assert "token" in world.secrets.data("s99")
        hang.set()
        await asyncio.sleep(1)
        assert len(world.secrets.stored) == 7


@virtually
async def test_a_session_that_moves_to_another_provider_starts_there_at_once() -> None:
    """Its pass ends with work at a provider whose lanes nobody else looks at now; it does not wait for the tick."""
    begun: list[float] = []

    async def reconcile(_: SessionMemory, *, horizon: float, **__: object) -> PassResult:
        begun.append(world.clock.now())
        if len(begun) == 1:
            await asyncio.sleep(0.2)
            return PassResult(wake_at=horizon, needs_place=True)
        return PassResult(wake_at=horizon + 100)

    world = World(reconcile=reconcile)
    async with world:
        await asyncio.sleep(0.3)
        world.apply(providerRef={"name": "before"})
        await asyncio.sleep(0.1)
        world.apply(generation=2, providerRef={"name": "after"})
        await asyncio.sleep(5)
    assert begun[1] - begun[0] == pytest.approx(0.2, abs=0.01)


@virtually
async def test_a_place_that_is_free_again_is_offered_at_its_own_provider_alone() -> None:
    """There may be hundreds of others with work, and nothing has changed for them."""
    came, ended = asyncio.Event(), asyncio.Event()
    begun: list[str] = []

    async def reconcile(
        memory: SessionMemory, *, horizon: float, token_came: Callable[[], None], **_: object
    ) -> PassResult:
        begun.append(memory.ref.uid)
        await came.wait()
        if memory.ref.uid == "uid-0":
            token_came()
        await ended.wait()
        if memory.ref.uid != "uid-0":
            await asyncio.sleep(5)
        return PassResult(wake_at=horizon + 100)

    world = World(in_flight=1, reconcile=reconcile)
    async with world:
        for number in range(2):
            world.apply(number, providerRef={"name": "busy"})
        for number in range(2, 40):
            world.apply(number, providerRef={"name": f"busy-{number}"})
        await asyncio.sleep(0.3)
        assert "uid-1" not in begun
        for what in (came, ended):
            world.limits_asked.clear()
            what.set()
            await asyncio.sleep(0.1)
            assert set(world.limits_asked) == {("RealtimeProvider", "hotel", "busy")}
        assert begun[-1] == "uid-1"


@virtually
async def test_a_closed_gate_keeps_everything_waiting() -> None:
    """A standby fills its table and touches nothing; when it may act, it does so at once."""
    world = World()
    world.gate.close()
    async with world:
        world.apply()
        await asyncio.sleep(30)
        assert (len(world.table), world.secrets.calls.total(), len(world.provider.calls)) == (1, 0, 0)
        world.gate.open()
        await asyncio.sleep(0.1)
        assert world.secrets.data("s0")["token"] == "ek_1"


@virtually
async def test_a_surprise_costs_one_session_one_pass() -> None:
    """An error that nobody planned is logged and retried with back-off; the others go on, and the process lives."""
    calls = {"uid-0": 0, "uid-1": 0}

    async def reconcile(memory: SessionMemory, *, horizon: float, **_: object) -> PassResult:
        calls[memory.ref.uid] += 1
        if memory.ref.uid == "uid-0" and calls["uid-0"] <= 3:
            raise ZeroDivisionError
        return PassResult(wake_at=horizon + 50)

    world = World(reconcile=reconcile)
    async with world:
        world.apply(0)
        world.apply(1)
        await asyncio.sleep(40)
        assert calls == {"uid-0": 4, "uid-1": 1}
        assert world.metrics.passes_failed_for == {"InternalError": 3}


@virtually
async def test_no_session_is_looked_at_in_a_hot_loop() -> None:
    """A pass that asks to be woken in the past is not obeyed more than five times a second."""
    calls = 0

    async def reconcile(_: SessionMemory, *, horizon: float, **__: object) -> PassResult:
        nonlocal calls
        calls += 1
        return PassResult(wake_at=horizon - 1000)

    world = World(reconcile=reconcile)
    async with world:
        world.apply()
        await asyncio.sleep(10)
        assert calls <= 50


@virtually
async def test_a_deleted_session_is_forgotten() -> None:
    """It is not looked at again; one deleted while its mint is in flight gets no Secret."""
    async with World() as world:
        slow_mint(world, 2)
        uid = world.apply(0)
        world.apply(1)
        await asyncio.sleep(1)
        world.intake.gone(uid)
        await asyncio.sleep(5)
        assert [name for _, name in world.secrets.stored] == ["s1"]
        calls = world.secrets.calls.total()
        world.intake.gone("uid-1")
        await asyncio.sleep(3600)
        assert world.secrets.calls.total() == calls


@virtually
async def test_sigterm_lets_mints_in_flight_be_written() -> None:
    """What was asked for is written before the end, and shown."""
    world = World()
    async with world:
        slow_mint(world, 3)
        world.apply(0)
        await asyncio.sleep(1)
    assert [name for _, name in world.secrets.stored] == ["s0"]
    assert world.shown(0)["conditions"][0]["reason"] == "Issued"


@virtually
async def test_sigterm_does_not_wait_for_ever() -> None:
    """A mint that outlasts the grace is cut off."""
    world = World()
    async with world:
        slow_mint(world, 3600)
        world.apply()
        await asyncio.sleep(1)
        began = world.clock.now()
    assert world.clock.now() - began == pytest.approx(5, abs=0.5)
    assert world.secrets.stored == {}


@pytest.mark.parametrize(
    ("sessions", "in_flight", "expected"),
    [(MANY_RUNNING, 128, False), (MANY_RUNNING + 1, 128, True), (40, MANY_RUNNING + 1, True), (4, 2, False)],
)
@virtually
async def test_what_is_a_burst(sessions: int, in_flight: int, expected: bool) -> None:  # noqa: FBT001 - a column
    """More passes than a tick's, whether others wait for their turn or not; afterwards, and once it stops, no more."""
    world = World(in_flight=in_flight)
    async with world:
        slow_mint(world, 3)
        for number in range(sessions):
            world.apply(number)
        await asyncio.sleep(1)
        assert world.dispatcher.is_in_a_burst() == expected
        await asyncio.sleep(9)
        assert not world.dispatcher.is_in_a_burst()
        for number in range(sessions):
            world.apply(number, generation=2, lifetimeSeconds=60)
        await asyncio.sleep(1)
        assert world.dispatcher.is_in_a_burst() == expected
        stopping = asyncio.create_task(world.dispatcher.stop(grace=5))
        await asyncio.sleep(0)
        assert not world.dispatcher.is_in_a_burst()
        await stopping


@virtually
async def test_two_sessions_that_name_one_secret() -> None:
    """The older gets it, the younger says so and gets it soon after the older has gone."""
    async with World() as world:
        world.apply(0, secret={"name": "shared"})
        world.apply(1, secret={"name": "shared"}, created="2025-11-24T15:00:05Z")
        await asyncio.sleep(5)
        assert len(world.provider.calls) == 1
        assert world.shown(1)["conditions"][0]["reason"] == "SecretConflict"
        world.intake.gone("uid-0")
        world.secrets.delete("shared")  # as the garbage collector does
        await asyncio.sleep(3)
        assert world.shown(1)["conditions"][0]["reason"] == "Issued"

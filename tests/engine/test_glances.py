"""A session of which nothing is due is looked at without a pass, and has one as soon as anything is not as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from realtime_operator.api.provider import Allow
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import Reason
from realtime_operator.secret_writer import LOOK_AGAIN_S
from sim.secrets import unavailable
from sim.virtual_time import run_virtually
from tests.engine.outage import a_provider, add, model_of
from tests.engine.world import World
from tests.support.builders import a_view, minted
from tests.support.fakes import FixedHandle

A_WHILE_S = 6 * LOOK_AGAIN_S
"""Less than a token of 600 s is held before its rotation."""


def passes_of(change: Callable[[World], object], *, sessions: int = 1, seconds: float = A_WHILE_S) -> int:
    """How many passes follow a change, among sessions that were at rest."""

    async def story() -> int:
        async with World() as world:
            for number in range(sessions):
                world.apply(number)
            await asyncio.sleep(5)
            before = world.directory.resolved
            change(world)
            await asyncio.sleep(seconds)
            return world.directory.resolved - before

    return run_virtually(story())


def test_looks_are_no_passes() -> None:
    """Every Secret is looked at every minute, and nobody resolves, plans or reports anything for it."""

    async def story() -> None:
        async with World() as world:
            for number in range(50):
                world.apply(number)
            await asyncio.sleep(5)
            assert world.directory.resolved == 50
            await asyncio.sleep(A_WHILE_S)
            assert world.directory.resolved == 50
            assert 50 * A_WHILE_S / LOOK_AGAIN_S <= world.secrets.calls["look"] <= 50 * A_WHILE_S / 45
            assert world.secrets.writes == 50

    run_virtually(story())


def key_is_missing(world: World) -> None:
    """The provider cannot be used any more."""
    world.directory.trouble = ProviderNotReady(Reason.KEY_MISSING, "There is no key.")


def is_another_provider(world: World) -> None:
    """The provider's spec is another one."""
    world.directory.handle = FixedHandle(a_view(base_url="https://other.example.test/v1"))


def is_edited(world: World) -> None:
    """Somebody edits the Secret."""
    document = world.secrets.stored["hotel", "s0"]
    world.secrets.overwrite({**document, "data": {**document["data"], "token": "b3RoZXI="}})


def api_is_away(world: World) -> None:
    """The Secret cannot be read."""
    world.secrets.away = unavailable()


@pytest.mark.parametrize("change", [key_is_missing, is_another_provider, is_edited, api_is_away])
def test_what_is_not_as_it_was_has_a_pass(change: Callable[[World], None]) -> None:
    """Within a minute, as if every look were a pass."""
    assert passes_of(change, seconds=LOOK_AGAIN_S + 2) >= 1
    assert passes_of(lambda _: None, seconds=LOOK_AGAIN_S + 2) == 0


def test_a_change_has_its_pass_at_once() -> None:
    """Another request, or a wish for a rotation, does not wait for a look."""
    change = {"type": "realtime", "model": "gpt-realtime-mini"}
    assert passes_of(lambda world: world.apply(generation=2, session=change), seconds=2) == 1
    asked = {"realtime-operator.io/rotate": "1"}
    assert passes_of(lambda world: world.apply(annotations=asked), seconds=2) == 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"suspend": True}, id="suspended"),
        pytest.param(
            {"delivery": {"propagation": "PodAnnotation", "podSelector": {"matchLabels": {"app": "a"}}}},
            id="with pods",
        ),
    ],
)
def test_who_is_watched_closely_has_passes(fields: dict[str, Any]) -> None:
    """What only a pass looks at is looked at every minute."""
    assert passes_of(lambda world: world.apply(generation=2, **fields), seconds=3 * LOOK_AGAIN_S) >= 3


def test_a_policy_about_the_namespace_is_asked_in_passes() -> None:
    """Its labels may change, and no watch tells of it."""

    def allows(world: World) -> None:
        policy = Allow.model_validate({"namespaces": {"matchExpressions": []}})
        world.directory.handle = FixedHandle(a_view(allow=policy))

    assert passes_of(allows, seconds=3 * LOOK_AGAIN_S + 2) >= 3


def test_a_slow_cluster_keeps_nobody_from_its_rotation() -> None:
    """Where looks take long, whoever waits has a pass instead, which has a place of its own when something is due."""

    async def story() -> None:
        async with World() as world:
            world.provider.life = 120
            for number in range(400):
                world.apply(number, lifetimeSeconds=120, delivery={"propagation": "None"})
            await asyncio.sleep(5)
            world.secrets.latency = 4.0
            await asyncio.sleep(600)
            assert world.expired_seconds == 0

    run_virtually(story())


def test_an_error_of_its_own_costs_a_look_and_no_session() -> None:
    """Whatever a look comes to, the session is looked at again."""

    async def story() -> None:
        async with World() as world:
            world.apply()
            await asyncio.sleep(5)
            world.secrets.refuse["look"] = AssertionError("a surprise")  # type: ignore[assignment] # no error of the port's
            await asyncio.sleep(LOOK_AGAIN_S + 2)
            assert world.memory().rest is not None
            await asyncio.sleep(600)
            assert world.expired_seconds == 0

    run_virtually(story())


def test_a_clock_that_turns_out_to_be_ahead_ends_a_rest() -> None:
    """Another session's answer tells that the token has expired long ago by the provider's clock: the next look is a pass, which mints."""

    async def story() -> None:
        ahead = 0.0
        world = World(providers=[a_provider()])
        minted_for: list[str] = []

        async def mint(call: MintCall) -> MintAnswer:
            now = world.clock.now() + ahead
            minted_for.append(model_of(call))
            answer = minted(f"ek_{len(minted_for)}", at=now, life=600)
            return replace(answer, sent_at=world.clock.now(), received_at=world.clock.now())

        world.provider.always = mint
        async with world:
            for number in range(2):
                add(world, number, lifetimeSeconds=600)
            await asyncio.sleep(120)
            ahead = 500.0
            add(world, 1, lifetimeSeconds=600, annotations={"realtime-operator.io/rotate": "1"})
            await asyncio.sleep(LOOK_AGAIN_S + 5)
            assert sorted(minted_for) == ["m0", "m0", "m1", "m1"]

    run_virtually(story())

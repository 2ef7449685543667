"""Pods hear of a new token right after its Secret's write, and nobody waits for them: not the pass, not others, not the next token."""

from __future__ import annotations

import asyncio

from realtime_operator.core.timestamps import to_rfc3339
from realtime_operator.engine.pod_lane import LATELY_S
from sim.secrets import unavailable
from tests.engine.pods import HANGS, a_world, add_pod, delivered, token_id, told_session, until
from tests.engine.test_dispatcher import virtually


@virtually
async def test_each_token_is_told_at_once_and_costs_no_more_than_it_must() -> None:
    """Ten rotations of five pods: each is told of each token within 20 ms; beside that a Secret and a status are written for each."""
    world = a_world()
    world.pods.latency = 0.005
    for number in range(5):
        add_pod(world, f"voice-{number}")
    async with world:
        told_session(world)
        await asyncio.sleep(30)
        assert world.shown()["pods"] == {"consuming": 5, "notified": 5}
        before = len(world.pods.tellings), world.secrets.writes, len(world.objects.patches)
        await asyncio.sleep(400)
        after = len(world.pods.tellings), world.secrets.writes, len(world.objects.patches)
        tellings, secrets, statuses = (b - a for a, b in zip(before, after, strict=True))
        assert secrets >= 9
        assert (tellings, statuses) == (5 * secrets, secrets)
        assert max(world.metrics.told_within) < 0.02
        assert set(world.pods.told().values()) == {token_id(world)}
        assert delivered(world) == ("True", "WithinPropagation")
        assert world.expired_seconds == 0


@virtually
async def test_pods_are_listed_while_the_secret_is_written() -> None:
    """A list that takes as long as the write costs nobody anything; it is one of the three, and who came after it is told by the second."""
    world = a_world()
    world.provider.life = 600
    world.secrets.writing = world.pods.list_latency = 0.5
    add_pod(world, "voice-0")
    async with world:
        told_session(world, lifetimeSeconds=600)
        await until(lambda: world.pods.calls["page"] == 1)
        assert ("hotel", "s0") not in world.secrets.stored
        add_pod(world, "late")
        await asyncio.sleep(15)
        rotated_at = world.clock.now()
        told_session(world, lifetimeSeconds=600, annotations={"realtime-operator.io/rotate": "1"})
        await asyncio.sleep(0.3)
        add_pod(world, "later")
        await asyncio.sleep(15)
        assert world.clock.now() - rotated_at > 15
        assert world.pods.calls["page"] == 6
        assert max(world.metrics.told_within) < 0.1
        assert set(world.pods.told().values()) == {token_id(world)}
        assert len(world.pod_lane) == 0


@virtually
async def test_a_list_that_was_made_long_before_the_write_is_made_again() -> None:
    """Else pods that came meanwhile were told only by the second."""
    world = a_world()
    world.provider.life = 600
    world.secrets.writing = 5.0
    async with world:
        told_session(world, lifetimeSeconds=600)
        await until(lambda: world.pods.calls["page"] == 1)
        add_pod(world, "voice-0")
        await until(lambda: ("hotel", "s0") in world.secrets.stored)
        await asyncio.sleep(0.1)
        assert world.pods.told() == {"voice-0": token_id(world)}
        await asyncio.sleep(12)
        assert world.pods.calls["page"] == 4


@virtually
async def test_no_pod_is_told_before_the_secret_is_written() -> None:
    """Its kubelet would fetch the token before, and not look again."""
    world = a_world()
    add_pod(world, "voice-0")
    async with world:
        told_session(world)
        await asyncio.sleep(1)
        first = token_id(world)
        world.secrets.away = unavailable()
        await asyncio.sleep(45)
        assert len(world.provider.calls) > 1
        assert world.pods.told() == {"voice-0": first}
        world.secrets.away = None
        await asyncio.sleep(10)
        assert world.pods.told() == {"voice-0": token_id(world)} != {"voice-0": first}


@virtually
async def test_pods_that_come_across_a_rotation_are_told_by_the_later_lists() -> None:
    """After 2 s and after 10 s they are looked for; those that were told are left alone; then nothing runs any more."""
    world = a_world()
    add_pod(world, "voice-0")
    async with world:
        told_session(world)
        await asyncio.sleep(1)
        add_pod(world, "voice-1")
        await asyncio.sleep(2)
        add_pod(world, "voice-2")
        assert world.pods.told() == {
            "voice-0": token_id(world),
            "voice-1": token_id(world),
            "voice-2": "",
        }
        await asyncio.sleep(9)
        assert [name for name, _, _ in world.pods.tellings] == ["voice-0", "voice-1", "voice-2"]
        assert (len(world.pod_lane), world.pods.calls["page"]) == (0, 3)
        assert world.shown()["pods"] == {"consuming": 3, "notified": 3}


@virtually
async def test_a_newer_token_ends_the_errand_of_the_one_before() -> None:
    """Whoever is being told of the token before while another is written hears of the newer one only."""
    world = a_world()
    world.pods.latency = 1.0
    for number in range(40):
        add_pod(world, f"voice-{number}")
    async with world:
        told_session(world)
        await asyncio.sleep(3.5)
        first, so_far = token_id(world), len(world.pods.tellings)
        told_session(world, annotations={"realtime-operator.io/rotate": "1"})
        await asyncio.sleep(1)
        second = token_id(world)
        await asyncio.sleep(12)
        assert 0 < so_far < 40
        assert {token for _, token, _ in world.pods.tellings[:so_far]} == {first}
        assert {token for _, token, _ in world.pods.tellings[so_far:]} == {second}
        assert set(world.pods.told().values()) == {second}


@virtually
async def test_pods_confirm_what_they_hold() -> None:
    """Counted on the last list after a rotation; between two rotations the count stands, and no status is written for it."""
    world = a_world()
    add_pod(world, "voice-0")
    add_pod(world, "voice-1")

    async def reports() -> None:
        while True:
            await asyncio.sleep(1)
            document = world.pods.stored["voice-0"]["metadata"]
            notes = document.setdefault("annotations", {})
            told = notes.get("realtime-operator.io/token-id", "")
            if told != notes.get("realtime-operator.io/held-token-id"):
                now = to_rfc3339(world.clock.now())
                notes |= {
                    "realtime-operator.io/held-token-id": told,
                    "realtime-operator.io/held-since": now,
                }

    async with world:
        told_session(world)
        reporter = asyncio.create_task(reports())
        await asyncio.sleep(30)
        assert world.shown()["pods"] == {"consuming": 2, "notified": 2, "confirmed": 1}
        statuses, rotations = len(world.objects.patches), world.shown()["rotations"]
        await asyncio.sleep(200)
        assert len(world.objects.patches) - statuses == world.shown()["rotations"] - rotations
        assert 3 <= len(world.metrics.held) <= world.shown()["rotations"]
        reporter.cancel()


@virtually
async def test_a_process_that_was_killed_before_it_told_leaves_it_to_the_next() -> None:
    """The Secret was written and no pod told: the next process tells them as soon as it has looked."""
    before = a_world()
    add_pod(before, "voice-0")
    before.pods.slow["voice-0"] = HANGS
    async with before:
        told_session(before)
        await asyncio.sleep(1)
        assert before.pods.told() == {"voice-0": ""}
    assert before.pods.told() == {"voice-0": ""}
    before.pods.slow.clear()
    world = a_world(before=before)
    async with world:
        told_session(world)
        await asyncio.sleep(0.5)
        assert world.pods.told() == {"voice-0": token_id(world)}
        assert len(world.provider.calls) == 0


@virtually
async def test_a_restart_tells_nobody_what_kubelets_have_found_out_by_themselves() -> None:
    """Of a token that is older, and that all pods were told of, there is nothing to tell, and nothing to list."""
    before = a_world()
    before.provider.life = 600
    add_pod(before, "voice-0")
    async with before:
        told_session(before, lifetimeSeconds=600)
        await asyncio.sleep(LATELY_S + 10)
    lists = before.pods.calls["page"]
    world = a_world(before=before)
    async with world:
        told_session(world, lifetimeSeconds=600)
        await asyncio.sleep(70)
        assert world.secrets.calls["look"] + world.secrets.calls["read"] > 0
        assert world.pods.calls["page"] == lists
        assert world.shown()["pods"] == {"consuming": 1, "notified": 1}
        assert delivered(world) == ("True", "WithinPropagation")


@virtually
async def test_a_session_that_is_gone_tells_nobody() -> None:
    """Its later lists are not made."""
    world = a_world()
    add_pod(world, "voice-0")
    async with world:
        told_session(world)
        await asyncio.sleep(1)
        world.intake.gone("uid-0")
        await asyncio.sleep(20)
        assert (world.pods.calls["page"], len(world.pod_lane)) == (1, 0)


@virtually
async def test_another_selector_and_another_propagation() -> None:
    """Pods that are chosen anew hear of the token that is there; with Kubelet nobody is told, and status counts nobody."""
    world = a_world()
    add_pod(world, "voice-0")
    add_pod(world, "voice-1", 0)
    world.pods.stored["voice-1"]["metadata"]["labels"] = {"app": "b0"}
    async with world:
        told_session(world)
        await asyncio.sleep(12)
        selector = {"matchLabels": {"app": "b0"}}
        delivery = {"propagation": "PodAnnotation", "podSelector": selector}
        world.apply(lifetimeSeconds=60, delivery=delivery, generation=2)
        await asyncio.sleep(1)
        assert world.pods.told() == dict.fromkeys(("voice-0", "voice-1"), token_id(world))
        world.apply(lifetimeSeconds=60, generation=3)
        await asyncio.sleep(2)
        assert "pods" not in world.shown()
        await asyncio.sleep(60)
        assert delivered(world) == ("False", "LifetimeTooShort")
        assert token_id(world) not in world.pods.told().values()


@virtually
async def test_whoever_is_no_longer_to_be_told_is_not_told() -> None:
    """Another propagation ends what is under way."""
    world = a_world()
    world.pods.latency = 1.0
    for number in range(40):
        add_pod(world, f"voice-{number}")
    async with world:
        told_session(world)
        await asyncio.sleep(3.5)
        world.apply(lifetimeSeconds=600, generation=2)
        await asyncio.sleep(1)
        so_far = len(world.pods.tellings)
        await asyncio.sleep(20)
        assert 0 < so_far == len(world.pods.tellings) < 40


@virtually
async def test_an_end_in_order_tells_what_is_in_the_secret_and_waits_for_nothing_else() -> None:
    """Pods that are being told are told; the later lists are left to the next process."""
    world = a_world()
    add_pod(world, "voice-0")
    add_pod(world, "beside", 1)
    async with world:
        told_session(world, 1)
        await asyncio.sleep(1)
        world.pods.latency = 0.5
        told_session(world)
        await asyncio.sleep(0.3)
        assert world.pods.told()["voice-0"] == ""
        assert len(world.pod_lane) == 2
        began = world.clock.now()
    assert world.pods.told()["voice-0"] == token_id(world)
    assert world.clock.now() - began < 0.6
    assert len(world.pod_lane) == 0

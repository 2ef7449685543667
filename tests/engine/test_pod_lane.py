"""Pods hear of a new token right after its Secret's write, and nobody waits for them: not the pass, not others, not the next token."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from realtime_operator.core.errors import ClusterForbidden
from realtime_operator.core.reasons import Reason
from realtime_operator.core.timestamps import to_rfc3339
from realtime_operator.engine.pod_lane import LATELY_S, TOLD_AT_ONCE, TOLD_AT_ONCE_BY_ONE
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World
from tests.support.fakes import unavailable
from tests.support.pods import a_pod, by_variable, pod_spec

FORBIDDEN = ClusterForbidden(
    Reason.CLUSTER_FORBIDDEN, "RBAC does not let the operator patch pods in namespace hotel"
)
HANGS = partial(asyncio.sleep, 60)


def told_session(world: World, number: int = 0, **fields: Any) -> None:
    """A session of 60 s whose pods carry its number as label."""
    selector = {"matchLabels": {"app": f"a{number}"}}
    delivery = {"propagation": "PodAnnotation", "podSelector": selector}
    world.apply(number, delivery=delivery, **{"lifetimeSeconds": 60} | fields)


def add_pod(world: World, name: str, number: int = 0, container: dict[str, Any] | None = None) -> None:
    """A pod that uses the Secret of session number so and so."""
    body = a_pod(name, **pod_spec(container, of=f"s{number}"))
    body["metadata"]["labels"] = {"app": f"a{number}"}
    world.pods.put(body)


def token_id(world: World, number: int = 0) -> str:
    """Of the token that the Secret holds."""
    annotations = world.secrets.stored["hotel", f"s{number}"]["metadata"]["annotations"]
    return str(annotations["realtime-operator.io/token-id"])


def delivered(world: World, number: int = 0) -> tuple[str, str]:
    """What Delivered says: its status, its reason."""
    conditions = world.shown(number)["conditions"]
    return next((c["status"], c["reason"]) for c in conditions if c["type"] == "Delivered")


def a_world(**fields: Any) -> World:
    """A world whose provider hands out tokens of 60 s."""
    world = World(**fields)
    world.provider.life = 60
    return world


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
async def test_a_pod_that_cannot_be_told_delays_nobody() -> None:
    """One hangs, one is refused, one is gone: the others, another session and the next token do not notice."""
    world = a_world()
    for number in range(20):
        add_pod(world, f"voice-{number:02}")
    add_pod(world, "beside", 1)
    world.pods.slow["voice-00"] = HANGS
    world.pods.refused["voice-01"] = unavailable()

    async def go() -> None:
        world.pods.stored.pop("voice-02", None)

    world.pods.slow["voice-02"] = go
    async with world:
        told_session(world)
        told_session(world, 1)
        await asyncio.sleep(0.5)
        wanted = {f"voice-{number:02}": token_id(world) for number in range(3, 20)}
        assert wanted.items() <= world.pods.told().items()
        assert world.pods.told()["beside"] == token_id(world, 1)
        assert world.metrics.pods_by["gone"] == 1
        await asyncio.sleep(1)
        assert "pods" not in world.shown(), "what fails once may be a moment's"
        await asyncio.sleep(30)
        assert delivered(world) == ("False", "PodsBehind")
        message = next(c["message"] for c in world.shown()["conditions"] if c["type"] == "Delivered")
        assert "2 of 19 pods could not be told" in message
        assert world.shown()["pods"] == {"consuming": 19, "notified": 17}
        world.pods.slow.clear()
        world.pods.refused.clear()
        await asyncio.sleep(60)
        assert delivered(world) == ("True", "WithinPropagation")
        assert world.shown()["pods"] == {"consuming": 19, "notified": 19}
        assert world.expired_seconds == 0
    warned = [notice.reason for notice in world.notices if notice.warning and notice.about.name == "s0"]
    assert warned == ["PodsBehind"]


@virtually
async def test_a_session_of_slow_pods_does_not_keep_the_places_of_others() -> None:
    """Hundreds behind a webhook that hangs cost the others nothing; each list asks a few of them and leaves the rest."""
    world = a_world()
    for number in range(300):
        add_pod(world, f"slow-{number}")
        world.pods.slow[f"slow-{number}"] = HANGS
    for number in range(1, 6):
        add_pod(world, f"voice-{number}", number)
    async with world:
        for number in range(6):
            told_session(world, number)
        await asyncio.sleep(1)
        told = world.pods.told()
        assert all(told[f"voice-{number}"] == token_id(world, number) for number in range(1, 6))
        await asyncio.sleep(100)
        assert world.expired_seconds == 0
        assert delivered(world) == ("False", "PodsBehind")


@virtually
async def test_how_many_are_told_at_a_time() -> None:
    """A few of one session, so that hundreds of one leave room for others, and not many more of all."""
    world = a_world()
    world.pods.latency = 0.01
    for number in range(10):
        for pod in range(60 if number else 300):
            add_pod(world, f"voice-{number}-{pod}", number)
    async with world:
        told_session(world)
        await asyncio.sleep(1.5)
        assert world.pods.most_running == TOLD_AT_ONCE_BY_ONE
        assert len(world.pods.tellings) == 300, "300 pods within 3 s, and of a page more than one"
        for number in range(1, 10):
            told_session(world, number)
        await asyncio.sleep(1.5)
        assert world.pods.most_running == TOLD_AT_ONCE
        assert "" not in world.pods.told().values()


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


@pytest.mark.parametrize("list_too", [True, False], ids=["neither listed nor told", "not told"])
@virtually
async def test_without_the_right_the_session_says_so_at_once(list_too: bool) -> None:  # noqa: FBT001 - a case
    """One condition names what is missing; tokens go on being rotated; with the right all is well again."""
    world = a_world()
    add_pod(world, "voice-0")
    world.pods.away = FORBIDDEN if list_too else None
    world.pods.refused = {} if list_too else {"voice-0": FORBIDDEN}
    async with world:
        told_session(world)
        await asyncio.sleep(1.5)
        assert delivered(world) == ("False", "PodsForbidden")
        await asyncio.sleep(100)
        assert world.shown()["rotations"] >= 2
        assert [n.reason for n in world.notices if n.warning] == ["PodsForbidden"]
        world.pods.away, world.pods.refused = None, {}
        await asyncio.sleep(60)
        assert delivered(world) == ("True", "WithinPropagation")
        assert world.shown()["pods"] == {"consuming": 1, "notified": 1}


@virtually
async def test_a_list_that_fails_is_made_again() -> None:
    """An API server that is away for a second costs the pods two."""
    world = a_world()
    add_pod(world, "voice-0")
    world.pods.away = unavailable()
    async with world:
        told_session(world)
        await asyncio.sleep(1)
        world.pods.away = None
        await asyncio.sleep(2)
        assert world.pods.told() == {"voice-0": token_id(world)}
        assert delivered(world) == ("True", "WithinPropagation")
    assert [n for n in world.notices if n.warning] == []


@virtually
async def test_the_owner_of_pods_that_keep_their_token_hears_of_it_once() -> None:
    """However often the token is rotated, and although the pods stay what they are."""
    world = a_world()
    add_pod(world, "voice-0")
    add_pod(world, "old-0", container=by_variable("s0"))
    async with world:
        told_session(world)
        await asyncio.sleep(200)
        assert delivered(world) == ("False", "EnvConsumer")
        assert world.shown()["pods"] == {"consuming": 2, "notified": 1}
        add_pod(world, "old-1", container=by_variable("s0"))
        await asyncio.sleep(60)
        assert world.shown()["pods"] == {"consuming": 3, "notified": 1}
    warned = [(n.about.kind, n.about.name, n.api_version) for n in world.notices if n.warning]
    assert sorted(warned) == [
        ("Pod", "old-0", "v1"),
        ("RealtimeSession", "s0", "realtime-operator.io/v1alpha1"),
    ]


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
async def test_an_operator_that_does_not_tell_pods() -> None:
    """Rotation is by the kubelet's pace, and the session says how to have it otherwise; told to tell, it is by the pods' pace at once."""
    before = a_world(tells_pods=False)
    before.provider.life = 300
    add_pod(before, "voice-0")
    async with before:
        told_session(before, lifetimeSeconds=300)
        await asyncio.sleep(10)
        assert delivered(before) == ("False", "PodAnnotationOff")
        assert before.pods.calls["page"] == 0
        slow = before.memory().rotation_at
    world = a_world(before=before)
    async with world:
        told_session(world, lifetimeSeconds=300)
        await asyncio.sleep(5)
        assert delivered(world) == ("True", "WithinPropagation")
        fast = world.memory().rotation_at
        assert slow is not None
        assert fast is not None
        assert fast - slow == pytest.approx(51, abs=16), "100 s left instead of 151, and the spread"


@virtually
async def test_trouble_is_told_also_where_tokens_follow_each_other_faster_than_lists() -> None:
    """A life of 10 s is rotated every 2 s: the second list never comes, so what the first found is told when the next token ends it."""
    world = a_world()
    world.provider.life = 10
    add_pod(world, "voice-0")
    world.pods.refused["voice-0"] = unavailable()
    async with world:
        told_session(world, lifetimeSeconds=10)
        await asyncio.sleep(10)
        assert delivered(world) == ("False", "PodsBehind")
        world.pods.refused.clear()
        await asyncio.sleep(10)
        assert delivered(world) == ("True", "WithinPropagation")
        assert world.expired_seconds == 0


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

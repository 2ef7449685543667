"""What the watch tells of sessions: taken in once, waking only for what matters."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from realtime_operator.core.null_paths import LAST_APPLIED
from realtime_operator.core.timestamps import to_rfc3339
from tests.engine.test_dispatcher import virtually
from tests.engine.world import World
from tests.support.builders import a_session


def dealt_with(world: World, *, rotate: str = "", expires_in: float = 500) -> dict[str, Any]:
    """The status of a session that was dealt with before the operator started."""
    now = world.clock.now()
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Issued",
        "message": "",
        "lastTransitionTime": to_rfc3339(now),
    }
    return {
        "observedGeneration": 1,
        "conditions": [ready],
        "tokenID": "0" * 12,
        "expirationTime": to_rfc3339(now + expires_in),
        "rotationTime": to_rfc3339(now + expires_in - 200),
        **({"lastHandledRotate": rotate} if rotate else {}),
    }


@virtually
async def test_echoes_and_labels_wake_nobody() -> None:
    """Our own status write, a re-listed object and a changed label cost nothing."""
    async with World() as world:
        world.apply()
        await asyncio.sleep(3)
        calls = world.secrets.calls.total()
        body = world.objects.documents["RealtimeSession", "hotel", "s0"]
        for number in range(5):
            body["metadata"]["labels"] = {"x": str(number)}
            world.intake.seen(body)
            await asyncio.sleep(1)
        assert world.secrets.calls.total() == calls


@virtually
async def test_a_restart_costs_a_look_within_a_minute_and_no_mint() -> None:
    """A session that status says was dealt with is not begun at once, but looked at within 60 s, at a moment of its own."""
    async with World() as world:
        for number in range(50):
            world.apply(number, status=dealt_with(world))
        await asyncio.sleep(0.5)
        assert world.secrets.calls.total() <= 3
        await asyncio.sleep(62)
        assert world.secrets.calls["read"] == 50


@virtually
async def test_what_has_to_be_begun_at_once_after_a_restart() -> None:
    """A new generation, an unhandled wish to rotate, and an expired token do not wait; a handled wish does."""
    async with World() as world:
        rotate = {"realtime-operator.io/rotate": "7"}
        world.apply(0, status=dealt_with(world), generation=2)
        world.apply(1, status=dealt_with(world), annotations=rotate)
        world.apply(2, status=dealt_with(world, expires_in=-5))
        world.apply(3)
        await asyncio.sleep(0.05)
        assert {name for _, name in world.secrets.stored} == {"s0", "s1", "s2", "s3"}
        world.apply(4, status=dealt_with(world, rotate="7"), annotations=rotate)
        await asyncio.sleep(0.05)
        assert ("hotel", "s4") not in world.secrets.stored


@virtually
async def test_an_older_spec_that_comes_late() -> None:
    """A watch that lags behind the resync does not bring back what was wanted before."""
    async with World() as world:
        world.apply(generation=3, session={"type": "realtime", "model": "new"})
        await asyncio.sleep(2)
        late = a_session(name="s0", uid="uid-0", generation=2, session={"type": "realtime", "model": "old"})
        world.intake.seen(late)
        await asyncio.sleep(2)
        assert len(world.provider.calls) == 1
        assert world.memory().wanted.generation == 3


@virtually
async def test_a_session_made_anew_under_the_same_name() -> None:
    """Though the deletion of the first was not heard, the second gets a token of its own."""
    async with World() as world:
        world.apply()
        await asyncio.sleep(2)
        first = world.memory()
        world.secrets.delete("s0")  # as the garbage collector does
        anew = a_session(name="s0", uid="uid-new")
        world.objects.put(anew)
        world.intake.seen(anew)
        await asyncio.sleep(2)
        assert first.gone
        assert len(world.table) == 1
        assert world.secrets.data("s0")["token"] == "ek_2"


@virtually
async def test_a_session_that_is_being_deleted() -> None:
    """One that waits for somebody's finalizer is as good as gone."""
    async with World() as world:
        world.apply()
        await asyncio.sleep(2)
        body = world.objects.documents["RealtimeSession", "hotel", "s0"]
        body["metadata"]["deletionTimestamp"] = "2025-11-24T16:00:00Z"
        world.intake.seen(body)
        world.intake.seen(body)
        world.intake.gone("uid-0")
        assert len(world.table) == 0


@virtually
async def test_a_spec_that_this_version_cannot_read() -> None:
    """It is shown as invalid with the fields named, and without its values."""
    async with World() as world:
        world.apply(lifetimeSeconds="planted", endpoint=["planted"])
        await asyncio.sleep(2)
        ready = world.shown()["conditions"][0]
        assert (ready["status"], ready["reason"]) == ("False", "InvalidSpec")
        assert ready["message"].startswith("spec.endpoint, spec.lifetimeSeconds: not as this version")
        assert "planted" not in str(world.shown()) + str(world.notices)
        world.apply(generation=2)
        await asyncio.sleep(2)
        assert world.shown()["conditions"][0]["reason"] == "Issued"


@virtually
async def test_a_lost_null_is_told_once_for_each_spec() -> None:
    """Whoever lost a null by client-side apply is warned, with the pointer and the remedy; a restart does not repeat it."""
    async with World() as world:
        given = {"spec": {"session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}}}}
        lost: dict[str, Any] = {
            "annotations": {LAST_APPLIED: json.dumps(given)},
            "session": {"type": "realtime", "audio": {"input": {}}},
        }
        world.apply(**lost)
        await asyncio.sleep(3)
        world.apply(**lost)
        world.apply(1, status=dealt_with(world), **lost)
        warnings = [notice for notice in world.notices if notice.reason == "NullDropped"]
        assert len(warnings) == 1
        assert warnings[0].warning
        assert "/audio/input/turn_detection" in warnings[0].message
        assert "spec.nullPaths" in warnings[0].message


@virtually
async def test_a_status_that_somebody_wiped_is_written_again() -> None:
    """Whoever waits for Ready would wait for ever; what was counted is not lost."""
    async with World() as world:
        world.apply()
        await asyncio.sleep(5)
        calls, before = world.secrets.calls.total(), dict(world.shown())
        body = world.objects.documents["RealtimeSession", "hotel", "s0"]
        body["status"] = {"observedGeneration": -1}
        world.intake.seen(body)
        await asyncio.sleep(3)
        assert world.shown() == before
        assert world.secrets.calls.total() == calls

"""When a pass mints, what it writes, and what it never does twice."""

from __future__ import annotations

import json
from dataclasses import replace

from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.timestamps import to_rfc3339
from tests.reconciler.stage import Stage
from tests.support.builders import NOW


async def test_the_first_mint() -> None:
    """A new session gets its token, its Secret and its status in one pass, by one request and one write."""
    stage = Stage()
    result = await stage.passes()
    assert (stage.mints, stage.secrets.calls) == (1, {"read": 1, "create": 1})
    assert stage.token == "ek_1"
    assert stage.metrics.minted_for == {"SecretMissing": 1}
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("True", "Rotating")
    assert stage.says("Delivered") == ("True", "WithinPropagation")
    assert not stage.condition("Reconciling")
    assert not stage.condition("Stalled")
    assert stage.status["expirationTime"] == "2025-11-24T16:10:00Z"
    assert stage.status["rotations"] == 0
    assert stage.status["observedGeneration"] == 1
    assert stage.status["secretRef"] == {"name": "concierge", "uid": "secret-uid-1"}
    assert stage.status["providerRef"] == {"kind": "RealtimeProvider", "name": "default"}
    assert [(notice.warning, notice.reason) for notice in stage.notices] == [(False, "Issued")]
    assert NOW < result.wake_at <= NOW + 60


async def test_a_second_pass_does_nothing() -> None:
    """What was seen lately is not asked for again, and nothing is minted or written."""
    stage = Stage()
    await stage.passes()
    await stage.passes(after=10)
    assert (stage.mints, stage.secrets.calls) == (1, {"read": 1, "create": 1})


async def test_a_look_costs_one_request_for_metadata() -> None:
    """After 45 s the Secret is looked at, by its stamp alone."""
    stage = Stage()
    await stage.passes()
    await stage.passes(after=46)
    assert stage.secrets.calls == {"read": 1, "create": 1, "look": 1}


async def test_a_rotation_keeps_the_token_before() -> None:
    """A due token is replaced in one write that hands on the token before and counts one rotation."""
    stage = Stage()
    await stage.passes()
    due = stage.memory.rotation_at
    assert due is not None
    await stage.passes(after=due - NOW)
    data = stage.secrets.data()
    assert (data["token"], data["previous-token"]) == ("ek_2", "ek_1")
    assert data["previous-expires-at"] == "2025-11-24T16:10:00Z"
    assert json.loads(data["realtime.json"])["previous-token"] == "ek_1"
    assert (stage.status["rotations"], stage.mints) == (1, 2)
    assert stage.metrics.minted_for == {"SecretMissing": 1, "RotationDue": 1}
    assert len(stage.metrics.late) == 1
    assert abs(stage.metrics.late[0]) < 1
    assert len(stage.notices) == 1  # a plain rotation is no news


async def test_a_rotation_is_begun_with_all_others_of_the_tick() -> None:
    """What is due before the horizon is rotated now, and not a moment before that."""
    stage = Stage()
    await stage.passes()
    due = stage.memory.rotation_at
    assert due is not None
    await stage.passes(horizon=due - 0.01)
    assert stage.mints == 1
    await stage.passes(horizon=due)
    assert stage.mints == 2
    assert stage.metrics.late[0] < 0


async def test_an_expired_previous_token_is_removed() -> None:
    """A token that is dead is not handed on."""
    stage = Stage()
    stage.provider.life = 60
    await stage.passes()
    await stage.passes(after=100)
    assert stage.metrics.minted_for == {"SecretMissing": 1, "Expired": 1}
    assert "previous-token" not in stage.secrets.data()


async def test_a_changed_request_mints() -> None:
    """Another body is another request: it is minted for at once, and the token before lives on beside it."""
    stage = Stage()
    await stage.passes()
    stage.change(session={"type": "realtime", "model": "gpt-realtime-mini"})
    await stage.passes()
    data = stage.secrets.data()
    assert (data["token"], data["previous-token"], data["model"]) == ("ek_2", "ek_1", "gpt-realtime-mini")
    assert stage.metrics.minted_for["RequestChanged"] == 1
    assert stage.says("Ready") == ("True", "Issued")


async def test_other_changes_of_the_spec_do_not_mint() -> None:
    """New labels, other names and another propagation are written or reckoned with, without a mint."""
    stage = Stage()
    await stage.passes()
    stage.change(
        secret={"labels": {"team": "voice"}, "keys": {"token": "OPENAI_TOKEN"}},
        delivery={"propagation": "None"},
    )
    await stage.passes()
    data = stage.secrets.data()
    assert stage.mints == 1
    assert (data["OPENAI_TOKEN"], "token" in data) == ("ek_1", False)
    assert stage.secrets.stored["hotel", "concierge"]["metadata"]["labels"]["team"] == "voice"
    assert (stage.status["rotations"], stage.status["observedGeneration"]) == (0, 2)


async def test_another_propagation_moves_the_rotation() -> None:
    """With less to cover a short life is rotated later."""
    stage = Stage(lifetimeSeconds=200)
    stage.provider.life = 200
    await stage.passes()
    before = stage.memory.rotation_at
    stage.change(delivery={"propagation": "None"})
    await stage.passes()
    after = stage.memory.rotation_at
    assert before is not None
    assert after is not None
    assert after > before + 50
    assert stage.mints == 1


async def test_rotate_now_once_for_each_value() -> None:
    """A new value of the annotation mints once, and is acknowledged in Secret and status."""
    stage = Stage()
    await stage.passes()
    for value in ("1", "1", "2"):
        stage.annotate(value)
        await stage.passes(after=1)
        await stage.passes(after=1)
        notes = stage.secrets.stored["hotel", "concierge"]["metadata"]["annotations"]
        assert notes["realtime-operator.io/rotate"] == stage.status["lastHandledRotate"] == value
    assert stage.metrics.minted_for == {"SecretMissing": 1, "RotateRequested": 2}
    assert stage.token == "ek_3"


async def test_a_wish_that_another_mint_fulfilled_is_acknowledged() -> None:
    """Whoever asks for a rotation while one is due anyway gets one mint, not two."""
    stage = Stage()
    await stage.passes()
    stage.annotate("1")
    stage.change(lifetimeSeconds=300)
    await stage.passes()
    await stage.passes(after=1)
    assert (stage.mints, stage.status["lastHandledRotate"]) == (2, "1")


async def test_suspended_from_the_start() -> None:
    """A suspended session gets no token, and is neither at work nor stalled."""
    stage = Stage(suspend=True)
    await stage.passes()
    assert (stage.mints, stage.secrets.writes) == (0, 0)
    assert stage.says("Ready") == ("False", "Suspended")
    assert not stage.condition("Reconciling")
    assert not stage.condition("Stalled")


async def test_suspended_with_a_token() -> None:
    """A suspended session keeps its token until it expires, rotate-now included; then it says why."""
    stage = Stage()
    await stage.passes()
    stage.change(suspend=True)
    stage.annotate("1")
    await stage.live(590)
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("Unknown", "Suspended")
    await stage.live(100)
    assert stage.mints == 1
    assert stage.says("Ready") == ("False", "Suspended")
    assert (
        stage.condition("Ready")["message"]
        == "The token expired at 2025-11-24T16:10:00Z; spec.suspend is true."
    )
    stage.change(suspend=False)
    await stage.passes()
    assert (stage.mints, stage.says("Ready")) == (2, ("True", "Issued"))


async def test_a_suspended_session_still_mends_its_secret() -> None:
    """To suspend minting is not to give up the Secret: a deleted one is restored while its token lives."""
    stage = Stage()
    await stage.passes()
    stage.change(suspend=True)
    await stage.passes()
    stage.secrets.delete()
    await stage.passes(after=46)
    assert (stage.token, stage.mints) == ("ek_1", 1)


async def test_a_life_without_end() -> None:
    """In an hour of the engine's rhythm a 600 s token is rotated in time, each time, and never for nothing."""
    stage = Stage()
    await stage.live(3600)
    assert stage.metrics.minted_for["SecretMissing"] == 1
    assert 8 <= stage.metrics.minted_for["RotationDue"] <= 10
    assert set(stage.metrics.minted_for) == {"SecretMissing", "RotationDue"}
    assert not stage.metrics.failed_for


async def test_a_token_of_a_slow_provider_is_rotated_by_what_is_known_of_its_clock_then() -> None:
    """Its answer left the clock uncertain, and the rotation time early; others tell better, and no mint is made for nothing."""
    stage = Stage(delivery={"propagation": "None"})

    async def slowly(_: MintCall) -> MintAnswer:
        stage.clock.time += 6
        return replace(stage.provider.token(), sent_at=NOW)

    stage.provider.script = [slowly]
    await stage.passes()
    early = stage.memory.rotation_at
    assert early is not None
    handle = stage.directory.handle
    handle.clock = handle.clock.after_answer(date=NOW + 9, sent_at=NOW + 9, received_at=NOW + 9.1)
    result = await stage.passes(after=early - stage.clock.time)
    due = stage.memory.rotation_at
    assert due is not None
    assert 2 <= due - early <= 4
    assert (stage.mints, result.wake_at, stage.status["rotationTime"]) == (1, due, to_rfc3339(due))
    await stage.passes(after=due - stage.clock.time)
    assert stage.mints == 2


async def test_a_lifetime_that_is_too_short_for_mounted_files() -> None:
    """60 s in a mounted file cannot keep the promise: it is rotated at half of its life, and says so."""
    stage = Stage(lifetimeSeconds=60)
    stage.provider.life = 60
    await stage.passes()
    assert stage.says("Delivered") == ("False", "LifetimeTooShort")
    assert "lifetimeSeconds to 114 or more" in stage.condition("Delivered")["message"]
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.memory.rotation_at is not None
    assert NOW + 25 <= stage.memory.rotation_at <= NOW + 31


async def test_a_lifetime_that_is_left_to_the_provider() -> None:
    """Without a lifetime none is sent, and what comes is rotated in time."""
    stage = Stage(lifetimeSeconds=None)
    stage.provider.life = 1200
    await stage.passes()
    assert b"expires_after" not in stage.provider.calls[0].body
    assert stage.status["expirationTime"] == "2025-11-24T16:20:00Z"

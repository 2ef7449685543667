"""What a pass makes of errors: what is said, what is kept, and when it is tried again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from realtime_operator.api.provider import Allow
from realtime_operator.core.errors import (
    OperatorError,
    ProviderNotReady,
    ProviderUnavailable,
)
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.reasons import Reason
from realtime_operator.core.report import TELL_AGAIN_S
from sim.secrets import unavailable
from tests.reconciler.stage import Stage
from tests.support.builders import KEY, NOW, a_view, an_answer

DOWN = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "connection refused by 127.0.0.1")
REJECTED = an_answer({"error": {"code": "invalid_value", "param": "session.model"}}, status=400)
REFUSED_KEY = an_answer({"error": {"code": "invalid_api_key", "message": f"wrong: {KEY}"}}, status=401)
THROTTLED = an_answer(status=429, headers={"retry-after": "20"})

FIRST: list[tuple[str, OperatorError | MintAnswer, str, str, float, float]] = [
    ("a provider that is down is tried again soon", DOWN, "Reconciling", "ProviderUnavailable", 0.1, 1),
    ("a wish to wait is obeyed", THROTTLED, "Reconciling", "ProviderThrottled", 20, 20),
    (
        "an answer without a token is asked for again",
        an_answer({}),
        "Reconciling",
        "ProviderUnreadable",
        0.1,
        1,
    ),
    ("a refused key is probed seldom", REFUSED_KEY, "Stalled", "ProviderUnauthorized", 300, 900),
    ("a refused request is not sent again", REJECTED, "Stalled", "ProviderRejected", 1e9, 1e12),
]


@pytest.mark.parametrize(
    ("trouble", "progress", "reason", "least", "most"),
    [row[1:] for row in FIRST],
    ids=[row[0] for row in FIRST],
)
async def test_a_first_mint_that_fails(
    trouble: OperatorError | MintAnswer, progress: str, reason: str, least: float, most: float
) -> None:
    """The object says who can help, and the next attempt comes when it makes sense."""
    stage = Stage()
    stage.provider.always = trouble
    await stage.passes()
    assert stage.says("Ready") == ("False", reason)
    assert stage.says(progress)[0] == "True"
    assert not stage.condition({"Reconciling": "Stalled", "Stalled": "Reconciling"}[progress])
    assert not stage.condition("RotationHealthy")
    assert stage.metrics.failed_for == {reason: 1}
    assert stage.status["failures"]["count"] == 1
    assert stage.status["failures"]["lastReason"] == reason
    failure = stage.memory.failure
    assert failure is not None
    assert least <= min(failure.next_attempt - NOW, 1e12) <= most
    await stage.live(min(least, 3000) * 0.99)
    assert stage.mints == 1
    await stage.live(min(most, 3000) + 61)
    assert (stage.mints > 1) == (reason != "ProviderRejected")


async def test_a_failing_rotation_does_not_flip_ready() -> None:
    """While the old token lives the object stays ready and says that rotations fail; at the real expiry it is not ready."""
    stage = Stage()
    await stage.passes()
    stage.provider.always = DOWN
    await stage.live(590)
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("False", "ProviderUnavailable")
    assert stage.says("Delivered") == ("True", "WithinPropagation")
    assert not stage.condition("Reconciling")
    assert stage.token == "ek_1"
    await stage.live(30)
    assert stage.says("Ready") == ("False", "Expired")
    assert stage.says("Reconciling") == ("True", "Retrying")
    assert stage.says("Delivered") == ("False", "Expired")
    assert stage.token == "ek_1"
    assert "connection refused" in stage.condition("Ready")["message"]
    stage.provider.always = None
    await stage.live(6)
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("True", "Rotating")
    assert stage.status["failures"] == {"count": 0, "lastReason": ""}
    assert [(notice.warning, notice.reason) for notice in stage.notices] == [
        (False, "Issued"),
        (True, "ProviderUnavailable"),
        (True, "Expired"),
        (True, "Expired"),
        (False, "Issued"),
        (False, "WithinPropagation"),
    ]


async def test_several_attempts_fit_before_expiry() -> None:
    """From the moment a rotation is due to the expiry many attempts are made, and no two within a tenth of a second."""
    stage = Stage()
    await stage.passes()
    stage.provider.always = DOWN
    await stage.live(600)
    assert 8 <= stage.mints - 1 <= 200


async def test_a_new_spec_that_is_refused_while_the_old_token_lives() -> None:
    """Not ready, stalled, and the old token stays as it was; its expiry is named, and the old request is not sent again."""
    stage = Stage()
    await stage.passes()
    before = stage.secrets.data()
    stage.provider.always = REJECTED
    stage.change(session={"type": "realtime", "model": "no-such-model"})
    await stage.live(300)
    assert stage.secrets.data() == before
    assert stage.mints == 2
    assert stage.says("Ready") == ("False", "ProviderRejected")
    assert stage.says("Stalled") == ("True", "ProviderRejected")
    assert stage.condition("Ready")["message"].endswith(
        "The token of the spec before works until 2025-11-24T16:10:00Z."
    )
    assert stage.status["expirationTime"] == "2025-11-24T16:10:00Z"
    assert stage.status["tokenID"]
    await stage.live(400)
    assert stage.mints == 2
    assert stage.says("Ready") == ("False", "Expired")
    assert stage.says("Stalled") == ("True", "ProviderRejected")


async def test_a_refused_spec_that_is_corrected() -> None:
    """A new spec is tried at once, whatever the one before waited for."""
    stage = Stage()
    stage.provider.script.append(REJECTED)
    await stage.passes()
    stage.change(session={"type": "realtime", "model": "gpt-realtime-mini"})
    await stage.passes()
    assert (stage.mints, stage.says("Ready")) == (2, ("True", "Issued"))
    assert not stage.condition("Stalled")


async def test_going_back_to_the_old_spec_costs_no_mint() -> None:
    """Whoever takes a refused change back is ready again with the token that was there all along."""
    stage = Stage()
    await stage.passes()
    stage.provider.always = REJECTED
    stage.change(session={"type": "realtime", "model": "no-such-model"})
    await stage.passes()
    stage.change(session={"type": "realtime", "model": "gpt-realtime"})
    await stage.passes()
    assert stage.mints == 2
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.status["failures"]["count"] == 0


async def test_a_wish_to_rotate_now_is_not_held_back() -> None:
    """A person's new wish is tried at once, though the key is refused and probes are seldom."""
    stage = Stage()
    stage.provider.script.append(REFUSED_KEY)
    await stage.passes()
    stage.annotate("1")
    await stage.passes()
    assert (stage.mints, stage.says("Ready")) == (2, ("True", "Issued"))


async def test_a_rotation_that_is_refused_is_shown_while_ready() -> None:
    """A key that is revoked while a token lives is told by RotationHealthy, and by Stalled once the token has expired."""
    stage = Stage()
    await stage.passes()
    stage.provider.always = REFUSED_KEY
    await stage.live(500)
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("False", "ProviderUnauthorized")
    assert not stage.condition("Stalled")
    await stage.live(200)
    assert stage.says("Ready") == ("False", "Expired")
    assert stage.says("Stalled") == ("True", "ProviderUnauthorized")
    assert 2 <= stage.mints <= 4


async def test_the_end_of_a_token_is_told_though_the_clock_is_known_better_since() -> None:
    """Who wakes at the earliest end that was known once says so then: nobody looks again a moment later."""
    stage = Stage()
    await stage.passes()
    stage.provider.always = REFUSED_KEY
    await stage.live(550)
    clock = stage.directory.handle.clock
    stage.directory.handle.clock = replace(clock, high=clock.low + 0.1)
    await stage.passes(after=stage.memory.expires_at - stage.clock.time)
    assert stage.says("Ready") == ("False", "Expired")


@pytest.mark.parametrize(
    ("trouble", "mints"),
    [(REJECTED, 1), (REFUSED_KEY, 1), (THROTTLED, 1)],
    ids=["rejected", "refused", "throttled"],
)
async def test_a_restart_does_not_forget_the_back_off(trouble: MintAnswer, mints: int) -> None:
    """What was to wait waits, though the process started anew; message and class are as before."""
    stage = Stage()
    stage.provider.always = trouble
    await stage.passes()
    before = stage.status
    for _ in range(3):
        stage.restart()
        await stage.passes(after=5)
    assert stage.mints == mints
    assert stage.status == before


async def test_a_restart_while_a_refused_spec_keeps_the_old_token() -> None:
    """The message that names the old token's expiry is said once, however often the process starts anew."""
    stage = Stage()
    await stage.passes()
    stage.provider.always = REJECTED
    stage.change(session={"type": "realtime", "model": "no-such-model"})
    await stage.passes()
    before = stage.status
    for _ in range(3):
        stage.restart()
        await stage.passes(after=5)
    assert {**stage.status, "rotationTime": ""} == {**before, "rotationTime": ""}
    assert stage.mints == 2


@pytest.mark.parametrize("trouble", [REFUSED_KEY, DOWN], ids=["people must act", "time helps"])
async def test_a_restart_while_rotations_fail(trouble: OperatorError | MintAnswer) -> None:
    """Who must act is still known after a restart, also where nothing was stalled yet."""
    stage = Stage()
    await stage.passes()
    stage.provider.always = trouble
    await stage.live(450)
    failure = stage.memory.failure
    assert failure is not None
    stage.restart()
    again = stage.memory.failure
    assert again is not None
    assert (again.reason, again.message) == (failure.reason, failure.message)
    assert again.failure_class is failure.failure_class
    assert again.minting is failure.minting
    assert failure.at - TELL_AGAIN_S <= again.at <= failure.at
    assert 0 < again.count <= failure.count
    told_now = failure.at - again.at < 1
    assert not told_now or abs(again.next_attempt - failure.next_attempt) < 1
    assert again.next_attempt < failure.next_attempt + 1


async def test_a_failure_that_repeats_itself_is_told_once_a_minute() -> None:
    """A session that stays broken is tried again and again, and costs a status write a minute at most."""
    stage = Stage()
    stage.directory.trouble = ProviderNotReady(Reason.PROVIDER_NOT_FOUND, "There is none.")
    told = 0
    for _ in range(60):
        before = stage.status
        await stage.passes(after=5)
        told += stage.status != before
    assert 5 <= told <= 6
    assert stage.status["failures"]["count"] > 40
    stage.directory.trouble = ProviderNotReady(Reason.KEY_MISSING, "It has no key.")
    await stage.passes(after=5)
    assert stage.status["failures"]["lastReason"] == "KeyMissing"
    assert stage.says("Stalled") == ("True", "KeyMissing")


async def test_a_spec_that_cannot_be_carried_out() -> None:
    """Nothing is sent for it, and the object names the field."""
    stage = Stage(endpoint="Sessions", session={"client_secret": {}})
    await stage.live(120)
    assert (stage.mints, stage.secrets.writes) == (0, 0)
    assert stage.says("Ready") == ("False", "InvalidSpec")
    assert stage.says("Stalled") == ("True", "InvalidSpec")
    assert "spec.session.client_secret" in stage.condition("Ready")["message"]


async def test_a_provider_that_is_not_ready() -> None:
    """Without a provider nothing is sent; as soon as there is one the token is minted."""
    stage = Stage()
    stage.directory.trouble = ProviderNotReady(
        Reason.PROVIDER_NOT_FOUND, "There is no RealtimeProvider default."
    )
    await stage.passes()
    assert stage.says("Stalled") == ("True", "ProviderNotFound")
    stage.directory.trouble = None
    await stage.live(40)
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.mints == 1


POLICIES: list[tuple[str, dict[str, Any], str]] = [
    ("another model", {"models": ["gpt-mini*"]}, "spec.session.model gpt-realtime"),
    ("another endpoint", {"endpoints": ["Sessions"]}, "spec.endpoint ClientSecrets"),
    ("a shorter life", {"maxLifetimeSeconds": 60}, "spec.lifetimeSeconds 600"),
    ("another namespace", {"namespaces": {"matchLabels": {"voice": "true"}}}, "namespace"),
]


@pytest.mark.parametrize(("allow", "said"), [row[1:] for row in POLICIES], ids=[row[0] for row in POLICIES])
async def test_a_providers_policy(allow: dict[str, Any], said: str) -> None:
    """What the policy does not allow is not sent, and the message names it."""
    stage = Stage()
    stage.directory.handle.view = a_view(allow=Allow.model_validate(allow))
    await stage.live(60)
    assert stage.mints == 0
    assert stage.says("Stalled") == ("True", "ProviderNotAllowed")
    assert said in stage.condition("Ready")["message"]


async def test_a_longer_life_than_the_policy_allows_is_refused() -> None:
    """A provider's longest life is asked for where the spec names none, and a longer answer is not taken."""
    stage = Stage(lifetimeSeconds=None)
    stage.directory.handle.view = a_view(allow=Allow.model_validate({"maxLifetimeSeconds": 300}))
    stage.provider.life = 3600
    await stage.passes()
    assert b'"seconds":300' in stage.provider.calls[0].body
    assert stage.says("Ready") == ("False", "ProviderUnreadable")
    assert stage.secrets.writes == 0


async def test_an_api_server_that_is_away_while_the_token_lives() -> None:
    """Ready stays, nothing is minted for it, and nothing is lost when it is back."""
    stage = Stage()
    await stage.passes()
    stage.secrets.away = unavailable()
    await stage.passes(after=50)
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("False", "ClusterUnavailable")
    await stage.live(100)
    stage.secrets.away = None
    await stage.live(60)
    assert stage.mints == 1
    assert stage.says("RotationHealthy") == ("True", "Rotating")


async def test_an_api_server_that_is_away_when_a_rotation_is_due() -> None:
    """One token is minted at most while no Secret can be written, and it is written when the API server is back."""
    stage = Stage()
    await stage.live(360)
    stage.secrets.away = unavailable()
    await stage.live(120)
    assert stage.mints <= 2
    stage.secrets.away = None
    await stage.live(40)
    assert (stage.mints, stage.token) == (2, "ek_2")


async def test_nothing_secret_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """Neither key nor token is in any status, event or log line of a life with failures."""
    caplog.set_level("DEBUG")
    stage = Stage()
    for trouble in (REFUSED_KEY, THROTTLED, DOWN, None):
        stage.provider.always = trouble
        await stage.live(1000)
    stage.provider.always = REJECTED
    stage.change(session={"type": "realtime", "instructions": "planted-words"})
    await stage.live(1000)
    said = f"{stage.status} {stage.notices} {caplog.text} {[vars(record) for record in caplog.records]} {stage.memory!r}"
    assert stage.mints > 3
    for planted in (KEY, "ek_", "planted-words"):
        assert planted not in said

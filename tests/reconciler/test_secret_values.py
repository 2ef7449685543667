"""A session whose request has values from Secrets: when it is minted anew, and what is said when a value is not to be had."""

from __future__ import annotations

import json
from typing import Any

from realtime_operator.core.errors import ProviderRejected, SecretValueNotReady
from realtime_operator.core.reasons import Reason
from tests.reconciler.stage import Stage
from tests.support.builders import BODY

PATH = "/tools/0/authorization"
NO_VALUE = SecretValueNotReady(
    Reason.SECRET_VALUE_MISSING, "spec.secretValues[0]: Secret hotel/mcp does not exist."
)


def a_stage() -> Stage:
    """One session with an MCP tool whose authorization comes from a Secret."""
    session = {**BODY, "tools": [{"type": "mcp", "server_label": "desk"}]}
    stage = Stage(
        session=session, secretValues=[{"path": PATH, "secretKeyRef": {"name": "mcp", "key": "token"}}]
    )
    stage.values.texts = {PATH: "planted-one"}
    return stage


def sent(stage: Stage) -> list[Any]:
    """What the provider got as authorization, mint by mint."""
    return [json.loads(call.body)["session"]["tools"][0]["authorization"] for call in stage.provider.calls]


async def test_a_value_is_sent_and_stays_nowhere() -> None:
    """It is in the request, and neither in the Secret nor in the status nor in what memory prints."""
    stage = a_stage()
    await stage.passes()
    assert sent(stage) == ["planted-one"]
    assert "planted-one" not in repr(stage.memory)
    assert "planted-one" not in repr(
        [stage.status, stage.notices, stage.secrets.stored, stage.secrets.data()]
    )


async def test_another_value_is_another_request() -> None:
    """A token that was minted with the value before is replaced at once; the same value never mints again, after a restart neither."""
    stage = a_stage()
    await stage.passes()
    await stage.passes(after=30)
    stage.restart()
    await stage.passes(after=30)
    assert stage.mints == 1
    stage.values.texts = {PATH: "planted-two"}
    await stage.passes(after=1)
    assert sent(stage) == ["planted-one", "planted-two"]
    assert stage.metrics.minted_for["RequestChanged"] == 1
    assert stage.says("Ready") == ("True", "Issued")


async def test_a_value_that_is_missing_from_the_start() -> None:
    """Nothing is sent, the session says which one, and looks again soon: a person in the cluster mends it."""
    stage = a_stage()
    stage.values.trouble = NO_VALUE
    result = await stage.passes()
    assert stage.mints == 0
    assert stage.says("Ready") == ("False", "SecretValueMissing")
    assert stage.says("Stalled") == ("True", "SecretValueMissing")
    assert result.wake_at - stage.clock.time <= 60
    stage.values.trouble = None
    await stage.passes(after=1)
    assert stage.says("Ready") == ("True", "Issued")


async def test_a_value_that_goes_missing() -> None:
    """Readers keep the token while it lives, and the Secret is restored as ever."""
    stage = a_stage()
    await stage.passes()
    token = stage.token
    stage.values.trouble = NO_VALUE
    stage.secrets.delete()
    await stage.passes(after=61)
    assert stage.token == token
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("False", "SecretValueMissing")


async def test_a_value_that_changes_while_its_session_waits_its_turn() -> None:
    """The value before is not sent any more."""
    stage = a_stage()

    def changes() -> None:
        stage.values.texts = {PATH: "planted-two"}
        stage.memory.values_changed += 1
        stage.directory.handle.while_waiting = lambda: None

    stage.directory.handle.while_waiting = changes
    await stage.passes()
    assert stage.mints == 0
    await stage.passes()
    assert sent(stage) == ["planted-two"]


async def test_a_refusal_of_the_value_before() -> None:
    """What the provider says of a request whose value was replaced meanwhile does not hold the next one back."""
    stage = a_stage()

    async def refuses(_call: object) -> Any:
        stage.memory.values_changed += 1
        raise ProviderRejected(Reason.PROVIDER_REJECTED, "refused as written", status=400)

    stage.provider.script = [refuses]
    await stage.passes()
    await stage.passes(after=1)
    assert stage.mints == 2
    assert stage.says("Ready") == ("True", "Issued")


async def test_a_session_that_stops_using_values() -> None:
    """What became of them no longer matters: its refusals hold it back like anybody's."""
    stage = a_stage()
    await stage.passes()
    stage.memory.values_changed += 3
    stage.change(secretValues=[], session=dict(BODY))
    stage.provider.always = ProviderRejected(Reason.PROVIDER_REJECTED, "refused as written", status=400)
    for _ in range(5):
        await stage.passes(after=1)
    assert stage.mints == 2

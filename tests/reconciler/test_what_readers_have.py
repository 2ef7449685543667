"""What readers find decides: what is said, how soon it is tried again, and what is kept for them while nothing can be minted."""

from __future__ import annotations

from typing import Any

import pytest

from realtime_operator.core.errors import OperatorError, ProviderNotReady
from realtime_operator.core.reasons import Reason
from realtime_operator.core.schedule import RETRY_LONGEST_WITHOUT_TOKEN_S
from sim.secrets import unavailable
from tests.reconciler.stage import Stage

NO_KEY = ProviderNotReady(Reason.KEY_SECRET_MISSING, "Secret keys/openai does not exist.")
SHORT: dict[str, Any] = {"lifetimeSeconds": 60, "delivery": {"propagation": "None"}}


async def test_a_secret_is_restored_while_its_provider_cannot_be_used() -> None:
    """A key that is missing keeps nobody from reading the token that still lives."""
    stage = Stage()
    await stage.passes()
    token = stage.token
    stage.directory.trouble = NO_KEY
    stage.secrets.delete()
    await stage.passes(after=61)
    assert stage.token == token
    assert stage.says("RotationHealthy") == ("False", "KeySecretMissing")
    assert stage.says("Ready") == ("True", "Issued")


async def test_what_cannot_be_restored_is_not_called_ready() -> None:
    """While the Secret is gone and cannot be written either, Ready is not true."""
    stage = Stage()
    await stage.passes()
    stage.directory.trouble = NO_KEY
    stage.secrets.delete()
    stage.secrets.refuse = {"create": unavailable()}
    await stage.passes(after=61)
    assert stage.says("Ready")[0] == "False"


async def test_a_secret_that_was_lost_while_the_operator_was_away_is_noticed_without_a_key() -> None:
    """After a restart nothing can restore it, but nobody is told that it is there."""
    stage = Stage()
    await stage.passes()
    stage.directory.trouble = NO_KEY
    stage.secrets.delete()
    stage.restart()
    await stage.passes(after=61)
    assert stage.says("Ready") == ("False", "KeySecretMissing")
    assert stage.says("Stalled") == ("True", "KeySecretMissing")


async def test_a_secret_that_is_still_there_after_a_restart_without_a_key() -> None:
    """It is looked at, the token in it counts, and what was edited around it is mended."""
    stage = Stage()
    await stage.passes()
    token, status = stage.token, stage.status
    stage.directory.trouble = NO_KEY
    stage.secrets.edit(base_url="https://elsewhere.test", model=None)
    stage.restart()
    await stage.passes(after=61)
    assert stage.token == token
    assert stage.says("Ready") == ("True", "Issued")
    assert {name: stage.status[name] for name in ("expirationTime", "rotationTime", "tokenID")} == {
        name: status[name] for name in ("expirationTime", "rotationTime", "tokenID")
    }
    writes = stage.secrets.writes
    await stage.passes(after=61)
    assert stage.secrets.writes == writes


async def test_an_expired_token_is_not_written_again_after_a_restart_without_a_key() -> None:
    """It is of no use to anybody."""
    stage = Stage(**SHORT)
    stage.provider.life = 60
    await stage.passes()
    writes = stage.secrets.writes
    stage.directory.trouble = NO_KEY
    stage.secrets.edit(model=None)
    stage.restart()
    await stage.passes(after=61)
    assert stage.secrets.writes == writes
    assert stage.says("Ready") == ("False", "Expired")


async def test_a_token_that_could_not_be_written_does_not_count_as_read() -> None:
    """The expiry of the token that readers have decides, not that of one that waits in memory."""
    stage = Stage(**SHORT)
    stage.provider.life = 60
    await stage.passes()
    stage.secrets.away = unavailable()
    await stage.live(61.5)
    assert stage.says("Ready") == ("False", "Expired")
    stage.secrets.away = None
    assert stage.memory.unwritten is not None
    waiting = stage.memory.unwritten.token.value
    await stage.live(RETRY_LONGEST_WITHOUT_TOKEN_S)
    assert stage.mints <= 3
    assert stage.says("Ready") == ("True", "Issued")
    assert waiting in (stage.token, stage.secrets.data().get("previous-token"))


async def test_a_first_token_that_could_not_be_written_is_written_soon() -> None:
    """Without a token in the Secret nobody waits half a minute, however long the one in memory lives."""
    stage = Stage()
    stage.secrets.before_write = _raise
    await stage.live(40)
    failure = stage.memory.failure
    assert failure is not None
    assert failure.next_attempt - failure.at <= RETRY_LONGEST_WITHOUT_TOKEN_S
    assert stage.mints == 1


async def test_the_same_token_again_is_no_rotation() -> None:
    """A cache in front of the provider is asked once a second at most, also when the old token is about to expire."""
    stage = Stage(**SHORT)
    stage.provider.life = 60
    answer = stage.provider.token()
    stage.provider.always = answer
    await stage.live(52)
    assert stage.mints < 15
    assert stage.says("RotationHealthy") == ("False", "ProviderUnreadable")


@pytest.mark.parametrize("life", [1, 2, 3, 4])
async def test_a_life_of_no_use_is_not_minted_in_a_loop(life: float) -> None:
    """Tokens that live a moment are refused, and asked for with back-off."""
    stage = Stage(**SHORT)
    stage.provider.life = life
    await stage.live(60)
    assert stage.mints < 40
    assert stage.says("Ready") == ("False", "ProviderUnreadable")


@pytest.mark.parametrize("change", ["gone", "suspended"])
async def test_whoever_waited_for_the_rate_limit_is_looked_at_again(change: str) -> None:
    """A session that was deleted or suspended while it waited its turn is not minted for."""
    stage = Stage()

    def meanwhile() -> None:
        if change == "gone":
            stage.memory.gone = True
        else:
            stage.change(suspend=True)

    stage.directory.handle.while_waiting = meanwhile
    await stage.passes()
    assert stage.mints == 0


def _raise() -> None:
    error: OperatorError = unavailable()
    raise error

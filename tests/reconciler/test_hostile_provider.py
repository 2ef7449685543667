"""A provider that answers whatever it likes: what a pass writes, shows, counts and logs then."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.answers import Example, examples
from fuzz.verdict import tells
from realtime_operator.core.exchange import MintAnswer, MintCall
from tests.reconciler.stage import Stage

ROTATED_AFTER_S = 500.0


async def played(example: Example, *, had_token: bool) -> Stage:
    """One pass against the hostile answer, of a session that is new or that has a token to lose."""
    stage = Stage(lifetimeSeconds=example.asked)
    if had_token:
        await stage.passes()

    async def answer(_: MintCall) -> MintAnswer:
        now = stage.clock.now()
        return MintAnswer(
            example.status, example.headers, example.body, now - 0.1, now, secrets=(example.planted.key,)
        )

    stage.provider.script = [answer]
    await stage.passes(after=ROTATED_AFTER_S if had_token else 0.0)
    return stage


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(examples, st.booleans())
def test_nothing_that_a_provider_says_gets_out(
    caplog: pytest.LogCaptureFixture,
    example: Example,
    had_token: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever comes, the pass ends in order; only a sound token is written, and status, events, figures and log hold no secret."""
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    stage = asyncio.run(played(example, had_token=had_token))

    assert stage.condition("Ready")["status"] in {"True", "False"}
    told = (
        json.dumps(stage.status)
        + repr(stage.notices)
        + repr(stage.metrics)
        + caplog.text
        + repr(stage.memory)
    )
    written = stage.secrets.data() if stage.secrets.stored else {}
    assert not tells(told, example.planted.key)
    assert not tells(told, example.planted.token)
    assert not tells(json.dumps(written), example.planted.key)
    taken = stage.metrics.minted_for.total() - had_token
    assert taken + stage.metrics.failed_for.total() == 1
    if not taken:
        assert written.get("token") == ("ek_1" if had_token else None)

"""What must hold of every answer, and what an example came to."""

from __future__ import annotations

import re
import time
from typing import Final

from fuzz.answers import NOW, Example
from realtime_operator.core.ephemeral_token import EphemeralToken
from realtime_operator.core.errors import ProviderError
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.mint_answer import clock_after, read_token
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.timestamps import to_rfc3339

SLOWEST_S: Final = 0.5
"""CPU time that one answer may take; a usual one takes 20 µs, and 256 KiB of the worst JSON 30 ms."""

ATTEMPTS: Final = 3
LONGEST_LIFE_S: Final = 7260
SHORTEST_PART: Final = 12
"""Letters of a secret in a row that count as telling it."""

_HEADER_SAFE: Final = re.compile(r"[\x21-\x7e]+")


class Told(AssertionError):
    """Something was told that must not be; says where, never what."""


def judged(example: Example, answer: MintAnswer) -> str:
    """Read the answer, check what must hold, and say what came: `token`, or the error's reason.

    Raises:
        AssertionError: something that must hold does not.
    """
    clock = clock_after(ProviderClock().after_answer(date=NOW, sent_at=NOW - 0.1, received_at=NOW), answer)
    outcome = read(example, answer, clock)
    if isinstance(outcome, ProviderError):
        check_error(example, answer, outcome)
        return str(outcome.reason)
    check_token(example, answer, clock, outcome)
    return "token"


def read(example: Example, answer: MintAnswer, clock: ProviderClock) -> EphemeralToken | ProviderError:
    """What the reader makes of an answer, in bounded time; whoever is slow is asked again, for garbage is collected when it likes."""
    slow: list[float] = []
    while len(slow) < ATTEMPTS:
        began = time.thread_time()
        outcome: EphemeralToken | ProviderError
        try:
            outcome = read_token(answer, clock=clock, asked=example.asked, longest=example.longest)
        except ProviderError as error:
            outcome = error.with_traceback(None)
        took = time.thread_time() - began
        if took <= SLOWEST_S:
            return outcome
        slow.append(took)
    raise AssertionError(f"reading took {min(slow):.2f} s of CPU")


def check_token(example: Example, answer: MintAnswer, clock: ProviderClock, token: EphemeralToken) -> None:
    """A success, a token that a header can carry and that is not the key, and an expiry in the future and within bounds."""
    assert 200 <= answer.status < 300  # noqa: S101, PLR2004 - this package is an oracle
    assert _HEADER_SAFE.fullmatch(token.value)  # noqa: S101
    assert token.expires_at > clock.latest(answer.received_at)  # noqa: S101
    assert 0 < token.lifetime <= LONGEST_LIFE_S  # noqa: S101
    assert to_rfc3339(token.issued_at) < to_rfc3339(token.expires_at)  # noqa: S101
    if example.longest is not None:
        assert token.lifetime <= example.longest + 60  # noqa: S101 - the slack of the policy
    if example.planted.key in token.value:
        raise Told("the provider key was taken for a token")
    if tells(f"{token!r} {token} {token.token_id}", token.value):
        raise Told("a token shows itself")


def check_error(example: Example, answer: MintAnswer, error: ProviderError) -> None:
    """Exactly one error of the tree, with a bounded text and pause, that tells neither key nor token."""
    assert error.status in (answer.status, None)  # noqa: S101
    assert error.retry_after is None or 0 <= error.retry_after <= 3600  # noqa: S101, PLR2004 - an hour
    assert len(str(error)) < 1000  # noqa: S101, PLR2004 - what a condition's message can hold many times over
    shown = f"{error} {error!r} {error.args} {vars(error)}"
    for name, secret in (("key", example.planted.key), ("token", example.planted.token)):
        if tells(shown, secret):
            raise Told(f"an error tells the {name}")


def tells(text: str, secret: str) -> bool:
    """Whether a text has so many letters of the secret in a row that it counts as told."""
    return any(secret[at : at + SHORTEST_PART] in text for at in range(len(secret) - SHORTEST_PART + 1))

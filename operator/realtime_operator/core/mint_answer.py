"""Reads a provider's answer: a sound token, or exactly one error."""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import Any

from realtime_operator.core.ephemeral_token import EphemeralToken
from realtime_operator.core.errors import ProviderUnreadable
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_refusal import refusal, request_id_of
from realtime_operator.core.reasons import Reason
from realtime_operator.core.schedule import LONGEST_LIFETIME_S
from realtime_operator.core.timestamps import from_http_date, from_rfc3339
from realtime_operator.core.value_type import value_type

LIFETIME_SLACK_S = 60
"""How much longer than asked for a token may live: clocks differ and servers round; more is a sign of a misread field."""

SHORTEST_LIFE_S = 5
"""The API grants 10 s or more. With less, as from a cache that hands out old tokens, rotation would be a mint at every moment."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
"""What an HTTP header can carry without quoting, since readers will send the token in one."""

_REMEDY = "it will be asked again. If this lasts, correct spec.baseURL or spec.paths of the provider object, or tell who runs the provider."
"""For whoever reads the message; time alone helps only a provider that is in trouble for a moment."""


def clock_after(clock: ProviderClock, answer: MintAnswer) -> ProviderClock:
    """Learn the provider's clock from an answer; one with an Age header came from a cache and tells nothing."""
    date = from_http_date(answer.headers.get("date"))
    if date is None or "age" in answer.headers:
        return clock
    return clock.after_answer(date=date, sent_at=answer.sent_at, received_at=answer.received_at)


def read_token(
    answer: MintAnswer, *, clock: ProviderClock, asked: int | None, longest: int | None
) -> EphemeralToken:
    """Take the token out of an answer.

    The token is ``value``, else ``client_secret.value``, else ``client_secret`` or ``token`` as a text; its expiry is the ``expires_at`` or
    ``expiresAt`` beside it, never the session's own.

    Args:
        answer: any answer.
        clock: the provider's clock, this answer's Date included.
        asked: seconds of life asked for, or None.
        longest: seconds of life that policy allows, or None.

    Raises:
        ProviderError: whatever keeps this answer from being a sound token.
    """
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - the class of success, RFC 9110
        raise refusal(answer)
    found = _found(answer)
    if not isinstance(found.token, str) or not _TOKEN.fullmatch(found.token):
        what = "is empty" if found.token == "" else "is no token that a header can carry"
        raise _unreadable(answer, f"{found.where}{found.name} {what}")
    if answer.holds_a_secret(found.token):
        raise _unreadable(answer, f"{found.where}{found.name} is the credential that was sent to it")
    now = from_http_date(answer.headers.get("date")) if "age" not in answer.headers else None
    issued_at = now if now is not None else float(int(clock.latest(answer.received_at)))
    expires_at = _expiry(found.expiry)
    if expires_at is None and found.expiry is not None:
        raise _unreadable(
            answer, f"{found.where}expires_at is neither seconds since 1970 nor an RFC 3339 time"
        )
    if expires_at is None and asked is not None:
        expires_at = issued_at + asked
    if expires_at is None:
        raise _unreadable(
            answer,
            f"{found.where}expires_at is missing; with spec.lifetimeSeconds set it can be done without",
        )
    _check_life(answer, issued_at=issued_at, expires_at=expires_at, clock=clock, longest=longest)
    return EphemeralToken(found.token, issued_at, expires_at)


def same_token_again() -> ProviderUnreadable:
    """The error of an answer that repeats the token held: nothing was renewed, and to ask at once would not help."""
    return ProviderUnreadable(
        Reason.PROVIDER_UNREADABLE,
        f"The provider answered with the token that it had issued before; {_REMEDY}",
    )


@value_type(frozen=True, slots=True)
class _Found:
    """Token and expiry as an answer has them, side by side and unchecked; the token's name there, and what stands before both names."""

    token: Any = field(repr=False)
    name: str
    expiry: Any = field(repr=False)
    where: str = ""


def _found(answer: MintAnswer) -> _Found:
    document = _document(answer)
    nested = document.get("client_secret")
    if document.get("value") is not None:
        return _beside(document, "value")
    if isinstance(nested, dict):
        return _beside(nested, "value", "client_secret.")
    for name in ("client_secret", "token"):
        if document.get(name) is not None:
            return _beside(document, name)
    raise _unreadable(answer, "the answer has neither value nor client_secret.value")


def _beside(holder: dict[str, Any], name: str, where: str = "") -> _Found:
    expiry = holder.get("expires_at")
    return _Found(holder.get(name), name, expiry if expiry is not None else holder.get("expiresAt"), where)


def _document(answer: MintAnswer) -> dict[str, Any]:
    if answer.oversized:
        raise _unreadable(answer, "the answer is larger than any token's")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unreadable(answer, "the answer is compressed, which was not asked for")
    if not answer.body:
        raise _unreadable(answer, "the answer is empty")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise _unreadable(answer, "the answer is not JSON") from None
    if not isinstance(document, dict):
        raise _unreadable(answer, "the answer is not a JSON object")
    return document


def _expiry(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(value) if abs(value) < 1 << 40 else None
    if isinstance(value, float):
        return float(int(value)) if abs(value) < 1 << 40 else None
    if isinstance(value, str):
        moment = from_rfc3339(value)
        return float(int(moment)) if moment is not None else None
    return None


def _check_life(
    answer: MintAnswer, *, issued_at: float, expires_at: float, clock: ProviderClock, longest: int | None
) -> None:
    if expires_at <= clock.latest(answer.received_at):
        raise _unreadable(answer, "expires_at is past: the token that came has expired already")
    life = expires_at - issued_at
    if life < SHORTEST_LIFE_S:
        raise _unreadable(
            answer,
            f"expires_at leaves the token a life of {life:.0f} s, and nothing can be done with so little",
        )
    if life > LONGEST_LIFETIME_S + LIFETIME_SLACK_S:
        raise _unreadable(
            answer,
            f"expires_at gives a life of {life:.0f} s, longer than the API grants ({LONGEST_LIFETIME_S} s)",
        )
    if longest is not None and life > longest + LIFETIME_SLACK_S:
        raise _unreadable(
            answer,
            f"expires_at gives a life of {life:.0f} s, longer than spec.allow.maxLifetimeSeconds {longest} of the provider",
        )


def _unreadable(answer: MintAnswer, what: str) -> ProviderUnreadable:
    return ProviderUnreadable(
        Reason.PROVIDER_UNREADABLE,
        f"The provider answered {answer.status}, but {what}; {_REMEDY}",
        status=answer.status,
        request_id=request_id_of(answer),
    )

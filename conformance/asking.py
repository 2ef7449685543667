"""Asks one server for one token, with the product's own request, adapter and reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.api.session import RealtimeSessionSpec
from realtime_operator.core.ephemeral_token import EphemeralToken
from realtime_operator.core.errors import OperatorError, ProviderError
from realtime_operator.core.mint_answer import clock_after, read_token
from realtime_operator.core.mint_call import mint_call
from realtime_operator.core.mint_request import mint_template
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.provider_view import ProviderView, permitted_lifetime

TOKEN = "token"
"""The outcome of an answer that holds a sound token; every other outcome is the reason of an error."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking.

    Attributes:
        token: the token, or None.
        error: why there is none, or None.
        clock: what the answer told of the server's clock.
        status: of the answer, where one came.
    """

    token: EphemeralToken | None
    error: OperatorError | None
    clock: ProviderClock = field(default_factory=ProviderClock)
    status: int | None = None

    @property
    def word(self) -> str:
        """`token`, or the reason that the session would show."""
        return TOKEN if self.error is None else str(self.error.reason)


def spec_of(*, endpoint: str, session: Mapping[str, Any] | None, lifetime: int | None) -> RealtimeSessionSpec:
    """The session's spec as its author writes it."""
    return RealtimeSessionSpec.model_validate(
        {"endpoint": endpoint, "session": session, "lifetimeSeconds": lifetime}
    )


async def ask(api: RealtimeApi, view: ProviderView, spec: RealtimeSessionSpec) -> Outcome:
    """Ask once, and read whatever comes; a bug, unlike a bad answer, is raised."""
    clock, status = ProviderClock(), None
    try:
        template = mint_template(spec)
        lifetime = permitted_lifetime(view, template, {})
        answer = await api.mint(mint_call(view, template, lifetime))
        clock, status = clock_after(clock, answer), answer.status
        token = read_token(answer, clock=clock, asked=lifetime, longest=None)
    except OperatorError as error:
        told = error.status if isinstance(error, ProviderError) else None
        return Outcome(None, error, clock, status if status is not None else told)
    return Outcome(token, None, clock, status)

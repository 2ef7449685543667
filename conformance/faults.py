"""Every way to fail that the stand-in is told, and the one outcome that each must have, whatever the dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from conformance.asking import TOKEN
from demo.provider.actions import (
    AnyAction,
    ApiError,
    Blank,
    Bloat,
    Drip,
    Drop,
    Empty,
    Hang,
    Html,
    Lifetime,
    Redirect,
    Respond,
)
from realtime_operator.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail.

    Attributes:
        name: the head of its column.
        what: what the server does, or what it is asked.
        outcome: `token`, or the reason of the error.
        action: what the stand-in does instead of the usual, or None.
        settings: what is set on the stand-in meanwhile.
        key: a provider key that the server does not know, or None for the right one.
        path: a path that the server does not have, or None for the right one.
        hasty: whether the adapter's deadline must be short, so that the test is.
        retry_after: the pause that the error must name, or None.
    """

    name: str
    what: str
    outcome: str
    action: AnyAction | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None
    path: str | None = None
    hasty: bool = False
    retry_after: float | None = None

    def outcome_for(self, *, lifetime: int | None) -> str:
        """What must come of it: an expiry that is missing can be done without only where a lifetime was asked for."""
        if self.name == NO_EXPIRY and lifetime is None:
            return str(Reason.PROVIDER_UNREADABLE)
        return self.outcome


NO_EXPIRY: Final = "no expiry"
FIELD: Final = "session.audio.input.format"


def _refusal(
    status: int, code: str, *, retry_after: float | None = None, param: str | None = None
) -> Respond:
    return Respond(status=status, error=ApiError(code=code, param=param), retry_after=retry_after)


FAULTS: Final[tuple[Fault, ...]] = (
    Fault("none", "answers as it should", TOKEN),
    Fault("clock", "its clock is 300 s ahead", TOKEN, settings={"clock_offset": 300}),
    Fault(
        NO_EXPIRY,
        "a token whose expiry is null; without a lifetime asked for it is ProviderUnreadable",
        TOKEN,
        Blank(part="expiry"),
    ),
    Fault("no token", "null in place of the token", Reason.PROVIDER_UNREADABLE, Blank(part="token")),
    Fault("past", "a token that has expired already", Reason.PROVIDER_UNREADABLE, Lifetime(seconds=-5)),
    Fault("no end", "a token of 100,000 s", Reason.PROVIDER_UNREADABLE, Lifetime(seconds=100_000)),
    Fault("empty", "200 without a body", Reason.PROVIDER_UNREADABLE, Empty(status=200)),
    Fault("page", "200 with an HTML page", Reason.PROVIDER_UNREADABLE, Html(status=200)),
    Fault("large", "an answer of 1 MB", Reason.PROVIDER_UNREADABLE, Bloat(size=1_000_000)),
    Fault(
        "bomb", "1 MB packed into 1 kB", Reason.PROVIDER_UNREADABLE, Bloat(size=1_000_000, compressed=True)
    ),
    Fault("cut", "the connection ends in the answer", Reason.PROVIDER_UNAVAILABLE, Drop(after_bytes=10)),
    Fault("drop", "the connection ends before the answer", Reason.PROVIDER_UNAVAILABLE, Drop()),
    Fault("silent", "no answer at all", Reason.PROVIDER_UNAVAILABLE, Hang(), hasty=True),
    Fault(
        "drip",
        "a byte every 50 ms, without end",
        Reason.PROVIDER_UNAVAILABLE,
        Drip(size=1, pause=0.05),
        hasty=True,
    ),
    Fault(
        "moved",
        "307 to another address",
        Reason.PROVIDER_REJECTED,
        Redirect(location="http://127.0.0.1:1/v1"),
    ),
    Fault(
        "wrong key", "a key that it does not know", Reason.PROVIDER_UNAUTHORIZED, key="sk-wrong-0123456789"
    ),
    Fault("rights", "403 model_not_found", Reason.PROVIDER_UNAUTHORIZED, _refusal(403, "model_not_found")),
    Fault("field", "400 invalid_type", Reason.PROVIDER_REJECTED, _refusal(400, "invalid_type", param=FIELD)),
    Fault(
        "retired",
        "400 beta_api_shape_disabled",
        Reason.ENDPOINT_RETIRED,
        _refusal(400, "beta_api_shape_disabled"),
    ),
    Fault("path", "a path that it does not have", Reason.PROVIDER_REJECTED, path="/nowhere"),
    Fault(
        "limit",
        "429 rate_limit_exceeded, Retry-After: 7",
        Reason.PROVIDER_THROTTLED,
        _refusal(429, "rate_limit_exceeded", retry_after=7),
        retry_after=7,
    ),
    Fault("billing", "429 insufficient_quota", Reason.PROVIDER_BILLING, _refusal(429, "insufficient_quota")),
    Fault(
        "overload",
        "503 server_is_overloaded",
        Reason.PROVIDER_UNAVAILABLE,
        _refusal(503, "server_is_overloaded"),
    ),
    Fault("proxy", "502 with an HTML page", Reason.PROVIDER_UNAVAILABLE, Html(status=502)),
    Fault("absent", "501 without a body", Reason.PROVIDER_REJECTED, Empty(status=501)),
)
"""The order of the columns in `docs/conformance.md`."""

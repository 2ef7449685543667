"""What is asked of a server that nobody can tell to fail: only what a client can cause."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.asking import Outcome, ask, spec_of
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.api.auth import AuthScheme
from realtime_operator.core.provider_key import credential_header
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.reasons import Reason

WRONG_KEY: Final = "conformance-wrong-key-0123456789"
WRONG_CREDENTIALS: Final = {
    name: value for scheme in AuthScheme for name, value in credential_header(scheme, WRONG_KEY).items()
}
UNKNOWN_PATH: Final = "/conformance-no-such-path"
UNKNOWN_FIELD: Final = "conformance_no_such_field"
LIFE_SLACK_S: Final = 5
"""How far a life may be from the one asked for: servers round, and their Date is a second wide."""

CLOCK_SLACK_S: Final = 5.0
"""How far the server's clock may be from ours before rotation has to allow for it."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server under test.

    Attributes:
        api: the product's adapter.
        view: address, key and what its provider object would say.
        endpoint: which endpoint is asked.
        session: `spec.session`, or None for none.
        lifetime: seconds to ask for, or None.
    """

    api: RealtimeApi
    view: ProviderView
    endpoint: str
    session: dict[str, Any] | None
    lifetime: int | None

    async def ask(self, view: ProviderView | None = None, further: dict[str, Any] | None = None) -> Outcome:
        """Ask once, with another provider or further fields of the session where they are given."""
        asked = {**(self.session or {}), **further} if further else self.session
        spec = spec_of(endpoint=self.endpoint, session=asked, lifetime=self.lifetime)
        return await ask(self.api, view or self.view, spec)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one check; `held` is None where the answer is neither right nor wrong."""

    check: str
    held: bool | None
    said: str


async def sound_token(target: Target) -> Finding:
    """A success holds a token that a header can carry, with an expiry in the future."""
    outcome = await target.ask()
    life = "" if outcome.token is None else f", lives {outcome.token.lifetime:.0f} s"
    return Finding("a sound token", outcome.token is not None, _told(outcome) + life)


async def another_token(target: Target) -> Finding:
    """Each request makes a token of its own: a cached one would be rotated into itself."""
    first, second = await target.ask(), await target.ask()
    if first.token is None or second.token is None:
        return Finding("another token each time", False, _told(first if first.token is None else second))
    differ = first.token.value != second.token.value
    return Finding("another token each time", differ, "they differ" if differ else "the same token twice")


async def wanted_lifetime(target: Target) -> Finding:
    """A lifetime that is asked for is given; another one is no error, but the operator goes by the expiry."""
    outcome = await target.ask()
    if target.lifetime is None or outcome.token is None:
        return Finding(
            "the lifetime asked for", None, "none was asked for" if outcome.token else _told(outcome)
        )
    off = outcome.token.lifetime - target.lifetime
    said = f"{target.lifetime} s asked for, {outcome.token.lifetime:.0f} s given"
    return Finding("the lifetime asked for", abs(off) <= LIFE_SLACK_S or None, said)


async def own_date(target: Target) -> Finding:
    """Answers carry a Date of their own, near our clock: tokens expire on the server's clock."""
    clock = (await target.ask()).clock
    if clock.seen_at is None:
        return Finding("a Date header", None, "none, so expiries are taken with more caution")
    offset = (clock.low + clock.high) / 2
    return Finding("a Date header", abs(offset) <= CLOCK_SLACK_S or None, f"{offset:+.1f} s from our clock")


async def wrong_key(target: Target) -> Finding:
    """A key that is not known is refused as one: 401 or 403, so that people are told and nothing is retried at once."""
    wrong = {name: WRONG_CREDENTIALS[name] for name in target.view.credentials}
    outcome = await target.ask(replace(target.view, credentials=wrong))
    return Finding("a wrong key is refused", outcome.word == Reason.PROVIDER_UNAUTHORIZED, _told(outcome))


async def unknown_path(target: Target) -> Finding:
    """A path that is not there is refused by a 4xx, not by a page with 200."""
    outcome = await target.ask(replace(target.view, paths={target.endpoint: UNKNOWN_PATH}))
    refused = outcome.word in {Reason.PROVIDER_REJECTED, Reason.PROVIDER_UNAUTHORIZED}
    return Finding("an unknown path is refused", refused, _told(outcome))


async def unknown_field(target: Target) -> Finding:
    """An unknown field of the session is refused at once; a server that ignores it hides its user's mistakes."""
    if target.session is None:
        return Finding("an unknown field is refused", None, "no session is sent")
    outcome = await target.ask(further={UNKNOWN_FIELD: True})
    held = None if outcome.token is not None else outcome.word == Reason.PROVIDER_REJECTED
    return Finding("an unknown field is refused", held, _told(outcome))


CHECKS: Final[tuple[Callable[[Target], Awaitable[Finding]], ...]] = (
    sound_token,
    another_token,
    wanted_lifetime,
    own_date,
    wrong_key,
    unknown_path,
    unknown_field,
)
"""In the order in which they are asked: eight requests in all."""


def _told(outcome: Outcome) -> str:
    """What came, from safe parts only: the errors' texts hold nothing of the answer but its identifiers."""
    if outcome.error is not None:
        return f"{outcome.word}: {outcome.error}"
    return f"{outcome.word}, {outcome.status}"

"""A provider that answers success with something else than a sound token, or does not come to an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from demo.provider.actions import Bloat, Drip, Empty, Hang, Html, Lifetime, Redirect, Respond
from tests.integration.overheard import PASSWORD, PLANTED_TOKEN
from tests.integration.stage import PROVIDERS, ROTATE
from tests.support.operator import wait_for

if TYPE_CHECKING:
    from demo.provider.actions import AnyAction
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("live")]

OTHER_TOKEN = "ek_" + "a5" * 16
LIFETIME = 600
UNREADABLE, UNAVAILABLE, REJECTED = "ProviderUnreadable", "ProviderUnavailable", "ProviderRejected"
ONCE_MORE = 60.0
"""Seconds until a fault that is over is overcome: a mint that hangs takes 12 s, and the pause after it up to 20 s."""


def saying(**document: Any) -> Respond:
    """Answer 200 with this document."""
    return Respond(status=200, body=document)


def in_time(stage: Stage) -> int:
    """A sound expiry, on the stand-in's clock."""
    return int(stage.provider.now()) + LIFETIME


@dataclass(frozen=True)
class Fault:
    """What the provider does, and what people read then.

    Attributes:
        action: what it does; made when the test begins, because expiries depend on the time.
        reason: of the condition.
        words: how the message tells it from others.
        spec: fields of the session, where they matter.
    """

    action: Callable[[Stage], AnyAction]
    reason: str
    words: str
    spec: dict[str, Any] = field(default_factory=dict)


FAULTS = {
    "no token": Fault(
        lambda it: saying(expires_at=in_time(it)), UNREADABLE, "neither value nor client_secret.value"
    ),
    "an empty token": Fault(
        lambda it: saying(value="", expires_at=in_time(it)), UNREADABLE, "but value is empty"
    ),
    "a null expiry": Fault(
        lambda _: saying(value=PLANTED_TOKEN, expires_at=None),
        UNREADABLE,
        "expires_at is missing; with spec.lifetimeSeconds set",
        {"lifetimeSeconds": None},
    ),
    "a past expiry": Fault(lambda _: Lifetime(seconds=-1), UNREADABLE, "expires_at is past"),
    "a zero expiry": Fault(
        lambda _: saying(value=PLANTED_TOKEN, expires_at=0), UNREADABLE, "expires_at is past"
    ),
    "an absurd expiry": Fault(
        lambda it: saying(value=PLANTED_TOKEN, expires_at=in_time(it) * 1000),
        UNREADABLE,
        "expires_at is neither seconds since 1970",
    ),
    "a life without end": Fault(
        lambda _: Lifetime(seconds=10**9), UNREADABLE, "longer than the API grants (7200 s)"
    ),
    "HTML": Fault(lambda _: Html(status=200), UNREADABLE, "the answer is not JSON"),
    "an empty body": Fault(lambda _: Empty(), UNREADABLE, "the answer is empty"),
    "10 MB": Fault(lambda _: Bloat(size=10_000_000), UNREADABLE, "the answer is larger than any token's"),
    "a gzip bomb": Fault(
        lambda _: Bloat(size=50_000_000, compressed=True), UNREADABLE, "the answer is compressed"
    ),
    "a slow drip": Fault(lambda _: Drip(size=1, pause=0.5), UNAVAILABLE, "no answer within 12 s"),
    "a hang": Fault(lambda _: Hang(), UNAVAILABLE, "no answer within 12 s"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_bad_answer_has_one_reason_and_costs_no_living_token(stage: Stage, fault: Fault) -> None:
    """Who has a token keeps it and who has none is told why; both get one as soon as the provider is sound again."""
    stage.key()
    for name in ("held", "bare"):  # a provider for each, so that one session's trouble is not the other's
        stage.add_provider(name)
    stage.add("held", providerRef={"name": "held"}, **fault.spec)
    stage.ready("held")
    before = stage.entries("held")
    action = fault.action(stage)
    for name in ("held", "bare"):
        stage.provider.fault(action, model=stage.model(name))
    stage.annotate("held", {ROTATE: "now"})
    stage.add("bare", providerRef={"name": "bare"}, **fault.spec)

    for name, kind in (("held", "RotationHealthy"), ("bare", "Ready")):
        message = stage.condition(name, kind, "False", fault.reason, within=ONCE_MORE)["message"]
        assert fault.words in message
        assert "it will be asked again" in message
    stage.condition("bare", "Reconciling", "True", "Retrying")
    stage.condition("held", "Ready", "True", "Issued")
    assert stage.entries("held") == before
    assert stage.secret("bare") is None

    stage.provider.clear_faults()
    after = stage.token_after("held", before["token"], within=ONCE_MORE)
    assert after["previous-token"] == before["token"]
    stage.ready("bare", within=ONCE_MORE)
    stage.condition("held", "RotationHealthy", "True", "Rotating")
    stage.told("bare", fault.reason, "Issued")


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    """The key goes nowhere else; the message names baseURL; a corrected provider is tried at once."""
    stage.key()
    stage.add_provider()
    elsewhere = f"{stage.provider.url}/realtime/sessions"
    stage.provider.fault(Redirect(location=elsewhere), endpoint="ClientSecrets", model=stage.model("sent"))
    stage.add("sent")
    message = stage.condition("sent", "Stalled", "True", REJECTED)["message"]
    assert "The provider answered 307: it redirects" in message
    assert "correct the provider's baseURL" in message
    assert [(it.path, it.status) for it in stage.requests("sent")] == [("/v1/realtime/client_secrets", 307)]
    stage.provider.clear_faults()
    corrected = {"spec": {"baseURL": stage.provider.url.replace("127.0.0.1", "localhost")}}
    stage.change("default", corrected, plural=PROVIDERS)
    stage.ready("sent")


def test_an_expiry_as_a_date_is_read(stage: Stage) -> None:
    """RFC 3339 instead of an integer says the same."""
    stage.ready_to_mint()
    expiry = datetime.fromtimestamp(in_time(stage), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stage.provider.fault(saying(value=PLANTED_TOKEN, expires_at=expiry), model=stage.model("dated"))
    stage.add("dated")
    stage.ready("dated")
    assert (stage.entries("dated")["token"], stage.entries("dated")["expires-at"]) == (PLANTED_TOKEN, expiry)


def test_a_null_expiry_where_a_life_was_asked_for(stage: Stage) -> None:
    """Who asked for 600 s and hears nothing of the expiry counts 600 s from the provider's own time."""
    stage.ready_to_mint()
    stage.provider.fault(saying(value=PLANTED_TOKEN, expires_at=None), model=stage.model("asked"))
    before = in_time(stage)
    stage.add("asked", lifetimeSeconds=LIFETIME)
    stage.ready("asked")
    expiry = datetime.fromisoformat(stage.entries("asked")["expires-at"]).timestamp()
    assert before <= expiry <= in_time(stage)


@pytest.mark.parametrize("where", ["in the session", "beside the session"])
def test_the_token_twice_is_read_once(stage: Stage, where: str) -> None:
    """The one at the top counts with the expiry beside it; the other one is neither used nor shown."""
    stage.ready_to_mint()
    expiry = in_time(stage)
    second = {"client_secret": {"value": OTHER_TOKEN, "expires_at": expiry + 60}}
    around = (
        {"session": {"type": "realtime", "expires_at": 0, **second}} if where == "in the session" else second
    )
    answer = saying(value=PLANTED_TOKEN, expires_at=expiry, **around)
    stage.provider.fault(answer, model=stage.model("twice"))
    stage.add("twice")
    stage.ready("twice")
    entries = stage.entries("twice")
    assert entries["token"] == PLANTED_TOKEN
    assert datetime.fromisoformat(entries["expires-at"]).timestamp() == expiry
    assert OTHER_TOKEN not in str(entries)


def test_a_cookie_is_not_kept(stage: Stage) -> None:
    """A token that comes with Set-Cookie is used, and the next request carries no cookie."""
    stage.ready_to_mint()
    baked = Respond(
        status=200,
        body={"value": PLANTED_TOKEN, "expires_at": in_time(stage)},
        headers={"set-cookie": f"track={PASSWORD}; Path=/"},
    )
    stage.provider.fault(baked, model=stage.model("tracked"), times=1)
    stage.add("tracked")
    stage.ready("tracked")
    stage.annotate("tracked", {ROTATE: "now"})
    stage.token_after("tracked", PLANTED_TOKEN)
    first, second = wait_for(lambda: stage.requests("tracked"), "both requests")
    assert (first.status, second.status) == (200, 200)
    assert "cookie" not in second.headers

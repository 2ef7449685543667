"""The stand-in misbehaves exactly as it is told, over real connections."""

from __future__ import annotations

import gzip
import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from demo.provider.actions import (
    ApiError,
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
from demo.provider.faults import Faults, Match, Rule

if TYPE_CHECKING:
    from demo.provider.actions import AnyAction
    from demo.provider.remote import RemoteProvider

pytest_plugins = ["tests.support.provider_fixtures"]

GA = "/realtime/client_secrets"
BETA = "/realtime/sessions"


def mint(client: httpx.Client, path: str = GA, **more: Any) -> httpx.Response:
    """Ask for a token."""
    return client.post(path, json={}, **more)


def test_a_status_comes_with_its_error_code(provider: RemoteProvider, client: httpx.Client) -> None:
    """A planted error has the API's shape and the usual headers."""
    provider.fault(
        Respond(status=429, error=ApiError(code="slow_down", type="rate_limit_error"), retry_after=7)
    )

    answer = mint(client)

    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "slow_down"
    assert answer.headers["retry-after"] == "7"
    assert "date" in answer.headers


def test_retry_after_may_be_a_date(provider: RemoteProvider, client: httpx.Client) -> None:
    """The HTTP-date form counts on the stand-in's own clock."""
    provider.set(clock_offset=1000)
    provider.fault(Respond(status=503, retry_after=30, retry_after_date=True))

    answer = mint(client)

    told = parsedate_to_datetime(answer.headers["retry-after"])
    assert (told - parsedate_to_datetime(answer.headers["date"])).total_seconds() == pytest.approx(30, abs=1)


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        pytest.param(Html(status=520), (520, "text/html"), id="html"),
        pytest.param(Empty(status=501), (501, None), id="empty"),
        pytest.param(Redirect(location="/elsewhere"), (307, None), id="redirect"),
        pytest.param(Respond(status=200, body={"value": None}), (200, "application/json"), id="json"),
        pytest.param(Respond(text="{", content_type="text/plain"), (500, "text/plain"), id="text"),
    ],
)
def test_answers_that_are_none_of_the_apis(
    provider: RemoteProvider, client: httpx.Client, action: AnyAction, seen: tuple[int, str | None]
) -> None:
    """Pages, nothing, redirects and lies come with the planted status and content type."""
    provider.fault(action)

    answer = mint(client)

    assert (answer.status_code, answer.headers.get("content-type")) == seen


@pytest.mark.parametrize(
    ("action", "text"),
    [
        pytest.param(Respond(status=200, body={"value": None}), '{"value":null}', id="json"),
        pytest.param(Respond(status=200, text='{"value":'), '{"value":', id="broken-json"),
        pytest.param(Empty(), "", id="empty"),
    ],
)
def test_a_planted_body_comes_as_it_is(
    provider: RemoteProvider, client: httpx.Client, action: AnyAction, text: str
) -> None:
    """A success may hold anything or nothing."""
    provider.fault(action)

    answer = mint(client)

    assert (answer.status_code, answer.text) == (200, text)


def test_a_redirect_names_its_goal(provider: RemoteProvider, client: httpx.Client) -> None:
    """The location comes as planted."""
    provider.fault(Redirect(location="https://elsewhere.example/"))

    assert mint(client).headers["location"] == "https://elsewhere.example/"


def test_a_usual_header_can_be_taken_away(provider: RemoteProvider, client: httpx.Client) -> None:
    """Null removes a header, a value replaces one."""
    provider.fault(Respond(status=500, headers={"Date": None, "X-Request-Id": "mine"}))

    headers = mint(client).headers

    assert "date" not in headers
    assert headers["x-request-id"] == "mine"


def test_a_hanging_request_ends_with_the_clients_patience(
    provider: RemoteProvider, client: httpx.Client
) -> None:
    """The stand-in says nothing, and serves the next request as usual."""
    provider.fault(Hang(), times=1)

    with pytest.raises(httpx.ReadTimeout):
        mint(client, timeout=0.2)

    assert mint(client).status_code == 200


def test_a_hang_may_end_by_itself(provider: RemoteProvider, client: httpx.Client) -> None:
    """After its seconds the connection is dropped."""
    provider.fault(Hang(seconds=0.2))
    began = time.monotonic()

    with pytest.raises(httpx.RemoteProtocolError):
        mint(client)

    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("after_bytes", [None, 0, 20])
def test_a_connection_is_dropped(
    provider: RemoteProvider, client: httpx.Client, after_bytes: int | None
) -> None:
    """Before the head, after it, and in the middle of the body."""
    provider.fault(Drop(after_bytes=after_bytes), times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        mint(client)

    assert mint(client).status_code == 200


def test_a_slow_drip_is_whole_in_the_end(provider: RemoteProvider, client: httpx.Client) -> None:
    """The usual answer comes in pieces, and is a mint like any other."""
    provider.fault(Drip(size=100, pause=0.03))
    began = time.monotonic()

    answer = mint(client)

    assert answer.json()["value"].startswith("ek_")
    assert time.monotonic() - began >= 0.15


@pytest.mark.parametrize(("compressed", "shortest"), [(False, 100_000), (True, 100)])
def test_an_answer_is_bloated(
    provider: RemoteProvider,
    client: httpx.Client,
    compressed: bool,  # noqa: FBT001 - a table's column
    shortest: int,
) -> None:
    """The token comes behind padding that may be packed: whoever reads all of it, and unpacks it, gets the token."""
    provider.fault(Bloat(size=100_000, compressed=compressed))
    with client.stream("POST", GA, json={}) as answer:
        raw = b"".join(answer.iter_raw())

    assert shortest <= len(raw) < shortest * 20
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    document = json.loads(gzip.decompress(raw) if compressed else raw)
    assert (len(document["padding"]), document["value"][:3]) == (100_000, "ek_")


def test_one_token_with_another_life(provider: RemoteProvider, client: httpx.Client) -> None:
    """A fault gives a single token that has expired already."""
    provider.fault(Lifetime(seconds=-1), times=1)

    assert mint(client).json()["expires_at"] < provider.now()
    assert mint(client).json()["expires_at"] > provider.now() + 500


@pytest.mark.parametrize("action", [Drop(mint=True), Respond(status=500, mint=True)], ids=["drop", "status"])
def test_an_orphan_is_minted_and_never_told(
    provider: RemoteProvider, client: httpx.Client, action: AnyAction
) -> None:
    """With `mint` the ledger holds a token that was not answered."""
    before = provider.health()["mints"]
    provider.fault(action)

    try:
        assert mint(client).status_code == 500
    except httpx.RemoteProtocolError:
        assert isinstance(action, Drop)

    (entry,) = provider.ledger(before)
    assert entry.answered_at is None


def test_without_mint_a_fault_makes_no_token(provider: RemoteProvider, client: httpx.Client) -> None:
    """A planted error stands in front of the API, not behind it."""
    before = provider.health()["mints"]
    provider.fault(Respond(status=500))

    mint(client)

    assert provider.health()["mints"] == before


def test_a_rule_is_spent_after_its_times(provider: RemoteProvider, client: httpx.Client) -> None:
    """The rule counts what it took, and the next rule takes over."""
    provider.fault(Respond(status=500), times=2)
    provider.fault(Respond(status=503), times=1)

    assert [mint(client).status_code for _ in range(4)] == [500, 500, 503, 200]
    assert provider.faults_taken() == [2, 1]


def test_a_rule_may_be_for_one_endpoint_or_one_model(provider: RemoteProvider, client: httpx.Client) -> None:
    """Other requests are served as usual."""
    provider.fault(Respond(status=500), endpoint="ClientSecrets")
    provider.fault(Respond(status=503), model="gpt-ill")

    assert mint(client, GA).status_code == 500
    assert mint(client, BETA).status_code == 200
    assert client.post(BETA, json={"model": "gpt-ill"}).status_code == 503


def test_a_rule_ends_at_its_time(provider: RemoteProvider, client: httpx.Client) -> None:
    """`until` is on the stand-in's clock."""
    provider.fault(Respond(status=500), until=provider.now() - 1)
    assert mint(client).status_code == 200

    provider.fault(Respond(status=500), until=provider.now() + 60)
    assert mint(client).status_code == 500


def test_a_rule_may_take_a_share(provider: RemoteProvider, client: httpx.Client) -> None:
    """With a probability of a half some requests fail and some do not."""
    provider.fault(Respond(status=500), probability=0.5)

    assert {mint(client).status_code for _ in range(40)} == {200, 500}


def test_a_rule_may_be_a_rate_limit(provider: RemoteProvider, client: httpx.Client) -> None:
    """So many requests of a minute pass, and those beyond are taken and counted."""
    provider.fault(Respond(status=429), beyond_per_minute=3)

    assert [mint(client).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert provider.faults_taken() == [2]


def test_a_rate_limit_lets_requests_pass_again_after_a_minute() -> None:
    """It counts those that passed in any minute."""
    faults = Faults()
    faults.add(Rule(match=Match(beyond_per_minute=2), action=Respond(status=429)))
    moments = (0, 30, 59, 60, 61, 89, 91, 120)
    taken = [faults.action_for("ClientSecrets", None, float(at)) is not None for at in moments]
    assert taken == [False, False, True, False, True, True, False, False]


def test_faults_are_cleared(provider: RemoteProvider, client: httpx.Client) -> None:
    """After that everything is as usual."""
    provider.fault(Respond(status=500))
    provider.clear_faults()

    assert mint(client).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("PUT", "faults", [{"action": {"kind": "explode"}}], id="unknown-kind"),
        pytest.param(
            "PUT", "faults", [{"action": {"kind": "hang", "status": 1}}], id="field-of-another-kind"
        ),
        pytest.param("PUT", "settings", {"latencyy": 1}, id="unknown-setting"),
        pytest.param("PUT", "settings", {"latency": [2, 1]}, id="range-upside-down"),
        pytest.param("PUT", "settings", {"latency": -1}, id="negative-latency"),
        pytest.param("GET", "ledger?after=x", None, id="not-a-number"),
    ],
)
def test_the_control_api_refuses_what_it_does_not_know(
    provider: RemoteProvider, client: httpx.Client, method: str, path: str, body: object
) -> None:
    """A typing error in a test's fault is told, not ignored, and changes nothing."""
    before = provider.settings()

    answer = client.request(method, httpx.URL(provider.url).join(f"/_standin/{path}"), json=body)

    assert answer.status_code == 422
    assert provider.settings() == before

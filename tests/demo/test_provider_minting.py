"""The stand-in mints as the API does: answers, headers, lifetimes, and its own clock."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.provider import KEY

if TYPE_CHECKING:
    from demo.provider.remote import RemoteProvider

pytest_plugins = ["tests.support.provider_fixtures"]

GA = "/realtime/client_secrets"
BETA = "/realtime/sessions"
REALTIME = {"session": {"type": "realtime", "model": "gpt-realtime"}}


def test_client_secrets_gives_the_token_at_the_top_and_the_effective_session(client: httpx.Client) -> None:
    """A GA mint answers 200 with value, expiry, and the request laid over the defaults."""
    before = time.time()
    wanted = {"type": "realtime", "model": "gpt-realtime-2", "audio": {"output": {"voice": "marin"}}}

    answer = client.post(GA, json={"session": wanted})

    assert answer.status_code == 200
    content = answer.json()
    assert content["value"].startswith("ek_")
    assert int(before) + 600 <= content["expires_at"] <= time.time() + 600
    session = content["session"]
    assert session["id"].startswith("sess_")
    assert (session["object"], session["type"], session["model"]) == (
        "realtime.session",
        "realtime",
        "gpt-realtime-2",
    )
    assert session["expires_at"] == 0
    assert session["audio"]["output"]["voice"] == "marin"
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"


def test_client_secrets_needs_no_session(client: httpx.Client) -> None:
    """An empty object is a whole request: the API's defaults apply."""
    assert client.post(GA, json={}).json()["session"]["type"] == "realtime"


def test_a_transcription_session_has_no_model_and_no_output(client: httpx.Client) -> None:
    """The transcription kind is told by its type, and answers in its own shape."""
    session = client.post(GA, json={"session": {"type": "transcription"}}).json()["session"]

    assert session["object"] == "realtime.transcription_session"
    assert "model" not in session
    assert set(session["audio"]) == {"input"}


def test_sessions_gives_a_flat_session_with_the_token_inside(client: httpx.Client) -> None:
    """A beta mint answers 200 with the token in client_secret, which lives a minute."""
    before = time.time()

    content = client.post(BETA, json={"model": "gpt-4o-realtime-preview", "voice": "sage"}).json()

    assert content["client_secret"]["value"].startswith("ek_")
    assert int(before) + 60 <= content["client_secret"]["expires_at"] <= time.time() + 60
    assert (content["model"], content["voice"], content["object"]) == (
        "gpt-4o-realtime-preview",
        "sage",
        "realtime.session",
    )


def test_every_mint_gives_another_token(client: httpx.Client) -> None:
    """The same request twice gives two tokens and two sessions."""
    first, second = (client.post(GA, json=REALTIME).json() for _ in range(2))

    assert first["value"] != second["value"]
    assert first["session"]["id"] != second["session"]["id"]


@pytest.mark.parametrize("seconds", [10, 7200])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param(GA, lambda s: {"expires_after": {"anchor": "created_at", "seconds": s}}, id="GA"),
        pytest.param(
            BETA,
            lambda s: {"client_secret": {"expires_after": {"anchor": "created_at", "seconds": s}}},
            id="beta",
        ),
    ],
)
def test_the_lifetime_asked_for_is_given(
    provider: RemoteProvider, client: httpx.Client, path: str, body: Any, seconds: int
) -> None:
    """Both ends of the allowed range are given, counted in whole seconds from the issue."""
    content = client.post(path, json=body(seconds)).json()

    entry = provider.ledger()[-1]
    expires_at = content.get("expires_at") if path == GA else content["client_secret"]["expires_at"]
    assert expires_at == entry.mint.expires_at == int(entry.mint.issued_at) + seconds


@pytest.mark.parametrize("seconds", [5, 0, -30])
def test_a_forced_lifetime_wins(provider: RemoteProvider, client: httpx.Client, seconds: int) -> None:
    """The setting overrides what is asked for, beyond the bounds and into the past."""
    provider.set(lifetime=seconds)

    content = client.post(GA, json={"expires_after": {"seconds": 600}}).json()

    entry = provider.ledger()[-1]
    assert entry.mint.lifetime == seconds
    assert content["expires_at"] == int(entry.mint.issued_at) + seconds


def test_the_usual_headers_are_there(client: httpx.Client) -> None:
    """Request id, processing time and content type come with a success."""
    headers = client.post(GA, json=REALTIME).headers

    assert re.fullmatch(r"req_[0-9a-f]{32}", headers["x-request-id"])
    assert headers["openai-processing-ms"].isdigit()
    assert headers["content-type"] == "application/json"
    assert headers.get_list("date") == [headers["date"]]
    assert "server" not in headers


@pytest.mark.parametrize("offset", [0, 90, -3600])
def test_date_and_expiry_follow_the_stand_ins_own_clock(
    provider: RemoteProvider, client: httpx.Client, offset: float
) -> None:
    """A clock that is off shows in Date, in expires_at and in the ledger alike."""
    provider.set(clock_offset=offset)
    before = time.time() + offset

    answer = client.post(GA, json=REALTIME)

    after = time.time() + offset
    assert int(before) <= parsedate_to_datetime(answer.headers["date"]).timestamp() <= after
    assert int(before) + 600 <= answer.json()["expires_at"] <= after + 600
    assert before <= provider.ledger()[-1].mint.issued_at <= after


def test_latency_is_kept_and_counts_against_the_life(provider: RemoteProvider, client: httpx.Client) -> None:
    """A token is issued when the request comes in, and told when the latency has passed."""
    provider.set(latency=0.2)
    began = time.monotonic()

    client.post(GA, json=REALTIME)

    assert time.monotonic() - began >= 0.2
    entry = provider.ledger()[-1]
    assert entry.answered_at is not None
    assert 0.19 < entry.answered_at - entry.mint.issued_at < time.monotonic() - began + 0.01


def test_latency_may_be_a_range(provider: RemoteProvider, client: httpx.Client) -> None:
    """Drawn latencies lie in the range and differ."""
    provider.set(latency=[0.01, 0.2])
    after = provider.ledger()[-1:]

    for _ in range(5):
        client.post(GA, json=REALTIME)

    entries = provider.ledger(after[0].n if after else 0)
    waits = [it.answered_at - it.mint.issued_at for it in entries if it.answered_at is not None]
    assert min(waits) >= 0.009
    assert len({round(wait, 3) for wait in waits}) > 1


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        pytest.param('{"session":{"type":"realtime"}}', {}, id="absent"),
        pytest.param(
            '{"session":{"type":"realtime","audio":{"input":{"turn_detection":null}}}}',
            {"audio": {"input": {"turn_detection": None}}},
            id="null",
        ),
    ],
)
def test_a_recorded_request_tells_null_from_absent(
    provider: RemoteProvider, client: httpx.Client, body: str, seen: dict[str, Any]
) -> None:
    """What reached the stand-in can be read back as it was, without the key."""
    client.post(GA, content=body, headers={"Content-Type": "application/json", "OpenAI-Project": "proj-1"})

    last = provider.requests()[-1]
    assert last.body == {"session": {"type": "realtime"} | seen}
    assert last.headers["openai-project"] == "proj-1"
    assert last.status == 200
    assert KEY not in repr(last)


def test_an_explicit_null_turns_the_default_off(client: httpx.Client) -> None:
    """Null reaches the effective session as off; absent means the server's default."""
    off = {"session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}}}

    assert client.post(GA, json=off).json()["session"]["audio"]["input"]["turn_detection"] is None

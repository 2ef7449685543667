"""Minting over real HTTP on the loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from hack.controlplane.certificates import Authority
from realtime_operator.adapters.realtime_api import BODY_LIMIT, BUNDLES_KEPT, RealtimeApi
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintCall
from realtime_operator.core.reasons import Reason
from tests.adapters.fixed_clock import FixedClock
from tests.adapters.raw_server import Reply, answer, drip, raw, raw_server, silence
from tests.adapters.reachable import reachable_text

KEY = "sk-planted-0123456789"
INSTRUCTIONS = "planted-instructions-4711"
HASTY_S = 0.5
PATIENT_S = 20.0  # where something else than the deadline is tried, on a busy machine too


def call_to(
    port: int, *, scheme: str = "http", host: str = "127.0.0.1", ca: str | None = None, key: str = KEY
) -> MintCall:
    """A mint call with a planted key and planted instructions."""
    return MintCall(
        url=f"{scheme}://{host}:{port}/v1/realtime/client_secrets",
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        body=json.dumps({"session": {"instructions": INSTRUCTIONS}}).encode(),
        ca_bundle=ca,
    )


@pytest.fixture
async def api() -> AsyncIterator[RealtimeApi]:
    """The adapter with a clock that moves on by a second with every look."""
    async with RealtimeApi(FixedClock(1000.0, step=1.0), deadline=PATIENT_S) as api:
        yield api


async def failure(api: RealtimeApi, call: MintCall) -> str:
    """The message of the failure that the call ends in, which must hide key and body wherever one looks."""
    with pytest.raises(ProviderUnavailable) as caught:
        await api.mint(call)
    error = caught.value
    assert error.reason == Reason.PROVIDER_UNAVAILABLE
    assert error.status is None
    text = reachable_text(error)
    assert KEY not in text
    assert INSTRUCTIONS not in text
    return str(error)


async def test_request_and_answer_travel_as_they_are(api: RealtimeApi) -> None:
    """The body and headers given are sent; status, lower-case headers, body and times come back."""
    async with raw_server(answer(b'{"value":"x"}', headers="X-Request-ID: req_1\r\n")) as server:
        got = await api.mint(call_to(server.port))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/realtime/client_secrets HTTP/1.1\r\n")
    assert f"authorization: Bearer {KEY}" in head.decode().replace("Authorization", "authorization")
    assert b"user-agent: realtime-operator/" in head.lower()
    assert b"accept-encoding: identity" in head.lower()
    assert json.loads(body) == {"session": {"instructions": INSTRUCTIONS}}
    assert (got.status, got.body, got.headers["x-request-id"]) == (200, b'{"value":"x"}', "req_1")
    assert (got.sent_at, got.received_at, got.oversized) == (1001.0, 1002.0, False)


@pytest.mark.parametrize(
    "status", ["201 Created", "302 Found", "401 Unauthorized", "429 Too Many Requests", "503 Unavailable"]
)
async def test_every_status_is_an_answer(api: RealtimeApi, status: str) -> None:
    """No status raises, and a redirect is not followed."""
    async with raw_server(answer(b"no", status=status, headers="Location: /elsewhere\r\n")) as server:
        got = await api.mint(call_to(server.port))
    assert (got.status, got.body) == (int(status[:3]), b"no")
    assert len(server.requests) == 1


async def test_cookies_are_forgotten(api: RealtimeApi) -> None:
    """A cookie that the provider sets does not come back with the next mint on the same connection."""
    async with raw_server(answer(headers="Set-Cookie: track=1; Path=/\r\n")) as server:
        await api.mint(call_to(server.port, host="localhost"))
        await api.mint(call_to(server.port, host="localhost"))
    assert server.connections == 1
    assert b"cookie" not in server.requests[1].lower()


async def test_an_encoded_answer_is_not_decoded(api: RealtimeApi) -> None:
    """A content encoding that was not asked for leaves the body empty, whatever it would unfold to."""
    bomb = gzip.compress(b"0" * 50_000_000)
    async with raw_server(answer(bomb, headers="Content-Encoding: gzip\r\n")) as server:
        got = await api.mint(call_to(server.port))
    assert (got.status, got.body, got.oversized) == (200, b"", False)


@pytest.mark.parametrize(("length", "oversized"), [(BODY_LIMIT, False), (BODY_LIMIT + 1, True)])
async def test_a_long_answer_is_dropped(api: RealtimeApi, length: int, oversized: bool) -> None:  # noqa: FBT001 - a table's column
    """The cap is kept to the byte, and what is longer is dropped as a whole."""
    async with raw_server(answer(b"x" * length)) as server:
        got = await api.mint(call_to(server.port))
    assert got.oversized is oversized
    assert len(got.body) == (0 if oversized else length)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        pytest.param(raw(b""), "connection closed before the answer was complete", id="closes at once"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
            "connection closed before the answer was complete",
            id="closes in the body",
        ),
        pytest.param(raw(b"220 mail ready\r\n\r\n"), "answers something that is not HTTP", id="is not HTTP"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"),
            "answers something that is not HTTP",
            id="has endless headers",
        ),
    ],
)
async def test_no_complete_answer(api: RealtimeApi, reply: Reply, says: str) -> None:
    """Whatever keeps the answer from being complete is told apart, and nothing of the request is told."""
    async with raw_server(reply) as server:
        assert says in await failure(api, call_to(server.port))
    assert len(server.requests) == 1


@pytest.mark.parametrize("reply", [silence, drip])
async def test_no_answer_in_time(reply: Reply) -> None:
    """Neither silence nor a byte now and then holds a mint beyond its deadline."""
    async with (
        raw_server(reply) as server,
        RealtimeApi(FixedClock(1000.0, step=1.0), deadline=HASTY_S) as api,
    ):
        assert "no answer within 0.5 s" in await failure(api, call_to(server.port))


async def test_a_refused_connection(api: RealtimeApi, deaf_port: int) -> None:
    """A refused connection is named with host and port."""
    says = (
        f"The provider gave no answer: connection refused by 127.0.0.1:{deaf_port}; it will be asked again."
    )
    assert await failure(api, call_to(deaf_port)) == says


async def test_an_unknown_host() -> None:
    """A name that does not resolve is named; a resolver may take its time to say so."""
    async with RealtimeApi(FixedClock(1000.0, step=1.0), deadline=30.0) as api:
        assert "cannot resolve provider.invalid" in await failure(api, call_to(80, host="provider.invalid"))


async def test_an_untrusted_certificate(api: RealtimeApi, server_tls: ssl.SSLContext) -> None:
    """A certificate of an unknown authority is refused, with OpenSSL's code alone."""
    async with raw_server(answer(), tls=server_tls) as server:
        says = await failure(api, call_to(server.port, scheme="https", host="localhost"))
    assert "the certificate of localhost is not trusted (OpenSSL verify code 20)" in says
    assert server.requests == []


async def test_a_certificate_of_another_host(
    api: RealtimeApi, server_tls: ssl.SSLContext, authority: Authority
) -> None:
    """A certificate that does not name the host is refused although its authority is trusted."""
    bundle = authority.certificate.decode()
    async with raw_server(answer(), tls=server_tls) as server:
        says = await failure(api, call_to(server.port, scheme="https", ca=bundle))
    assert "the certificate of 127.0.0.1 is not trusted" in says


async def test_a_bundle_is_trusted(
    api: RealtimeApi, server_tls: ssl.SSLContext, authority: Authority
) -> None:
    """The provider's own CA bundle makes its certificate good."""
    bundle = authority.certificate.decode()
    async with raw_server(answer(b"good"), tls=server_tls) as server:
        got = await api.mint(call_to(server.port, scheme="https", host="localhost", ca=bundle))
    assert got.body == b"good"


async def test_tls_to_a_server_without(api: RealtimeApi) -> None:
    """HTTPS against a plain server is said to be no TLS."""
    async with raw_server(answer(), greeting=b"220 mail ready\r\n") as server:
        says = await failure(api, call_to(server.port, scheme="https"))
    assert f"no TLS connection with 127.0.0.1:{server.port}" in says


async def test_an_unusable_bundle(api: RealtimeApi) -> None:
    """A bundle without certificates fails the mint, not the process."""
    assert "CA bundle" in await failure(api, call_to(1, scheme="https", ca="no certificate"))


@pytest.mark.parametrize(
    "key", [f"{KEY}\nX-Injected: 1", f"{KEY}\N{SNOWMAN}"], ids=["line break", "not ASCII"]
)
async def test_a_key_that_no_header_can_carry(api: RealtimeApi, key: str) -> None:
    """A malformed key fails before anything is sent, and is not in the failure."""
    async with raw_server(answer()) as server:
        assert "the request could not be made" in await failure(api, call_to(server.port, key=key))
    assert server.requests == []


async def test_a_url_that_cannot_be_used(api: RealtimeApi) -> None:
    """A URL of another scheme is no crash."""
    assert "the URL cannot be used" in await failure(api, call_to(80, scheme="ftp"))
    assert "the URL cannot be used" in await failure(api, call_to(1 << 20))


async def test_a_failed_mint_is_not_repeated(api: RealtimeApi) -> None:
    """When the kept connection is closed upon the second request, that request is not sent again."""
    async with raw_server(answer(), raw(b""), answer()) as server:
        await api.mint(call_to(server.port))
        await failure(api, call_to(server.port))
    assert len(server.requests) == 2


async def test_proxy_variables_are_obeyed_only_if_wanted(
    api: RealtimeApi, monkeypatch: pytest.MonkeyPatch, deaf_port: int
) -> None:
    """A proxy named by the environment is passed over by default, and used by a setting."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{deaf_port}")
    monkeypatch.setenv("no_proxy", "")
    async with (
        raw_server(answer()) as server,
        RealtimeApi(FixedClock(), deadline=PATIENT_S, trust_env=True) as obedient,
    ):
        assert (await api.mint(call_to(server.port))).status == 200
        assert "cannot connect to the proxy" in await failure(obedient, call_to(server.port))


async def test_a_cancelled_mint_lets_go() -> None:
    """Cancelling a mint is not turned into a failure of the provider, and ends its connection."""
    async with raw_server(silence) as server, RealtimeApi(FixedClock(), deadline=PATIENT_S) as api:
        mint = asyncio.create_task(api.mint(call_to(server.port)))
        await server.heard.wait()
        mint.cancel()
        with pytest.raises(asyncio.CancelledError):
            await mint


async def test_the_transport_is_a_seam_and_clients_are_bounded() -> None:
    """Tests may carry requests themselves; one client is kept for each bundle, and not without end."""
    made: list[httpx.AsyncBaseTransport] = []

    def transport(_: ssl.SSLContext | None) -> httpx.AsyncBaseTransport:
        made.append(httpx.MockTransport(lambda request: httpx.Response(200, content=request.content)))
        return made[-1]

    bundles = [Authority(f"authority {n}").certificate.decode() for n in range(BUNDLES_KEPT + 1)]
    async with RealtimeApi(FixedClock(), transport=transport) as api:
        for bundle in [*bundles, *bundles[1:]]:
            assert (await api.mint(call_to(1, ca=bundle))).body == call_to(1).body
        assert len(made) == len(bundles)
        await api.mint(call_to(1, ca=bundles[0]))
        assert len(made) == len(bundles) + 1


async def test_a_token_that_has_come_is_kept_however_late_it_is_by_then() -> None:
    """The answer is there within the deadline, and then others hold the loop until that is over."""
    came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    class Waiting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await came
            return httpx.Response(200, content=b"{}", request=request)

    async with RealtimeApi(FixedClock(), deadline=0.2, transport=lambda _: Waiting()) as api:
        minting = asyncio.create_task(api.mint(call_to(1)))
        await asyncio.sleep(0.05)
        came.set_result(None)
        time.sleep(0.3)  # noqa: ASYNC251 - that is the story
        assert (await minting).status == 200

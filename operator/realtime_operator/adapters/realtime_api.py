"""The HTTP side of minting: httpx over aiohttp's transport, one client for each CA bundle.

No answer is followed, repeated, decoded or remembered; no exception that leaves this room holds the request.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from realtime_operator.adapters.mint_failure import BundleUnusable, why_no_answer
from realtime_operator.adapters.user_agent import USER_AGENT
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import Reason
from realtime_operator.ports import Clock

DEADLINE_S: Final = 12.0
"""For everything, from the look-up of the name to the last byte: a mint takes well below a second, and a 60 s token cannot wait long."""

CONNECT_TIMEOUT_S: Final = 5.0

BODY_LIMIT: Final = 256 * 1024
"""An answer repeats the session that was asked for, and that is at most as large."""

CONNECTIONS: Final = 0
"""No limit: the engine limits each provider by itself, and a common one would let a provider that hangs starve the others."""

BUNDLES_KEPT: Final = 16
"""Clients kept for CA bundles that came last; a rotated bundle leaves its old client behind."""

KEEP_ALIVE_S: Final = 15.0
"""Shorter than what servers and load balancers allow, so that a request seldom meets a connection being closed."""

TransportFactory = Callable[[ssl.SSLContext | None], httpx.AsyncBaseTransport]


@dataclass(slots=True)
class _Client:
    http: httpx.AsyncClient
    in_flight: int = 0


class RealtimeApi:
    """Mints over HTTP. Use it as an asynchronous context manager.

    Args:
        clock: stamps when a request was sent and an answer complete.
        deadline: seconds for one whole request.
        trust_env: whether the proxy variables of the environment are obeyed.
        transport: makes what carries requests, given the TLS context; tests put their own here.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        deadline: float = DEADLINE_S,
        trust_env: bool = False,
        transport: TransportFactory | None = None,
    ) -> None:
        self._clock = clock
        self._deadline = deadline
        self._transport = transport or (lambda tls: _aiohttp_transport(tls, trust_env=trust_env))
        self._clients: OrderedDict[str | None, _Client] = OrderedDict()

    async def __aenter__(self) -> Self:
        """Nothing to open yet: clients are made as bundles are met."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all clients and their connections."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.http.aclose()

    async def mint(self, call: MintCall) -> MintAnswer:
        """Send one request and read its answer, whatever the status.

        An answer in a content encoding, which was not asked for, comes back with an empty body.

        Raises:
            ProviderUnavailable: no complete answer came; the message says why.
        """
        try:
            async with asyncio.timeout(self._deadline), self._client(call.ca_bundle) as client:
                return await self._exchange(client, call)
        except Exception as error:  # noqa: BLE001 - whatever it is holds the request, and must not get out
            cause = why_no_answer(error, call.url, limit=self._deadline)
        # Raised out here, where the client's exception is no longer the context of this one.
        raise ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, f"The provider gave no answer: {cause}.")

    async def _exchange(self, client: httpx.AsyncClient, call: MintCall) -> MintAnswer:
        headers = httpx.Headers(call.headers)
        headers["Accept-Encoding"] = "identity"
        sent_at = self._clock.now()
        async with client.stream("POST", call.url, content=call.body, headers=headers) as response:
            body = await _capped(response)
        encoded = response.headers.get("content-encoding", "identity").lower() != "identity"
        return MintAnswer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body if body is not None and not encoded else b"",
            sent_at=sent_at,
            received_at=self._clock.now(),
            oversized=body is None,
        )

    @asynccontextmanager
    async def _client(self, ca_bundle: str | None) -> AsyncIterator[httpx.AsyncClient]:
        """The client that trusts the bundle, kept open while it is in use."""
        client = self._clients.get(ca_bundle)
        if client is None:
            client = self._clients[ca_bundle] = _Client(self._new_client(ca_bundle))
        self._clients.move_to_end(ca_bundle)
        client.in_flight += 1
        try:
            yield client.http
        finally:
            client.in_flight -= 1
            await self._close_surplus()

    def _new_client(self, ca_bundle: str | None) -> httpx.AsyncClient:
        tls = _trust_of(ca_bundle) if ca_bundle is not None else None
        return httpx.AsyncClient(
            transport=self._transport(tls),
            trust_env=False,  # the transport alone decides
            follow_redirects=False,
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": USER_AGENT},
            timeout=httpx.Timeout(self._deadline, connect=CONNECT_TIMEOUT_S),
        )

    async def _close_surplus(self) -> None:
        surplus = len(self._clients) - BUNDLES_KEPT
        idle = [bundle for bundle, client in self._clients.items() if not client.in_flight]
        for bundle in idle[: max(surplus, 0)]:
            await self._clients.pop(bundle).http.aclose()


async def _capped(response: httpx.Response) -> bytes | None:
    """The body as it came, undecoded; None once it is longer than BODY_LIMIT."""
    # What a mock transport answers with was read already.
    chunks = response.aiter_bytes() if response.is_stream_consumed else response.aiter_raw()
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _aiohttp_transport(tls: ssl.SSLContext | None, *, trust_env: bool) -> httpx.AsyncBaseTransport:
    context = tls or _system_trust()

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S, ssl=context, ttl_dns_cache=10
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=trust_env,
        )

    return AiohttpTransport(verify=context, client=session)


def _trust_of(ca_bundle: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=ca_bundle)
    except (ssl.SSLError, ValueError) as error:
        raise BundleUnusable from error


def _system_trust() -> ssl.SSLContext:
    """Trust what the system trusts; what httpx brings along where the system has no certificates at all."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
        return ssl.create_default_context()
    return httpx.create_ssl_context()

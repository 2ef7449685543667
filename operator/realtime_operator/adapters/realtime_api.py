"""The HTTP side of minting: httpx requests over aiohttp's transport, one transport for each CA bundle.

The transport is used without httpx's client around it, which would only add what a mint must not have: redirects, cookies, decoding,
authentication, the environment. That takes 0.30 ms of CPU a mint instead of 0.52. No exception that leaves this room holds the request.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from realtime_operator.adapters.mint_failure import BundleUnusable, why_no_answer
from realtime_operator.adapters.user_agent import USER_AGENT
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import Reason
from realtime_operator.ports import Clock
from realtime_operator.unhurried import in_step

DEADLINE_S: Final = 12.0
"""For everything, from the look-up of the name to the last byte: a mint takes well below a second, and a 60 s token cannot wait long."""

CONNECT_TIMEOUT_S: Final = 5.0

BODY_LIMIT: Final = 256 * 1024
"""An answer repeats the session that was asked for, and that is at most as large."""

CONNECTIONS: Final = 0
"""No limit: the engine limits each provider by itself, and a common one would let a provider that hangs starve the others."""

BUNDLES_KEPT: Final = 16
"""Transports kept for CA bundles that came last; a rotated bundle leaves its old one behind."""

KEEP_ALIVE_S: Final = 15.0
"""Shorter than what servers and load balancers allow, so that a request seldom meets a connection being closed."""

TransportFactory = Callable[[ssl.SSLContext | None], httpx.AsyncBaseTransport]


@dataclass(slots=True)
class _Carrier:
    transport: httpx.AsyncBaseTransport
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
        self._carriers: OrderedDict[str | None, _Carrier] = OrderedDict()
        self._options = {"timeout": httpx.Timeout(deadline, connect=CONNECT_TIMEOUT_S).as_dict()}

    async def __aenter__(self) -> Self:
        """Nothing to open yet: transports are made as bundles are met."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all transports and their connections."""
        while self._carriers:
            _, carrier = self._carriers.popitem()
            await carrier.transport.aclose()

    async def mint(self, call: MintCall) -> MintAnswer:
        """Send one request and read its answer, whatever the status.

        An answer in a content encoding, which was not asked for, comes back with an empty body.

        Raises:
            ProviderUnavailable: no complete answer came; the message says why.
        """
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._carried(call)
        except Exception as error:  # noqa: BLE001 - whatever it is holds the request, and must not get out
            cause = why_no_answer(error, call.url, limit=self._deadline)
        else:
            await in_step()  # out here, where no deadline can take away a token that has come
            return answer
        # Raised out here, where the client's exception is no longer the context of this one.
        raise ProviderUnavailable(
            Reason.PROVIDER_UNAVAILABLE, f"The provider gave no answer: {cause}; it will be asked again."
        )

    async def _carried(self, call: MintCall) -> MintAnswer:
        """The answer, by the transport that trusts the call's bundle, which is kept open while it is in use."""
        carrier = self._carriers.get(call.ca_bundle)
        if carrier is None:
            carrier = self._carriers[call.ca_bundle] = self._new_carrier(call.ca_bundle)
        self._carriers.move_to_end(call.ca_bundle)
        carrier.in_flight += 1
        try:
            return await self._exchange(carrier.transport, call)
        finally:
            carrier.in_flight -= 1
            if len(self._carriers) > BUNDLES_KEPT:
                await self._close_surplus()

    async def _exchange(self, transport: httpx.AsyncBaseTransport, call: MintCall) -> MintAnswer:
        request = httpx.Request(
            "POST", _parsed(call.url), headers=_sent(call), content=call.body, extensions=self._options
        )
        await in_step()
        sent_at = self._clock.now()
        response = await transport.handle_async_request(request)
        try:
            body = await _capped(response)
        finally:
            await response.aclose()
        received_at = self._clock.now()
        received = _headers(response)
        encoded = received.get("content-encoding", "identity").lower() != "identity"
        return MintAnswer(
            status=response.status_code,
            headers=received,
            body=body if body is not None and not encoded else b"",
            sent_at=sent_at,
            received_at=received_at,
            oversized=body is None,
            secrets=call.secrets,
        )

    def _new_carrier(self, ca_bundle: str | None) -> _Carrier:
        return _Carrier(self._transport(_trust_of(ca_bundle) if ca_bundle is not None else None))

    async def _close_surplus(self) -> None:
        surplus = len(self._carriers) - BUNDLES_KEPT
        idle = [bundle for bundle, carrier in self._carriers.items() if not carrier.in_flight]
        # All leave at once: while one is closed, another caller may count again.
        leaving = [self._carriers.pop(bundle) for bundle in idle[: max(surplus, 0)]]
        for carrier in leaving:
            await carrier.transport.aclose()


@lru_cache(maxsize=64)
def _parsed(url: str) -> httpx.URL:
    """A provider's few addresses, taken apart once."""
    return httpx.URL(url)


def _sent(call: MintCall) -> dict[str, str]:
    """The call's headers, ours where it has none of that name, and no encoding whatever it has."""
    named = {name.lower(): value for name, value in call.headers.items()}
    return {"user-agent": USER_AGENT, **named, "accept-encoding": "identity"}


async def _capped(response: httpx.Response) -> bytes | None:
    """The body as it came, undecoded; None once it is longer than BODY_LIMIT."""
    body = bytearray()
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("an asynchronous transport answers with an asynchronous stream")
    async for chunk in stream:
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _headers(response: httpx.Response) -> Mapping[str, str]:
    """Headers by their names in lower case; one that came more than once has its values joined, as RFC 9110 says."""
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _aiohttp_transport(tls: ssl.SSLContext | None, *, trust_env: bool) -> httpx.AsyncBaseTransport:
    trust = tls or _system_trust()

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S, ssl=trust, ttl_dns_cache=10
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=trust_env,
        )

    # The transport would make a context of its own, which it never uses where the session is given.
    return AiohttpTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client=session)


def _trust_of(ca_bundle: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=ca_bundle)
    except (ssl.SSLError, ValueError) as error:
        raise BundleUnusable from error


def _system_trust() -> ssl.SSLContext | Literal[True]:
    """Trust what the system trusts, by the context that aiohttp has for that; where it has no certificates, what httpx brings along."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
        # aiohttp makes that context when it is imported: SSL_CERT_FILE counts as it was when the process began.
        return True
    return httpx.create_ssl_context()

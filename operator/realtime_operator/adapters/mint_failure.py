"""Why no answer came, in words that hold nothing of the request.

httpx over aiohttp reports refusal, DNS trouble and bad certificates alike as a failed connect; the difference is down in the causes.
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import httpx


class BundleUnusable(Exception):
    """The provider's CA bundle cannot be loaded."""


def why_no_answer(error: BaseException, url: str, *, limit: float) -> str:
    """Put the failure into words.

    Args:
        error: what the HTTP client raised.
        url: where the request was sent.
        limit: the deadline in seconds.
    """
    host, address = _target(url)
    for cause in _causes(error):
        for kinds, words in _WORDS:
            if isinstance(cause, kinds):
                return words.format(host=host, address=address, limit=limit, detail=_detail(cause))
    return f"the request could not be made ({type(error).__name__})"


_WORDS: Final[tuple[tuple[tuple[type[BaseException], ...], str], ...]] = (
    (
        (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError),
        "the certificate of {host} is not trusted ({detail})",
    ),
    ((aiohttp.ClientConnectorDNSError,), "cannot resolve {host}"),
    ((BundleUnusable,), "the provider's CA bundle holds no usable certificate"),
    ((ssl.SSLError,), "no TLS connection with {address} ({detail})"),
    ((ConnectionRefusedError,), "connection refused by {address}"),
    ((aiohttp.ClientProxyConnectionError,), "cannot connect to the proxy ({detail})"),
    ((aiohttp.ClientHttpProxyError,), "the proxy refuses to reach {host} ({detail})"),
    ((aiohttp.ClientConnectorError,), "cannot connect to {address} ({detail})"),
    ((aiohttp.ConnectionTimeoutError,), "no connection with {address} in time"),
    ((TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout), "no answer within {limit:g} s"),
    ((aiohttp.ClientResponseError,), "{address} answers something that is not HTTP"),
    (
        (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError),
        "connection closed before the answer was complete",
    ),
    ((httpx.UnsupportedProtocol, httpx.InvalidURL, aiohttp.InvalidURL), "the URL cannot be used"),
)
"""The first line whose kinds fit speaks; particular kinds stand before general ones."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what caused it, outermost first; a refusal to connect before what wraps it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.ClientConnectorError) and not isinstance(
            cause, aiohttp.ClientProxyConnectionError
        ):
            yield cause.os_error if isinstance(cause.os_error, ConnectionRefusedError) else cause
        yield cause
        cause = cause.__cause__


def _detail(error: BaseException) -> str:
    """What is worth saying of an error, out of numbers and names that no peer can choose."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _detail(error.certificate_error)
        case aiohttp.ClientConnectorError():
            return _detail(error.os_error)
        case ssl.SSLCertVerificationError():
            words = f"OpenSSL verify code {error.verify_code}"
        case ssl.SSLError():
            words = error.reason
        case aiohttp.ClientResponseError():
            words = str(error.status)
        case OSError():
            words = errno.errorcode.get(error.errno or 0, "")
        case _:
            words = ""
    return words or type(error).__name__


def _target(url: str) -> tuple[str, str]:
    """Host, and host with port, of a URL; what stands before an @ in it may be a credential and is left out."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "the provider", parts.port
    except ValueError:
        return "the provider", "the provider"
    return host, f"{host}:{port or (443 if parts.scheme == 'https' else 80)}"

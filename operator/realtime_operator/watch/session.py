"""The HTTP session that kopf watches with: of our own status writes it lets nothing through.

Each rotation writes a status, and the watch echoes each. To take one such event through kopf costs 0.6 ms of CPU, a fifth of the whole
rotation; to read it here and leave it out costs a tenth of that. Kopf takes a session of one's own for granted
(https://docs.kopf.dev/en/stable/authentication/), and what it reads of a watch is the body of a response, line by line.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Self

import aiohttp

from realtime_operator.json_bytes import decoded
from realtime_operator.watch.news import News

_MODIFIED: Final = b'{"type":"MODIFIED"'
"""How the API server begins such an event; one that began otherwise would merely be left for kopf to throw away."""


def watching_session(
    tls: ssl.SSLContext, headers: Mapping[str, str], news: Mapping[str, News]
) -> aiohttp.ClientSession:
    """Open a session in the running loop.

    Args:
        tls: trusts the API server, and proves who we are where a client certificate does.
        headers: sent with every request.
        news: what was heard of each kind, by its plural; brought up to date with what is let through.
    """

    class Response(aiohttp.ClientResponse):
        """Its body is read as it comes, unless it is a watch."""

        async def start(self, connection: Any) -> Self:
            await super().start(connection)
            known = news.get(self.url.name)
            if known is not None and "watch" in self.url.query:
                self.content = _WithoutEchoes(self.content, known)  # type: ignore[assignment]
            return self

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls), headers=headers, response_class=Response
    )


class _WithoutEchoes:
    """A stream of lines, of which some are left out; else the stream that it reads from."""

    def __init__(self, content: aiohttp.StreamReader, news: News) -> None:
        self._content = content
        self._news = news

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Whole lines; what has no end yet waits for it."""
        rest = b""
        async for chunk in self._content.iter_chunked(size):
            *lines, rest = (rest + chunk).split(b"\n")
            kept = [line for line in lines if not self._is_echo(line)]
            if kept:
                yield b"\n".join(kept) + b"\n"
        if rest:
            yield rest

    def _is_echo(self, line: bytes) -> bool:
        if not line.startswith(_MODIFIED):
            return False
        try:
            body = decoded(line)["object"]
            if not self._news.is_news("MODIFIED", body):
                return True
            self._news.heard("MODIFIED", body)
        except (ValueError, LookupError, RecursionError):  # kopf has its own words for what cannot be read
            pass
        return False

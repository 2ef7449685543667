"""One request over HTTP, first byte to last: the seam between ASGI and the stand-in's decisions."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.types import Message, Receive, Scope, Send

from demo.provider.answers import Answer, Refused
from demo.provider.ledger import UNRECORDED_HEADERS, Mint
from demo.provider.provider import Arrival, Provider, decoded, key_in
from demo.provider.settings import fingerprint_of

if TYPE_CHECKING:
    from demo.provider.endpoint import Endpoint, Part

Drop = Callable[[Scope], None]


class Mints:
    """The ASGI app of one endpoint."""

    def __init__(self, provider: Provider, endpoint: Endpoint, drop: Drop) -> None:
        self._provider = provider
        self._endpoint = endpoint
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Treat one request: as a fault says when one takes it, else as the API does."""
        provider, endpoint = self._provider, self._endpoint
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body, unreadable = await read_body(receive, headers, provider.settings.body_limit)
        query = scope["query_string"].decode("latin-1")
        arrival = Arrival(endpoint, headers, query, body, unreadable, new_request_id())
        exchange = LiveExchange(provider, arrival, scope=scope, receive=receive, send=send, drop=self._drop)
        action = provider.faults.action_for(endpoint.name, endpoint.model_asked(body), provider.now())
        if action is not None:
            await action.perform(exchange)
            return
        answer = exchange.usual_answer()
        await exchange.latency()
        await exchange.send(answer)


class LiveExchange:
    """One request under way: implements what actions need."""

    def __init__(
        self, provider: Provider, arrival: Arrival, *, scope: Scope, receive: Receive, send: Send, drop: Drop
    ) -> None:
        self._provider = provider
        self._arrival = arrival
        self._scope = scope
        self._receive = receive
        self._send = send
        self._drop = drop
        self._began = time.perf_counter()
        self._mint: Mint | None = None
        self._record = self._keep_request()
        self.now = provider.now

    def _keep_request(self) -> dict[str, object] | None:
        provider, arrival = self._provider, self._arrival
        if not provider.settings.record_requests:
            return None
        return provider.requests.append(
            {
                "at": provider.now(),
                "method": self._scope["method"],
                "path": self._scope["path"],
                "endpoint": arrival.endpoint.name,
                "headers": {k: v for k, v in arrival.headers.items() if k not in UNRECORDED_HEADERS},
                "key_fingerprint": fingerprint_of(key_in(arrival.headers)),
                "body": arrival.body,
                "request_id": arrival.request_id,
                "status": None,
            }
        )

    def usual_answer(self, *, lifetime: int | None = None) -> Answer:
        """Treat the request as the API does; the token is entered in the ledger when the answer is sent."""
        if self._scope["method"] != "POST":
            return self.refusal(wrong_method(self._scope), {"allow": "POST"})
        try:
            self._mint, answer = self._provider.mint(self._arrival, lifetime=lifetime)
        except Refused as refused:
            return self.refusal(refused)
        return answer

    def refusal(self, refused: Refused, headers: dict[str, str | None] | None = None) -> Answer:
        """Lay out a refusal as the endpoint's dialect does."""
        return Answer.of_json(refused.status, self._arrival.endpoint.error(refused), headers)

    def blanked(self, answer: Answer, part: Part) -> Answer:
        """Give a success with null in place of its token or its expiry."""
        return self._arrival.endpoint.blanked(answer, part) if self._mint is not None else answer

    def mint_unanswered(self) -> None:
        """Make a token that nobody will ever see."""
        self.usual_answer()
        if self._mint is not None:
            self._provider.ledger.append(self._mint, None)
            self._mint = None

    async def latency(self) -> None:
        """Wait for the latency that is set, less what has passed already."""
        left = self._provider.draw_latency() - (time.perf_counter() - self._began)
        if left > 0:
            await asyncio.sleep(left)

    async def send(self, answer: Answer) -> None:
        """Send head and body in one go."""
        await self._start(answer)
        await self._send({"type": "http.response.body", "body": answer.body})

    async def drip(self, answer: Answer, *, size: int, pause: float, stop_after: int | None = None) -> None:
        """Send the head, then the body in pieces."""
        await self._start(answer)
        body = answer.body[:stop_after]
        for at in range(0, len(body), size):
            piece = body[at : at + size]
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(pause)
        if stop_after is None:
            await self._send({"type": "http.response.body", "body": b""})

    async def _start(self, answer: Answer) -> None:
        now = self._provider.now()
        if self._mint is not None:
            self._provider.ledger.append(self._mint, now)
            self._mint = None
        self._note(answer.status)
        took = time.perf_counter() - self._began
        headers = headers_of(answer, now=now, took=took, request_id=self._arrival.request_id)
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def drop(self) -> None:
        """Close the connection under the request."""
        self._drop(self._scope)
        await self.client_left(None)

    async def client_left(self, within: float | None) -> None:
        """Wait until the client has gone, at most `within` seconds; None waits forever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while (await self._receive())["type"] != "http.disconnect":
                    pass

    def _note(self, status: int) -> None:
        if self._record is not None:
            self._record["status"] = status


def headers_of(answer: Answer, *, now: float, took: float, request_id: str) -> list[tuple[bytes, bytes]]:
    """Give the headers every answer of the API has, with the answer's own laid over them.

    Args:
        answer: whose headers they are.
        now: the stand-in's time.
        took: seconds since the request came in.
        request_id: for `x-request-id`.
    """
    usual: dict[str, str | None] = {
        "date": formatdate(int(now), usegmt=True),
        "content-type": "application/json",
        "content-length": str(len(answer.body)),
        "openai-processing-ms": str(int(took * 1000)),
        "openai-version": "2020-10-01",
        "x-request-id": request_id,
    }
    laid_over = usual | answer.headers
    return [(name.encode(), value.encode()) for name, value in laid_over.items() if value is not None]


def new_request_id() -> str:
    """Make the id of one request."""
    return "req_" + secrets.token_hex(16)


async def read_body(
    receive: Callable[[], Awaitable[Message]], headers: dict[str, str], limit: int
) -> tuple[object, Refused | None]:
    """Read and decode a request body, at most `limit` bytes of it.

    Returns:
        The decoded body and None, or None and the refusal that the API would answer with.
    """
    raw = bytearray()
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if len(raw) > limit:
            return None, Refused(
                f"The body has more than {limit} bytes.", status=413, code="request_too_large"
            )
        if not message.get("more_body", False):
            break
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return None, Refused("The content type must be application/json.", code="unsupported_content_type")
    try:
        return decoded(bytes(raw)), None
    except Refused as refused:
        return None, refused


def wrong_method(scope: Scope) -> Refused:
    """Make the refusal of a method that the path does not know: 405."""
    message = f"{scope['method']} does not work on {scope['path']}, POST does."
    return Refused(message, status=405, code="method_not_supported")

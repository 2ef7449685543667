"""What a fault does to one request. A new way to misbehave is one class here and its name in `AnyAction`.

With `mint` a token is made and entered in the ledger, unanswered, before the fault strikes:
that is how a mint becomes an orphan.
"""

from __future__ import annotations

import gzip
from email.utils import formatdate
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from demo.provider.answers import INVALID_REQUEST, Answer, Refused
from demo.provider.endpoint import Part
from demo.provider.under_way import Exchange


class Action(BaseModel):
    """The part that all actions share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mint: bool = False

    async def perform(self, exchange: Exchange) -> None:
        """Treat one request."""
        if self.mint:
            exchange.mint_unanswered()
        await self.strike(exchange)

    async def strike(self, exchange: Exchange) -> None:
        """Do what the class is named for."""
        raise NotImplementedError


class ApiError(BaseModel):
    """The error object of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str | None = None
    type: str = INVALID_REQUEST
    message: str = "A planted fault."
    param: str | None = None


class Respond(Action):
    """Answer with this status, headers and body: `error` in the API's shape, else `json`, else `text`.

    Attributes:
        retry_after: seconds for a `Retry-After` header.
        retry_after_date: send those seconds as an HTTP date instead.
        headers: laid over the usual ones; null takes a usual one (`date`, `x-request-id`) away.
    """

    kind: Literal["respond"] = "respond"
    status: Annotated[int, Field(ge=200, le=599)] = 500
    error: ApiError | None = None
    body: JsonValue = None
    text: str = ""
    content_type: str | None = None
    retry_after: float | None = None
    retry_after_date: bool = False
    headers: dict[str, str | None] = {}

    async def strike(self, exchange: Exchange) -> None:
        """Answer after the usual latency."""
        await exchange.latency()
        await exchange.send(self._answer(exchange))

    def _answer(self, exchange: Exchange) -> Answer:
        headers: dict[str, str | None] = {}
        if self.content_type:
            headers["content-type"] = self.content_type
        if self.retry_after is not None:
            whole = int(self.retry_after) if self.retry_after.is_integer() else self.retry_after
            dated = formatdate(exchange.now() + self.retry_after, usegmt=True)
            headers["retry-after"] = dated if self.retry_after_date else str(whole)
        headers |= {name.lower(): value for name, value in self.headers.items()}
        if self.error:
            error = self.error
            refused = Refused(
                error.message, status=self.status, kind=error.type, param=error.param, code=error.code
            )
            return exchange.refusal(refused, headers)
        if self.body is not None:
            return Answer.of_json(self.status, self.body, headers)
        return Answer(self.status, self.text.encode(), headers)


class Html(Action):
    """Answer as a proxy in front of the API does when it fails: with a page."""

    kind: Literal["html"] = "html"
    status: Annotated[int, Field(ge=200, le=599)] = 502

    async def strike(self, exchange: Exchange) -> None:
        """Answer after the usual latency."""
        page = f"<html><head><title>{self.status}</title></head><body><h1>{self.status}</h1></body></html>"
        await exchange.latency()
        await exchange.send(Answer(self.status, page.encode(), {"content-type": "text/html"}))


class Empty(Action):
    """Answer without a body."""

    kind: Literal["empty"] = "empty"
    status: Annotated[int, Field(ge=200, le=599)] = 200

    async def strike(self, exchange: Exchange) -> None:
        """Answer after the usual latency."""
        await exchange.latency()
        await exchange.send(Answer(self.status, b"", {"content-type": None}))


class Redirect(Action):
    """Send the client elsewhere; one that follows carries its key along."""

    kind: Literal["redirect"] = "redirect"
    status: Annotated[int, Field(ge=300, le=399)] = 307
    location: str

    async def strike(self, exchange: Exchange) -> None:
        """Answer after the usual latency."""
        await exchange.latency()
        await exchange.send(Answer(self.status, b"", {"location": self.location, "content-type": None}))


class Hang(Action):
    """Say nothing until the client leaves, or for `seconds`, then drop the connection."""

    kind: Literal["hang"] = "hang"
    seconds: Annotated[float, Field(ge=0)] | None = None

    async def strike(self, exchange: Exchange) -> None:
        """Wait, then drop."""
        await exchange.client_left(self.seconds)
        await exchange.drop()


class Drop(Action):
    """Drop the connection: at once, or when `after_bytes` of the usual answer's body are out."""

    kind: Literal["drop"] = "drop"
    after_bytes: Annotated[int, Field(ge=0)] | None = None

    async def strike(self, exchange: Exchange) -> None:
        """Send what is to be sent, then drop."""
        if self.after_bytes is not None:
            answer = exchange.usual_answer()
            await exchange.latency()
            await exchange.drip(answer, size=1 << 16, pause=0, stop_after=self.after_bytes)
        await exchange.drop()


class Drip(Action):
    """Send the usual answer slowly: `size` bytes every `pause` seconds."""

    kind: Literal["drip"] = "drip"
    size: Annotated[int, Field(ge=1)] = 1
    pause: Annotated[float, Field(ge=0)] = 1.0

    async def strike(self, exchange: Exchange) -> None:
        """Send the usual answer, piece by piece."""
        answer = exchange.usual_answer()
        await exchange.latency()
        await exchange.drip(answer, size=self.size, pause=self.pause)


class Lifetime(Action):
    """Answer as usual, with a token that lives `seconds`, whatever was asked; may be 0 or negative."""

    kind: Literal["lifetime"] = "lifetime"
    seconds: int

    async def strike(self, exchange: Exchange) -> None:
        """Answer after the usual latency."""
        answer = exchange.usual_answer(lifetime=self.seconds)
        await exchange.latency()
        await exchange.send(answer)


class Blank(Action):
    """Answer as usual, with null in place of the token or of the expiry beside it."""

    kind: Literal["blank"] = "blank"
    part: Part

    async def strike(self, exchange: Exchange) -> None:
        """Answer after the usual latency."""
        answer = exchange.blanked(exchange.usual_answer(), self.part)
        await exchange.latency()
        await exchange.send(answer)


class Bloat(Action):
    """Answer as usual, with `size` bytes of padding before the token; `compressed`, they are few until somebody unfolds them."""

    kind: Literal["bloat"] = "bloat"
    size: Annotated[int, Field(ge=1)] = 10_000_000
    compressed: bool = False

    async def strike(self, exchange: Exchange) -> None:
        """Answer after the usual latency."""
        usual = exchange.usual_answer()
        body = b'{"padding":"' + b"0" * self.size + b'",' + usual.body.removeprefix(b"{")
        headers = dict(usual.headers)
        if self.compressed:
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        await exchange.latency()
        await exchange.send(Answer(usual.status, body, headers))


AnyAction = Respond | Html | Empty | Redirect | Hang | Drop | Drip | Lifetime | Blank | Bloat

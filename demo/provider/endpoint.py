"""One way to mint, as data: where, what a request may hold, and how answers and refusals are laid out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from demo.provider.answers import Answer, Refused
from demo.provider.shapes import Shape, is_object

LayOut = Callable[[Mapping[str, object], str, int, str], dict[str, object]]
"""Makes the body of a success from request body, token, expiry in seconds since 1970, and session id."""

Part = Literal["token", "expiry"]


def standard_error(refused: Refused) -> dict[str, object]:
    """Lay out a refusal as the API does: all four keys present, two of them nullable."""
    error = {"message": refused.message, "type": refused.kind, "param": refused.param, "code": refused.code}
    return {"error": error}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One way to mint.

    Attributes:
        name: as design and ledger name it.
        path: below the base URL.
        request: the table that a request body must fit.
        lifetime: seconds a token lives when the request asks for none.
        lifetime_at: where in a body the wanted seconds stand; empty where none can be asked for.
        model_at: where in a body the model stands.
        lay_out: makes the body of a success.
        status: of a success.
        prefix: how tokens begin.
        longest: seconds above which a wish is cut, or None.
        scheme: the one way in which the key may come, or None for both.
        query: what must stand in the URL's query, or nothing.
        token_at: where in an answer the token stands.
        expiry_at: where in an answer the expiry stands.
        error: lays out a refusal.
    """

    name: str
    path: str
    request: Shape
    lifetime: int
    lifetime_at: tuple[str, ...]
    model_at: tuple[str, ...]
    lay_out: LayOut
    status: int = 200
    prefix: str = "ek_"
    longest: int | None = None
    scheme: Literal["Bearer", "ApiKeyHeader"] | None = None
    query: str = ""
    token_at: tuple[str, ...] = ("value",)
    expiry_at: tuple[str, ...] = ("expires_at",)
    error: Callable[[Refused], dict[str, object]] = standard_error

    def lifetime_asked(self, body: object) -> int:
        """Give the seconds that a checked body asks for, cut to the longest, or the default."""
        asked = member(body, self.lifetime_at) if self.lifetime_at else None
        if not isinstance(asked, int):
            return self.lifetime
        return asked if self.longest is None else min(asked, self.longest)

    def model_asked(self, body: object) -> str | None:
        """Give the model that a body, checked or not, names."""
        model = member(body, self.model_at)
        return model if isinstance(model, str) else None

    def blanked(self, answer: Answer, part: Part) -> Answer:
        """Give a success with null in place of its token or its expiry."""
        document = json.loads(answer.body)
        *way, name = self.token_at if part == "token" else self.expiry_at
        holder = member(document, tuple(way))
        if is_object(holder):
            holder[name] = None
        return Answer.of_json(answer.status, document, answer.headers)


def member(body: object, path: tuple[str, ...]) -> object:
    """Give the value at a path of object members, None where there is none."""
    for name in path:
        if not is_object(body):
            return None
        body = body.get(name)
    return body

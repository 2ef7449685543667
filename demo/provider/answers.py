"""Answers of the stand-in, and the refusals that become answers in the API's error shape."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

# Made once: json.dumps makes an encoder anew for every call with separators.
COMPACT = json.JSONEncoder(separators=(",", ":")).encode
INVALID_REQUEST = "invalid_request_error"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer before it is sent.

    Attributes:
        status: the HTTP status.
        body: the bytes of the body, complete.
        headers: laid over the stand-in's usual headers, by lower-case name; None takes a usual one away.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, content: object, headers: dict[str, str | None] | None = None) -> Answer:
        """Make an answer whose body is the compact JSON of `content`."""
        return cls(status, COMPACT(content).encode(), headers or {})


class Refused(Exception):
    """The request is refused; carries the four parts of the API's error object and the status."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        kind: str = INVALID_REQUEST,
    ) -> None:
        super().__init__(code or kind)  # never the message: it may echo what the request held
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind


def error_answer(
    status: int,
    message: str,
    *,
    kind: str = INVALID_REQUEST,
    param: str | None = None,
    code: str | None = None,
    headers: dict[str, str | None] | None = None,
) -> Answer:
    """Make an error answer with all four keys present, as the API does."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Answer.of_json(status, {"error": error}, headers)

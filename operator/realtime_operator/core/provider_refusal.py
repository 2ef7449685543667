"""Reads an answer that is no success into one error of the tree, from safe parts only.

A provider's own message is never repeated: a 401 echoes part of the key. Its ``code``, ``type`` and ``param`` are, where they look
like the identifiers they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from realtime_operator.core.errors import (
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.reasons import Reason
from realtime_operator.core.timestamps import from_http_date

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.\[\]-]{1,96}")
"""What a code, a type, a param or a request id may look like; anything else is dropped."""

_SECRETIVE = re.compile(r"(?i)(^|[^a-z])(sk|ek|vcst|rt)[-_]|[A-Za-z0-9]{40,}")
"""What looks like a credential is dropped even where an identifier is expected."""

LONGEST_RETRY_AFTER_S = 3600.0
"""A wish beyond an hour is not obeyed to the letter: nobody would notice that it had been a mistake."""

BILLING_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""Codes of a 429 that time does not mend (error-codes guide of the API)."""

_SOON = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})


@dataclass(frozen=True, slots=True)
class ErrorFields:
    """The safe identifiers of an error body; empty strings where there were none."""

    code: str = ""
    type: str = ""
    param: str = ""


def refusal(answer: MintAnswer) -> ProviderError:
    """Make the error of an answer whose status is no success."""
    fields = error_fields(answer.body)
    said = _said(answer.status, fields)
    common: dict[str, Any] = {
        "status": answer.status,
        "request_id": request_id_of(answer),
        "retry_after": retry_after_of(answer),
    }
    status = answer.status
    if fields.code == "beta_api_shape_disabled":
        text = f"{said}: this endpoint is retired at the provider; set spec.endpoint ClientSecrets and write spec.session in its shape."
        return ProviderRejected(Reason.ENDPOINT_RETIRED, text, **common)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        if fields.code in BILLING_CODES or (not fields.code and fields.type == "insufficient_quota"):
            text = f"{said}: the account has no credit or has reached a limit; its owner raises it."
            return ProviderUnauthorized(Reason.PROVIDER_BILLING, text, **common)
        return ProviderThrottled(
            Reason.PROVIDER_THROTTLED, f"{said}: too many requests; it will be asked again.", **common
        )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        text = f"{said}: the key, its rights or its project is refused; the provider's administrator mends the key Secret or the rights."
        return ProviderUnauthorized(Reason.PROVIDER_UNAUTHORIZED, text, **common)
    if status in _SOON or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    ):
        return ProviderUnavailable(
            Reason.PROVIDER_UNAVAILABLE,
            f"{said}: the provider is in trouble; it will be asked again.",
            **common,
        )
    return ProviderRejected(Reason.PROVIDER_REJECTED, f"{said}: {_remedy(status, fields)}", **common)


def error_fields(body: bytes) -> ErrorFields:
    """Read the identifiers of an error body, whatever its shape."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorFields()
    error = document.get("error", document) if isinstance(document, dict) else None
    if isinstance(error, str):
        return ErrorFields(code=_identifier(error))
    if not isinstance(error, dict):
        return ErrorFields()
    return ErrorFields(
        _identifier(error.get("code")), _identifier(error.get("type")), _identifier(error.get("param"))
    )


def request_id_of(answer: MintAnswer) -> str | None:
    """The answer's request id, where it looks like one."""
    return _identifier(answer.headers.get("x-request-id")) or None


def retry_after_of(answer: MintAnswer) -> float | None:
    """Seconds the provider asks to wait: ``retry-after-ms``, else ``Retry-After`` in seconds or as a date; None without a sound wish."""
    milliseconds = _number(answer.headers.get("retry-after-ms"))
    if milliseconds is not None:
        return min(milliseconds / 1000, LONGEST_RETRY_AFTER_S)
    text = answer.headers.get("retry-after")
    seconds = _number(text)
    if seconds is None:
        date, now = from_http_date(text), from_http_date(answer.headers.get("date"))
        seconds = date - (now if now is not None else answer.received_at) if date is not None else None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_S) if seconds is not None else None


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text.strip()) else None


def _identifier(value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    text = str(value)
    if not _IDENTIFIER.fullmatch(text) or _SECRETIVE.search(text) or text == "None":
        return ""
    return text


def _said(status: int, fields: ErrorFields) -> str:
    what = fields.code or fields.type
    return f"The provider answered {status} {what}".rstrip()


def _remedy(status: int, fields: ErrorFields) -> str:
    if fields.param:
        return f"{field_path(fields.param)} is refused as written; correct it."
    if status == HTTPStatus.NOT_FOUND:
        return "there is no such model, or no such path below the provider's baseURL; correct spec.session.model, or the provider."
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return "it redirects, and redirects are not followed with a key; correct the provider's baseURL."
    if status == HTTPStatus.NOT_IMPLEMENTED:
        return "it has no ephemeral tokens at this endpoint; choose another endpoint or provider."
    return "the request is refused as written; correct spec.session, spec.endpoint or spec.lifetimeSeconds."


def field_path(param: str) -> str:
    """The object's field that a body's dotted ``param`` means."""
    if "expires_a" in param:
        return "spec.lifetimeSeconds"
    if param == "session" or param.startswith(("session.", "session[")):
        return f"spec.{param}"
    return f"spec.session.{param}"

"""Reads an answer that is no success into one error of the tree, from safe parts only.

A provider's own message is never repeated: a 401 echoes part of the key. Its ``code``, ``type`` and ``param`` are, where they look
like the identifiers they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from realtime_operator.core.errors import FailureClass, ProviderError, ProviderRejected
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.rate_hint import refill_of
from realtime_operator.core.refusal_catalogue import Meaning, meaning_of
from realtime_operator.core.timestamps import from_http_date

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.\[\]-]{1,96}")
"""What a code, a type, a param or a request id may look like; anything else is dropped."""

_SECRETIVE = re.compile(r"(?i)(^|[^a-z])(sk|ek|vcst|rt)[-_]|[A-Za-z0-9]{40,}")
"""What looks like a credential is dropped even where an identifier is expected."""

_PARTS = re.compile(r"[^A-Za-z0-9]+")
_DRAWN = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{13,}|.{33,}")
"""A run of letters that was drawn by chance, not written: long, with digits among them, or beyond any word."""

LONGEST_RETRY_AFTER_S = 3600.0
"""A wish beyond an hour is not obeyed to the letter: nobody would notice that it had been a mistake."""


@dataclass(frozen=True, slots=True)
class ErrorFields:
    """The safe identifiers of an error body; empty strings where there were none."""

    code: str = ""
    type: str = ""
    param: str = ""


def refusal(answer: MintAnswer) -> ProviderError:
    """Make the error of an answer whose status is no success."""
    fields, wish = error_fields(answer), retry_after_of(answer)
    meaning = meaning_of(answer.status, code=fields.code, kind=fields.type, asks_to_wait=wish is not None)
    what = f"The provider answered {answer.status} {fields.code or fields.type}".rstrip()
    remedy = meaning.remedy
    if meaning.kind is ProviderRejected and fields.param and not meaning.firm:
        remedy = f"{field_path(fields.param)} is refused as written; correct it"
    return meaning.kind(
        meaning.reason,
        f"{what}: {remedy}.",
        status=answer.status,
        request_id=request_id_of(answer),
        retry_after=wish,
        refill=refill_of(answer.headers),
        failure_class=_class_of(meaning, answer.headers.get("x-should-retry")),
    )


def _class_of(meaning: Meaning, should_retry: str | None) -> FailureClass | None:
    """The row's class, unless the provider itself says to ask again; None for the usual one of the error.

    ``false`` changes nothing: it tells a client not to repeat this one call, not that a person has to act.
    """
    usual = meaning.failure_class or meaning.kind.failure_class
    said = (should_retry or "").strip().lower()
    if not meaning.firm and said == "true" and usual is not FailureClass.SOON:
        return FailureClass.SOON
    return meaning.failure_class


def error_fields(answer: MintAnswer) -> ErrorFields:
    """Read the identifiers of an error body, whatever its shape."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ErrorFields()
    error = document.get("error", document) if isinstance(document, dict) else None
    if isinstance(error, str):
        return ErrorFields(code=_word(answer, error))
    if not isinstance(error, dict):
        return ErrorFields()
    return ErrorFields(*(_word(answer, error.get(name)) for name in ("code", "type", "param")))


def request_id_of(answer: MintAnswer) -> str | None:
    """The answer's request id, where it looks like one."""
    return _identifier(answer, answer.headers.get("x-request-id")) or None


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
    digits = (text or "").strip()
    return float(digits) if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", digits) else None


def _word(answer: MintAnswer, value: Any) -> str:
    """An identifier made of words, as codes and paths are: nothing drawn by chance, as tokens are."""
    text = _identifier(answer, value)
    return "" if any(_DRAWN.fullmatch(part) for part in _PARTS.split(text)) else text


def _identifier(answer: MintAnswer, value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    text = str(value)
    if not _IDENTIFIER.fullmatch(text) or _SECRETIVE.search(text) or text == "None" or answer.tells(text):
        return ""
    return text


def field_path(param: str) -> str:
    """The object's field that a body's dotted ``param`` means."""
    if "expires_a" in param:
        return "spec.lifetimeSeconds"
    if param == "session" or param.startswith(("session.", "session[")):
        return f"spec.{param}"
    return f"spec.session.{param}"

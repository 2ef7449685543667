"""Answers that are no success: who must act, why, and what is dropped."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from realtime_operator.core.errors import (
    FailureClass,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from realtime_operator.core.provider_refusal import (
    ErrorFields,
    error_fields,
    field_path,
    refusal,
    request_id_of,
    retry_after_of,
)
from realtime_operator.core.reasons import Reason
from tests.support.builders import NOW, an_answer

CLASSES: list[tuple[int, dict[str, str], type[ProviderError], Reason]] = [
    (301, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (307, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (400, {"code": "invalid_value"}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (400, {"code": "beta_api_shape_disabled"}, ProviderRejected, Reason.ENDPOINT_RETIRED),
    (401, {"code": "invalid_api_key"}, ProviderUnauthorized, Reason.PROVIDER_UNAUTHORIZED),
    (402, {}, ProviderUnauthorized, Reason.PROVIDER_BILLING),
    (403, {}, ProviderUnauthorized, Reason.PROVIDER_UNAUTHORIZED),
    (403, {"code": "model_not_found"}, ProviderUnauthorized, Reason.PROVIDER_UNAUTHORIZED),
    (403, {"code": "PermissionDenied"}, ProviderUnauthorized, Reason.PROVIDER_UNAUTHORIZED),
    (403, {"code": "insufficient_quota"}, ProviderUnauthorized, Reason.PROVIDER_BILLING),
    (404, {"code": "DeploymentNotFound"}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (404, {"code": "model_not_found"}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (405, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (408, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (409, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (413, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (415, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (422, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (425, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (429, {}, ProviderThrottled, Reason.PROVIDER_THROTTLED),
    (429, {"code": "rate_limit_exceeded", "type": "requests"}, ProviderThrottled, Reason.PROVIDER_THROTTLED),
    (429, {"code": "a_code_of_tomorrow"}, ProviderThrottled, Reason.PROVIDER_THROTTLED),
    (429, {"code": "insufficient_quota"}, ProviderUnauthorized, Reason.PROVIDER_BILLING),
    (429, {"type": "insufficient_quota"}, ProviderUnauthorized, Reason.PROVIDER_BILLING),
    (
        429,
        {"code": "rate_limit_exceeded", "type": "insufficient_quota"},
        ProviderThrottled,
        Reason.PROVIDER_THROTTLED,
    ),
    (429, {"code": "quota_of_tomorrow"}, ProviderUnauthorized, Reason.PROVIDER_BILLING),
    (429, {"code": "credit_balance_exhausted"}, ProviderUnauthorized, Reason.PROVIDER_BILLING),
    (500, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (501, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
    (502, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (503, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (504, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (520, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (529, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (999, {}, ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE),
    (199, {}, ProviderRejected, Reason.PROVIDER_REJECTED),
]


@pytest.mark.parametrize(
    ("status", "error", "kind", "reason"),
    CLASSES,
    ids=[f"{row[0]} {' '.join(row[1].values())} is {row[3]}" for row in CLASSES],
)
def test_who_must_act(status: int, error: dict[str, str], kind: type[ProviderError], reason: Reason) -> None:
    """Status and code together say whether time, people or the author help."""
    made = refusal(an_answer({"error": error}, status=status))
    assert type(made) is kind
    assert (made.reason, made.status) == (reason, status)
    assert str(made).startswith(f"The provider answered {status}")


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        *(
            (status, {}, FailureClass.TERMINAL)
            for status in (301, 400, 406, 410, 411, 413, 414, 415, 422, 431, 451)
        ),
        *((status, {}, FailureClass.PEOPLE) for status in (401, 403, 404, 405, 501)),
        (404, {"code": "model_not_found"}, FailureClass.PEOPLE),
        (404, {"code": "DeploymentNotFound"}, FailureClass.SOON),
        (404, {"code": "beta_api_shape_disabled"}, FailureClass.TERMINAL),
        (501, {"code": "beta_api_shape_disabled"}, FailureClass.TERMINAL),
    ],
)
def test_what_may_be_there_later_is_asked_for_again(
    status: int, error: dict[str, str], expected: FailureClass
) -> None:
    """Who answers 404, 405 or 501 may be a gateway that is rolled out; what is refused as written stays so."""
    assert refusal(an_answer({"error": error}, status=status)).failure_class is expected


MESSAGES: list[tuple[str, int, Any, str]] = [
    (
        "a field of the session",
        400,
        {"error": {"code": "invalid_value", "param": "session.audio.output.voice", "message": "planted"}},
        "The provider answered 400 invalid_value: spec.session.audio.output.voice is refused as written; correct it.",
    ),
    (
        "the lifetime",
        400,
        {"error": {"code": "integer_above_max_value", "param": "expires_after.seconds"}},
        "The provider answered 400 integer_above_max_value: spec.lifetimeSeconds is refused as written; correct it.",
    ),
    (
        "a model that does not exist",
        404,
        {"error": {"type": "invalid_request_error", "code": None}},
        (
            "The provider answered 404 invalid_request_error: there is no such model, or no such path below the provider's baseURL;"
            " correct spec.session.model, or the provider."
        ),
    ),
    (
        "a redirect",
        308,
        None,
        "The provider answered 308: it redirects, and redirects are not followed with a key; correct the provider's baseURL.",
    ),
    (
        "an operation that is not there",
        501,
        {},
        "The provider answered 501: it has no ephemeral tokens at this endpoint; choose another endpoint or provider.",
    ),
    (
        "a retired endpoint",
        400,
        {"error": {"code": "beta_api_shape_disabled"}},
        (
            "The provider answered 400 beta_api_shape_disabled: this endpoint is retired at the provider; rewrite the session"
            " for ClientSecrets, which kubectl realtime convert does."
        ),
    ),
    (
        "a refused key",
        401,
        {"error": {"code": "invalid_api_key", "message": "Incorrect key: sk-planted"}},
        (
            "The provider answered 401 invalid_api_key: the key is wrong or was revoked; the provider's administrator stores a valid"
            " one in the key Secret."
        ),
    ),
    (
        "a restricted key",
        401,
        {"error": {"code": None, "type": "invalid_request_error", "message": "Missing scopes: planted"}},
        (
            "The provider answered 401 invalid_request_error: the key, its rights or its project is refused; the provider's administrator"
            " mends the key Secret or the rights."
        ),
    ),
    (
        "a retired endpoint, whatever field is named",
        400,
        {"error": {"code": "beta_api_shape_disabled", "param": "session.type"}},
        (
            "The provider answered 400 beta_api_shape_disabled: this endpoint is retired at the provider; rewrite the session"
            " for ClientSecrets, which kubectl realtime convert does."
        ),
    ),
    (
        "nothing else is said",
        422,
        {"detail": ["planted"]},
        "The provider answered 422: the request is refused as written; correct spec.session, spec.endpoint or spec.lifetimeSeconds.",
    ),
]


@pytest.mark.parametrize(
    ("status", "body", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_what_people_read(status: int, body: Any, message: str) -> None:
    """The message names field, cause and remedy in our own words."""
    assert str(refusal(an_answer(body, status=status))) == message


@pytest.mark.parametrize(
    ("param", "path"),
    [
        ("session.model", "spec.session.model"),
        ("session", "spec.session"),
        ("session[0]", "spec.session[0]"),
        ("model", "spec.session.model"),
        ("sessions", "spec.session.sessions"),
        ("expires_after.seconds", "spec.lifetimeSeconds"),
        ("client_secret.expires_at", "spec.lifetimeSeconds"),
    ],
)
def test_params_are_told_as_fields(param: str, path: str) -> None:
    """The provider's dotted param is told as the object's field."""
    assert field_path(param) == path


BODIES: list[tuple[str, bytes, ErrorFields]] = [
    (
        "the API's shape",
        b'{"error":{"code":"a","type":"b","param":"c.d[0]"}}',
        ErrorFields("a", "b", "c.d[0]"),
    ),
    ("a gateway's flat shape", b'{"code":"a","type":"b"}', ErrorFields("a", "b")),
    ("an error that is a word", b'{"error":"unauthorized"}', ErrorFields("unauthorized")),
    ("a code that is a number", b'{"error":{"code":1234}}', ErrorFields("1234")),
    ("a code that is true", b'{"error":{"code":true}}', ErrorFields()),
    ("a code that is Python's None", b'{"error":{"code":"None"}}', ErrorFields()),
    ("a sentence is no code", b'{"error":{"code":"Key is wrong"}}', ErrorFields()),
    ("a code with a line break", b'{"error":{"code":"a\\nb"}}', ErrorFields()),
    ("a code with a line break at its end", b'{"error":{"code":"a\\n"}}', ErrorFields()),
    ("a code without end", b'{"error":{"code":"' + b"a" * 97 + b'"}}', ErrorFields()),
    ("a key as code", b'{"error":{"code":"sk-abc"}}', ErrorFields()),
    ("a key within a code", b'{"error":{"code":"bad.sk-abc"}}', ErrorFields()),
    ("a token as param", b'{"error":{"param":"ek_abc"}}', ErrorFields()),
    ("a long random text", b'{"error":{"type":"' + b"x1" * 20 + b'"}}', ErrorFields()),
    ("sk within a word", b'{"error":{"code":"task_failed"}}', ErrorFields("task_failed")),
    ("HTML", b"<html>", ErrorFields()),
    ("nothing", b"", ErrorFields()),
    ("a list", b"[1]", ErrorFields()),
    ("an error that is a list", b'{"error":[1]}', ErrorFields()),
    ("nested beyond measure", b'{"error":' * 50_000, ErrorFields()),
    ("bytes that are no text", b"\xff\xff", ErrorFields()),
]


@pytest.mark.parametrize(("body", "fields"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_only_identifiers_are_taken_from_a_body(body: bytes, fields: ErrorFields) -> None:
    """Whatever does not look like an identifier, or looks like a credential, is dropped."""
    assert error_fields(an_answer(body=body)) == fields


@pytest.mark.parametrize("key", ["hotel-gateway-key-of-the-lobby", "012345678901", "AzureLooksLikeAWord"])
def test_a_key_of_any_look_is_dropped_where_it_is_repeated(key: str) -> None:
    """What was sent as a credential is known, so it is told from a code even where it looks like one; so is a good part of it."""
    body = json.dumps({"error": {"code": key, "type": f"bad.{key}", "param": f"session.{key[:12]}"}}).encode()
    answer = replace(an_answer(body=body, headers={"x-request-id": f"req_{key}"}), secrets=(key,))
    assert error_fields(answer) == ErrorFields()
    assert request_id_of(answer) is None
    assert error_fields(replace(answer, secrets=("another-key-0123456789",))) != ErrorFields()


@pytest.mark.parametrize("code", ["Kx7fTq2LmNp9RsV", "a" * 33, "model.Kx7fTq2LmNp9RsV"])
def test_a_code_that_was_drawn_by_chance_is_dropped(code: str) -> None:
    """Codes are words; a token without a prefix that we know is none."""
    assert error_fields(an_answer({"error": {"code": code}})) == ErrorFields()


@pytest.mark.parametrize(
    "code",
    ["AuthenticationTypeDisabled", "organization_spend_limit_exceeded", "error2024", "session.tools[0].type"],
)
def test_codes_are_kept(code: str) -> None:
    """Long words, and short ones with digits, are codes."""
    assert error_fields(an_answer({"error": {"code": code}})).code == code


@pytest.mark.parametrize(
    ("value", "request_id"),
    [
        ("req_0123456789abcdef0123456789abcdef", True),
        ("req with blanks", False),
        ("sk-abc", False),
        ("", False),
    ],
)
def test_request_ids(value: str, request_id: bool) -> None:  # noqa: FBT001 - a column of the table
    """A request id is kept where it looks like one."""
    answer = an_answer(headers={"x-request-id": value})
    assert request_id_of(answer) == (value if request_id else None)


WISHES: list[tuple[str, dict[str, str], float | None]] = [
    ("none", {}, None),
    ("seconds", {"retry-after": "7"}, 7),
    ("seconds with a fraction", {"retry-after": " 1.5 "}, 1.5),
    ("zero", {"retry-after": "0"}, 0),
    ("seconds beside a separator that is no blank to all", {"retry-after": "7\x1f"}, 7),
    ("milliseconds win", {"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
    ("milliseconds that are none", {"retry-after-ms": "soon", "retry-after": "7"}, 7),
    (
        "a date, counted from the answer's own",
        {"retry-after": "Mon, 24 Nov 2025 12:00:20 GMT", "date": "Mon, 24 Nov 2025 12:00:00 GMT"},
        20,
    ),
    ("a date without a Date, counted from our clock", {"retry-after": "Mon, 24 Nov 2025 16:00:30 GMT"}, 30),
    ("a date in the past", {"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0),
    ("beyond an hour is taken for a mistake", {"retry-after": "86400"}, 3600),
    ("a date beyond an hour, too", {"retry-after": "Mon, 24 Nov 2035 16:00:00 GMT"}, 3600),
    ("milliseconds beyond an hour, too", {"retry-after-ms": "86400000"}, 3600),
    ("a negative number", {"retry-after": "-5"}, None),
    ("a word", {"retry-after": "soon"}, None),
    ("a number without end", {"retry-after": "9" * 400}, None),
]


@pytest.mark.parametrize(("headers", "wish"), [row[1:] for row in WISHES], ids=[row[0] for row in WISHES])
def test_how_long_the_provider_asks_to_wait(headers: dict[str, str], wish: float | None) -> None:
    """All forms of the wish are read, within an hour."""
    assert retry_after_of(an_answer(headers=headers, at=NOW)) == wish
    assert refusal(an_answer(status=429, headers=headers, at=NOW)).retry_after == wish


def test_a_quota_with_a_pause_is_a_rate() -> None:
    """A code that nobody knows and that mentions a quota is billing, but not where the answer says how long to wait."""
    answer = an_answer({"error": {"code": "quota_of_tomorrow"}}, status=429, headers={"retry-after": "3"})
    assert refusal(answer).reason is Reason.PROVIDER_THROTTLED


SHOULD_RETRY: list[tuple[int, str, str, FailureClass]] = [
    (400, "", "true", FailureClass.SOON),
    (401, "", "true", FailureClass.SOON),
    (400, "", " TRUE ", FailureClass.SOON),
    (503, "", "true", FailureClass.SOON),
    (503, "", "false", FailureClass.SOON),
    (429, "", "false", FailureClass.SOON),
    (401, "", "false", FailureClass.PEOPLE),
    (404, "DeploymentNotFound", "false", FailureClass.SOON),
    (400, "", "false", FailureClass.TERMINAL),
    (503, "", "maybe", FailureClass.SOON),
    (429, "insufficient_quota", "true", FailureClass.PEOPLE),
    (400, "beta_api_shape_disabled", "true", FailureClass.TERMINAL),
    (501, "", "true", FailureClass.PEOPLE),
    (307, "", "true", FailureClass.TERMINAL),
    (404, "DeploymentNotFound", "", FailureClass.SOON),
    (404, "", "", FailureClass.PEOPLE),
]


@pytest.mark.parametrize(("status", "code", "said", "expected"), SHOULD_RETRY)
def test_the_provider_says_whether_to_ask_again(
    status: int, code: str, said: str, expected: FailureClass
) -> None:
    """Its yes counts more than the status, but not for what no repetition can mend; its no is about that one call."""
    answer = an_answer({"error": {"code": code}}, status=status, headers={"x-should-retry": said})
    assert refusal(answer).failure_class is expected


def test_a_word_about_one_answer_changes_no_other() -> None:
    """What a single answer says stays with its own error."""
    refusal(an_answer({}, status=400, headers={"x-should-retry": "true"}))
    assert refusal(an_answer({}, status=400)).failure_class is FailureClass.TERMINAL

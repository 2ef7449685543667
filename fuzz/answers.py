"""Answers that no sane provider gives, and those that a sick one does: strategies for statuses, headers and bodies."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

NOW: Final = 1_764_000_000.0
"""The time of all examples, 2025-11-24T16:00:00Z."""

DATE: Final = "Mon, 24 Nov 2025 16:00:00 GMT"

NAMES: Final = (
    "value",
    "expires_at",
    "expiresAt",
    "client_secret",
    "token",
    "session",
    "error",
    "code",
    "type",
)
"""What the readers look for, so that examples meet their branches."""


@dataclass(frozen=True, slots=True)
class Planted:
    """What must never be told: the key that was sent, and a token that was never to be shown."""

    key: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Example:
    """One hostile answer, and what was asked for.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: the bytes.
        asked: seconds of life asked for, or None.
        longest: seconds of life that policy allows, or None.
        planted: the secrets that may stand anywhere in it.
    """

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    asked: int | None
    longest: int | None
    planted: Planted = field(repr=False)


_LETTERS: Final = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def _drawn(seed: int, prefix: str) -> str:
    """A credential as it is made: drawn, and so never by chance in a text that does not hold it."""
    dice = random.Random(f"{prefix}{seed}")  # noqa: S311 - opens nothing
    return prefix + "".join(dice.choices(_LETTERS, k=dice.randint(20, 60)))


_KEY_PREFIXES: Final = ("sk-", "sk-proj-", "key-", "", "xai-", "Az")
_TOKEN_PREFIXES: Final = ("ek_", "ek_bf_", "vcst_", "rt_")


def _planted(seed: int) -> Planted:
    key, token = _KEY_PREFIXES[seed % len(_KEY_PREFIXES)], _TOKEN_PREFIXES[seed % len(_TOKEN_PREFIXES)]
    return Planted(_drawn(seed, key), _drawn(seed, token))


secrets = st.integers(0, 1 << 32).map(_planted)

statuses = st.one_of(
    st.just(200),
    st.sampled_from([*[200] * 12, 201, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 500, 501, 502, 503]),
    st.integers(100, 999),
)
_odd_texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "None", "null", "\x00", "\ud800", "�", "x" * 300, "a b", "{}", "../../x", "%s%n", "<script>"]
    ),
)
_times = st.one_of(
    st.integers(int(NOW) - 100, int(NOW) + 8000),
    st.sampled_from([0, -1, 1 << 40, 1 << 63, 10**30, 1e308, -0.0, NOW + 60.9, NOW * 1000, True, None, 1.5]),
    st.sampled_from(
        [
            "2025-11-24T16:10:00Z",
            "2025-11-24T16:10:00.123456789+01:00",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "2025-W48-1T16:00:00Z",
            "2025-11-24",
            "24:00:00Z",
            "1764000600",
            "soon",
        ]
    ),
)

_KEY, _TOKEN = "PLANTED-KEY", "PLANTED-TOKEN"
"""Stand for the secrets while a document is drawn: strategies that are made once are ten times as fast."""

_scalars = st.one_of(
    st.sampled_from([_KEY, _TOKEN, f"{_KEY}.{_TOKEN}", f" {_KEY}", f"{_KEY}\n"]),
    _times,
    st.none() | st.booleans() | st.floats() | _odd_texts,
    st.sampled_from(
        ["insufficient_quota", "beta_api_shape_disabled", "rate_limit_exceeded", "model_not_found"]
    ),
)
_names = st.sampled_from([*NAMES, "param", "message", _KEY, "x"])
_documents = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=8,
)
_parts = _scalars | _documents
_secrets = st.fixed_dictionaries({"value": st.just(_TOKEN) | _parts, "expires_at": _times})
_sound = st.fixed_dictionaries(
    {"value": st.just(_TOKEN), "expires_at": st.integers(int(NOW) + 10, int(NOW) + 7200)}
)
_errors = st.fixed_dictionaries(dict.fromkeys(("code", "type", "param", "message"), _parts))
_answers = st.one_of(
    _sound,
    _sound.map(lambda held: {"client_secret": held, "expires_at": 0}),
    _sound.map(lambda held: {"client_secret": held["value"], "expires_at": held["expires_at"]}),
    st.builds(lambda held, inner: {**held, "session": {"client_secret": inner}}, _secrets, _parts),
    st.builds(
        lambda held, time: {"id": "sess_1", "expires_at": time, "client_secret": held}, _secrets, _times
    ),
    st.fixed_dictionaries({"client_secret": st.just(_TOKEN) | _parts, "expires_at": _times}),
    st.fixed_dictionaries({"token": st.just(_TOKEN) | _parts, "expiresAt": _times}),
    _errors,
    st.fixed_dictionaries({"error": _errors | _parts}),
    _documents,
)


def _cut(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")[: len(text) // 2]


_ENCODINGS: Final[tuple[Callable[[str], bytes], ...]] = (
    *(lambda text: text.encode("utf-8", "surrogatepass"),) * 6,
    _cut,
    lambda text: b"\xef\xbb\xbf" + text.encode("utf-8", "surrogatepass"),
    lambda text: text.encode("utf-16", "surrogatepass"),
    lambda text: text.replace("{", '{"value":"","value":null,', 1).encode("utf-8", "surrogatepass"),
    lambda text: text.replace("A", "\\u0041").encode("utf-8", "surrogatepass"),
)
"""The ways in which a document becomes bytes; most are right. The last one hides a secret's letters from who searches bytes."""

_RAW: Final = (
    b"",
    b" ",
    b"null",
    b"[" * 5000,
    b'{"a":' * 5000,
    b"9" * 5000,
    b'{"expires_at":' + b"9" * 5000 + b"}",
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"value":"\\ud800","expires_at":1}',
    b'{"value":"x","expires_at":NaN}',
    b'{"value":"x","expires_at":-Infinity}',
)
_bodies = st.one_of(
    st.builds(
        lambda document, ascii_only, encode: encode(json.dumps(document, ensure_ascii=ascii_only)),
        _answers,
        st.booleans(),
        st.sampled_from(_ENCODINGS),
    ),
    st.binary(max_size=80) | st.sampled_from(_RAW),
)
_odd_headers = st.one_of(
    st.sampled_from(
        [_KEY, _TOKEN, DATE, "true", "false", "0", "-1", "1e9", "120", "5\x1f", "\x1d7", "٣", "9" * 400]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20),
)
_dates = st.sampled_from(
    [DATE, DATE, DATE, "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359"]
)
_names_of_headers = st.sampled_from(
    [
        "age",
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
        "x-request-id",
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    ]
)
_headers = st.builds(
    lambda date, others: {**({} if date is None else {"date": date}), **dict(others)},
    st.none() | _dates | _odd_headers,
    st.lists(st.tuples(_names_of_headers, _odd_headers | _dates), max_size=4),
)
_lives = st.none() | st.integers(10, 7200)


def _example(  # noqa: PLR0917 - drawn in this order
    planted: Planted,
    status: int,
    headers: dict[str, str],
    body: bytes,
    asked: int | None,
    longest: int | None,
) -> Example:
    for mark, secret in ((_KEY, planted.key), (_TOKEN, planted.token)):
        body = body.replace(mark.encode(), secret.encode())
        body = body.replace(mark.replace("A", "\\u0041").encode(), secret.replace("a", "\\u0061").encode())
        headers = {name: value.replace(mark, secret) for name, value in headers.items()}
    return Example(status, headers, body, asked, longest, planted)


examples = st.builds(_example, secrets, statuses, _headers, _bodies, _lives, _lives)
"""Hostile answers."""

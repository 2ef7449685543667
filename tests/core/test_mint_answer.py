"""Reading an answer: a sound token, or exactly one error that says what is wrong and nothing of the token."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.ephemeral_token import EphemeralToken
from realtime_operator.core.errors import ProviderError, ProviderUnavailable, ProviderUnreadable
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.mint_answer import clock_after, read_token
from realtime_operator.core.provider_clock import ProviderClock
from realtime_operator.core.timestamps import to_rfc3339
from tests.support.builders import KEY, NOW, TOKEN, an_answer

CLOCK = ProviderClock().after_answer(date=NOW, sent_at=NOW - 0.1, received_at=NOW)
LATER = int(NOW + 600)


def read(answer: MintAnswer, *, asked: int | None = 600, longest: int | None = None) -> EphemeralToken:
    """Read an answer with the clock that its Date taught."""
    return read_token(answer, clock=CLOCK, asked=asked, longest=longest)


SOUND: list[tuple[str, Any, int | None, float]] = [
    ("of client_secrets", {"value": TOKEN, "expires_at": LATER, "session": {"expires_at": 1}}, 600, LATER),
    (
        "of sessions",
        {"id": "s", "expires_at": 0, "client_secret": {"value": TOKEN, "expires_at": LATER}},
        600,
        LATER,
    ),
    (
        "the token twice: the one beside the outer expiry counts",
        {"value": TOKEN, "expires_at": LATER, "client_secret": {"value": "ek_other", "expires_at": 5}},
        600,
        LATER,
    ),
    (
        "a null value beside a nested one",
        {"value": None, "client_secret": {"value": TOKEN, "expires_at": LATER}},
        600,
        LATER,
    ),
    ("a client_secret as a text", {"client_secret": TOKEN, "expires_at": to_rfc3339(LATER)}, 60, LATER),
    ("a token by that name", {"token": TOKEN, "expiresAt": LATER}, 60, LATER),
    ("a token by that name, without expiry", {"token": TOKEN, "expiresAt": None}, 60, NOW + 60),
    (
        "an expiry outside of the object with the token is not the token's",
        {"client_secret": {"value": TOKEN}, "expires_at": LATER},
        60,
        NOW + 60,
    ),
    (
        "an expiry to the nanosecond",
        {"client_secret": TOKEN, "expires_at": "2025-11-24T16:10:00.123456789Z"},
        60,
        LATER,
    ),
    ("expiry as RFC 3339", {"value": TOKEN, "expires_at": to_rfc3339(LATER)}, 600, LATER),
    (
        "expiry as RFC 3339 with an offset",
        {"value": TOKEN, "expires_at": "2025-11-24T17:10:00.900+01:00"},
        600,
        LATER,
    ),
    (
        "expiry with a fraction is cut, never rounded up",
        {"value": TOKEN, "expires_at": LATER + 0.9},
        600,
        LATER,
    ),
    ("no expiry, but a lifetime was asked for", {"value": TOKEN}, 60, NOW + 60),
    ("a null expiry, but a lifetime was asked for", {"value": TOKEN, "expires_at": None}, 60, NOW + 60),
    ("a longer life than asked for", {"value": TOKEN, "expires_at": int(NOW + 7200)}, 60, NOW + 7200),
]


@pytest.mark.parametrize(
    ("document", "asked", "expires_at"), [row[1:] for row in SOUND], ids=[row[0] for row in SOUND]
)
def test_sound_answers(document: Any, asked: int | None, expires_at: float) -> None:
    """The token, its issue by the answer's Date, and the expiry beside it are taken."""
    assert read(an_answer(document), asked=asked) == EphemeralToken(TOKEN, NOW, expires_at)


EMPTY_TOKEN = "value is empty"
NO_TOKEN = "value is no token that a header can carry"
NO_HOLDER = "the answer has neither value nor client_secret.value"
PAST = "expires_at is past: the token that came has expired already"
NO_EXPIRY = "expires_at is neither seconds since 1970 nor an RFC 3339 time"
NO_JSON = "the answer is not JSON"
NO_OBJECT = "the answer is not a JSON object"
SICK: list[tuple[str, MintAnswer, str]] = [
    ("no token", an_answer({"expires_at": LATER}), NO_HOLDER),
    ("an empty token", an_answer({"value": "", "expires_at": LATER}), EMPTY_TOKEN),
    ("a token with a newline", an_answer({"value": f"{TOKEN}\n", "expires_at": LATER}), NO_TOKEN),
    ("a token that is a number", an_answer({"value": 5, "expires_at": LATER}), NO_TOKEN),
    ("a token without end", an_answer({"value": "e" * 16385, "expires_at": LATER}), NO_TOKEN),
    (
        "a nested null",
        an_answer({"client_secret": {"value": None, "expires_at": LATER}}),
        f"client_secret.{NO_TOKEN}",
    ),
    ("client_secret is a number", an_answer({"client_secret": 5}), f"client_secret {NO_TOKEN[6:]}"),
    ("client_secret is an empty text", an_answer({"client_secret": ""}), "client_secret is empty"),
    ("client_secret is null", an_answer({"client_secret": None, "id": "sess_1"}), NO_HOLDER),
    ("a token that is a list", an_answer({"token": [TOKEN]}), f"token {NO_TOKEN[6:]}"),
    (
        "an expiry by its other name that is a word",
        an_answer({"token": TOKEN, "expiresAt": "soon"}),
        NO_EXPIRY,
    ),
    ("a past expiry", an_answer({"value": TOKEN, "expires_at": int(NOW) - 1}), PAST),
    ("an expiry of this very second", an_answer({"value": TOKEN, "expires_at": int(NOW) + 1}), PAST),
    ("expiry zero", an_answer({"value": TOKEN, "expires_at": 0}), PAST),
    ("a negative expiry", an_answer({"value": TOKEN, "expires_at": -5}), PAST),
    ("an absurd expiry", an_answer({"value": TOKEN, "expires_at": LATER * 1000}), NO_EXPIRY),
    (
        "an expiry in hundredths of seconds",
        an_answer({"value": TOKEN, "expires_at": LATER * 100}),
        "expires_at gives a life of 174636060000 s, longer than the API grants (7200 s)",
    ),
    ("an infinite expiry", an_answer(body=b'{"value": "ek_planted_token", "expires_at": 1e999}'), NO_EXPIRY),
    (
        "an expiry that is no number",
        an_answer(body=b'{"value": "ek_planted_token", "expires_at": NaN}'),
        NO_EXPIRY,
    ),
    ("an expiry that is true", an_answer({"value": TOKEN, "expires_at": True}), NO_EXPIRY),
    ("an expiry that is a word", an_answer({"value": TOKEN, "expires_at": "soon"}), NO_EXPIRY),
    ("an expiry that is a list", an_answer({"value": TOKEN, "expires_at": [LATER]}), NO_EXPIRY),
    ("HTML", an_answer(body=b"<html>ek_planted_token</html>"), NO_JSON),
    ("an empty body", an_answer(body=b""), "the answer is empty"),
    (
        "a compressed body",
        an_answer(body=b"", headers={"content-encoding": "gzip"}),
        "the answer is compressed, which was not asked for",
    ),
    ("bytes that are no text", an_answer(body=b"\xff\xfe\x00"), NO_JSON),
    ("nested beyond measure", an_answer(body=b"[" * 100_000), NO_JSON),
    ("a number of many digits", an_answer(body=b'{"expires_at": ' + b"9" * 5000 + b"}"), NO_JSON),
    ("a list", an_answer([TOKEN]), NO_OBJECT),
    ("null", an_answer(None), NO_OBJECT),
    ("10 MB", an_answer(body=b"", oversized=True), "the answer is larger than any token's"),
]


@pytest.mark.parametrize(("answer", "what"), [row[1:] for row in SICK], ids=[row[0] for row in SICK])
def test_malformed_answers(answer: MintAnswer, what: str) -> None:
    """Success without a sound token says what is wrong, never what came."""
    with pytest.raises(ProviderUnreadable) as caught:
        read(answer)
    assert str(caught.value) == (
        f"The provider answered 200, but {what}; it will be asked again. If this lasts, correct spec.baseURL or spec.paths of the"
        " provider object, or tell who runs the provider."
    )
    assert (caught.value.reason, caught.value.status) == ("ProviderUnreadable", 200)


def test_no_expiry_where_no_lifetime_was_asked_for() -> None:
    """Without an expiry and without a wish there is nothing to go by."""
    with pytest.raises(ProviderUnreadable, match=r"expires_at is missing; with spec\.lifetimeSeconds set"):
        read(an_answer({"value": TOKEN}), asked=None)


def test_a_life_beyond_the_providers_policy() -> None:
    """A token that lives longer than the policy allows is refused; a minute of slack is given."""
    document = {"value": TOKEN, "expires_at": int(NOW + 661)}
    with pytest.raises(ProviderUnreadable, match=r"661 s, longer than spec\.allow\.maxLifetimeSeconds 600 "):
        read(an_answer(document), longest=600)
    assert read(an_answer({**document, "expires_at": int(NOW + 660)}), longest=600).lifetime == 660


@pytest.mark.parametrize(
    "headers",
    [{}, {"date": "yesterday"}, {"date": "Mon, 24 Nov 2025 10:00:00 GMT", "age": "21600"}],
    ids=["no Date", "a Date that is none", "a Date out of a cache"],
)
def test_issue_time_without_a_date(headers: dict[str, str]) -> None:
    """Without a Date of its own the issue is the latest time that the provider's clock may show, so no life is overstated."""
    answer = an_answer({"value": TOKEN, "expires_at": LATER}, headers=headers)
    assert read(answer).issued_at == int(CLOCK.latest(NOW))
    assert clock_after(CLOCK, answer) is CLOCK


def test_a_date_teaches_the_clock() -> None:
    """Every answer with a Date of its own narrows what is known of the provider's clock."""
    learned = clock_after(ProviderClock(), an_answer(status=500))
    assert learned == CLOCK


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359"])
def test_a_date_at_the_end_of_the_calendar(date: str) -> None:
    """A moment that our calendar cannot hold is no Date."""
    answer = an_answer({"value": TOKEN, "expires_at": 253_402_387_200}, headers={"date": date})
    clock = clock_after(ProviderClock(), answer)
    try:
        token = read_token(answer, clock=clock, asked=600, longest=None)
    except ProviderUnreadable:
        return
    assert to_rfc3339(token.issued_at) < to_rfc3339(token.expires_at)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(int(NOW) - 100, int(NOW) + 10_000)
    | st.floats()
    | st.text()
    | st.sampled_from([TOKEN, KEY, to_rfc3339(LATER), "9999-12-31T23:59:59-23:59"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["value", "expires_at", "client_secret", "error", "code", "x"]), inner
        )
    ),
    max_leaves=8,
)
bodies = st.binary(max_size=60) | values.map(json.dumps).map(str.encode)
dates = st.sampled_from(
    [
        "",
        "Mon, 24 Nov 2025 16:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ]
)
header_sets = st.fixed_dictionaries(
    {"date": dates},
    optional={
        "age": st.text(max_size=3),
        "retry-after": st.text(max_size=5) | dates,
        "retry-after-ms": st.text(max_size=5),
        "x-request-id": st.text(max_size=50),
    },
)


def outcome(answer: MintAnswer, clock: ProviderClock, asked: int | None) -> EphemeralToken | ProviderError:
    """What becomes of an answer, as a value."""
    try:
        return read_token(answer, clock=clock, asked=asked, longest=None)
    except ProviderError as error:
        return error


@given(bodies, st.integers(200, 599), header_sets, st.none() | st.integers(10, 7200))
def test_whatever_comes_is_a_token_or_one_error(
    body: bytes, status: int, headers: dict[str, str], asked: int | None
) -> None:
    """No answer, however hostile, ends in anything but a sound token or one error of the tree."""
    answer = an_answer(body=body, status=status, headers=headers)
    clock = clock_after(CLOCK, answer)
    token = outcome(answer, clock, asked)
    if isinstance(token, ProviderError):
        shown = f"{token} {token!r} {token.request_id}"
        assert TOKEN not in shown
        assert KEY not in shown
        assert token.retry_after is None or 0 <= token.retry_after <= 3600
        assert token.status == status
        return
    assert 200 <= status < 300
    assert 0 < token.lifetime <= 7260
    assert token.expires_at > clock.latest(NOW)
    assert to_rfc3339(token.issued_at) < to_rfc3339(token.expires_at)


@given(
    st.sampled_from([200, 302, 400, 401, 403, 404, 429, 500]),
    st.sampled_from(["value", "message", "code", "type", "param", "detail"]),
    st.sampled_from([TOKEN, KEY, "sk-proj-" + "a" * 48, "ek_" + "b" * 60]),
    st.booleans(),
)
def test_a_planted_credential_is_never_shown(status: int, field: str, planted: str, nested: bool) -> None:  # noqa: FBT001 - drawn
    """Wherever a provider echoes a token or a key, no error of ours repeats it, and no token prints itself."""
    inner = {field: planted, "expires_at": 5}
    headers = {"x-request-id": planted, "retry-after": planted}
    answer = an_answer(
        {"error": inner, "client_secret": inner} if nested else inner, status=status, headers=headers
    )
    with pytest.raises(ProviderError) as caught:
        read(answer)
    shown = [str(caught.value), repr(caught.value), repr(vars(caught.value)), repr(answer), str(answer)]
    assert not [text for text in shown if planted in text]
    assert planted not in repr(EphemeralToken(planted, 0, 1)) + str(EphemeralToken(planted, 0, 1))


@pytest.mark.parametrize(
    "document",
    [
        {"value": KEY, "expires_at": LATER},
        {"client_secret": {"value": f"wrapped.{KEY}", "expires_at": LATER}},
        {"token": KEY},
    ],
)
def test_the_key_that_was_sent_is_no_token(document: dict[str, Any]) -> None:
    """A gateway that hands back what it was given would have the key written for all to read."""
    answer = replace(an_answer(document), secrets=(KEY,))
    with pytest.raises(ProviderUnreadable, match="is the credential that was sent to it") as caught:
        read(answer)
    assert KEY not in f"{caught.value} {caught.value!r} {answer!r}"


@pytest.mark.parametrize("key", ["k", "planted", ""])
def test_a_short_key_is_no_reason_to_refuse_a_token(key: str) -> None:
    """A gateway that wants any key is given a short one, which may well stand in a token or a code; only itself is refused."""
    answer = replace(an_answer({"value": TOKEN, "expires_at": LATER}), secrets=(key,))
    assert read(answer).value == TOKEN
    refused = replace(an_answer({"error": {"code": f"bad_{key}_value"}}, status=400), secrets=(key,))
    with pytest.raises(ProviderError, match=f"bad_{key}_value"):
        read(refused)


def test_a_refusal_is_not_searched_for_a_token() -> None:
    """An answer that is no success holds no token, whatever its body says."""
    with pytest.raises(ProviderUnavailable):
        read(an_answer({"value": TOKEN, "expires_at": LATER}, status=500))

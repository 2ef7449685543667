"""What is sent to mint a token, and the hash by which a change of it is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.api.endpoint import Endpoint
from realtime_operator.core.errors import InvalidSession
from realtime_operator.core.mint_call import hash_of
from realtime_operator.core.mint_request import LARGEST_SESSION_BYTES, mint_template, request_body
from realtime_operator.core.reasons import Reason
from tests.support.builders import KEY, UID, a_spec, a_template, a_view

EXPIRY = {"expires_after": {"seconds": 60}}
ANCHORED = {"expires_after": {"anchor": "created_at", "seconds": 60}}
SESSION = {"type": "realtime", "model": "gpt-realtime"}
FLAT = {"model": "gpt-realtime"}
HEARD = {"input_audio_transcription": {"model": "whisper-1"}}
SPOKEN = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "de"}}}

BODIES: list[tuple[str, dict[str, Any], int | None, dict[str, Any]]] = [
    ("client_secrets with session and lifetime", {"session": SESSION}, 60, {**EXPIRY, "session": SESSION}),
    ("client_secrets without lifetime", {"session": SESSION}, None, {"session": SESSION}),
    ("client_secrets without session", {"session": None}, 60, EXPIRY),
    ("client_secrets with neither", {"session": None}, None, {}),
    ("client_secrets with an empty session", {"session": {}}, None, {"session": {}}),
    (
        "sessions with body and lifetime",
        {"endpoint": "Sessions", "session": FLAT},
        60,
        {**FLAT, "client_secret": ANCHORED},
    ),
    ("sessions without lifetime", {"endpoint": "Sessions", "session": FLAT}, None, FLAT),
    ("sessions without body", {"endpoint": "Sessions", "session": None}, 60, {"client_secret": ANCHORED}),
    ("sessions with an empty body", {"endpoint": "Sessions", "session": {}}, 60, {"client_secret": ANCHORED}),
    ("sessions with neither", {"endpoint": "Sessions", "session": None}, None, {}),
    (
        "transcription_sessions with body and lifetime",
        {"endpoint": "TranscriptionSessions", "session": HEARD},
        60,
        {**HEARD, "client_secret": {"expires_at": {"seconds": 60}}},
    ),
    (
        "transcription_sessions without lifetime",
        {"endpoint": "TranscriptionSessions", "session": HEARD},
        None,
        HEARD,
    ),
    (
        "transcription_sessions with neither",
        {"endpoint": "TranscriptionSessions", "session": None},
        None,
        {},
    ),
    (
        "translations with session and lifetime",
        {"endpoint": "TranslationClientSecrets", "session": SPOKEN},
        60,
        {**EXPIRY, "session": SPOKEN},
    ),
    (
        "translations without lifetime",
        {"endpoint": "TranslationClientSecrets", "session": SPOKEN},
        None,
        {"session": SPOKEN},
    ),
    (
        "a null path without a session makes one",
        {"session": None, "nullPaths": ["/audio/input/turn_detection"]},
        None,
        {"session": {"audio": {"input": {"turn_detection": None}}}},
    ),
    (
        "a null that survived is sent",
        {"session": {**SESSION, "tracing": None}},
        None,
        {"session": {**SESSION, "tracing": None}},
    ),
]


@pytest.mark.parametrize(
    ("fields", "lifetime", "body"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
def test_the_body(fields: dict[str, Any], lifetime: int | None, body: dict[str, Any]) -> None:
    """Each endpoint gets the session untouched, and the lifetime in its own form."""
    assert json.loads(request_body(a_template(**fields), lifetime)) == body


ELSEWHERE: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "at the top, flat",
        {"endpoint": "Sessions", "session": FLAT},
        "/ttl_seconds",
        {**FLAT, "ttl_seconds": 60},
    ),
    ("alone", {"endpoint": "Sessions", "session": None}, "/expiresIn", {"expiresIn": 60}),
    ("beside the session", {"session": SESSION}, "/ttl", {"ttl": 60, "session": SESSION}),
    (
        "deeper",
        {"session": SESSION},
        "/token/life/seconds",
        {"token": {"life": {"seconds": 60}}, "session": SESSION},
    ),
    ("a name with signs", {"session": None}, '/a~1b/100%/~0"é', {"a/b": {"100%": {'~"é': 60}}}),
]


@pytest.mark.parametrize(
    ("fields", "pointer", "body"), [row[1:] for row in ELSEWHERE], ids=[row[0] for row in ELSEWHERE]
)
def test_a_lifetime_in_a_place_of_the_providers_own(
    fields: dict[str, Any], pointer: str, body: dict[str, Any]
) -> None:
    """Where a provider takes the lifetime elsewhere it goes there, and without a lifetime nothing does."""
    template = a_template(**fields)
    assert json.loads(request_body(template, 60, pointer)) == body
    assert request_body(template, None, pointer) == request_body(template, None)


MODELS: list[tuple[dict[str, Any], str | None]] = [
    ({"session": SESSION}, "gpt-realtime"),
    ({"session": None}, None),
    (
        {"session": {"type": "transcription", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}},
        "whisper-1",
    ),
    ({"session": {**SESSION, "audio": {"input": {"transcription": {"model": "whisper-1"}}}}}, "gpt-realtime"),
    ({"session": {"audio": {"input": {"transcription": None}}}}, None),
    ({"endpoint": "TranscriptionSessions", "session": HEARD}, "whisper-1"),
    ({"session": {"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}}, None),
    ({"endpoint": "Sessions", "session": HEARD}, None),
    ({"endpoint": "TranscriptionSessions", "session": {**HEARD, "model": "other"}}, "whisper-1"),
    (
        {
            "session": {
                "type": "transcription",
                "model": "other",
                "audio": {"input": {"transcription": {"model": "whisper-1"}}},
            }
        },
        "whisper-1",
    ),
    ({"endpoint": "TranslationClientSecrets", "session": SPOKEN}, "gpt-realtime-translate"),
]


@pytest.mark.parametrize(("fields", "model"), MODELS)
def test_which_model_is_asked_for(fields: dict[str, Any], model: str | None) -> None:
    """It is read where its kind of session has it: a policy that allows one model is not met by naming it elsewhere."""
    assert a_template(**fields).model == model


def test_the_session_is_sent_as_written() -> None:
    """The author's order and letters are kept, without white space."""
    template = a_template(session={"type": "realtime", "model": "m", "instructions": "Grüße 😀"})
    sent = request_body(template, None)
    assert sent == '{"session":{"type":"realtime","model":"m","instructions":"Grüße 😀"}}'.encode()


def test_a_template_shows_no_instructions() -> None:
    """What may be confidential is in no repr."""
    assert "Grüße" not in repr(a_template(session={"type": "realtime", "instructions": "Grüße"}))


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "a lifetime in the wrong place",
        {"endpoint": "Sessions", "session": {"client_secret": {}}},
        "spec.session.client_secret: set spec.lifetimeSeconds instead, and remove it.",
    ),
    (
        "a lifetime in the wrong place of a transcription",
        {"endpoint": "TranscriptionSessions", "session": {"client_secret": {}}},
        "spec.session.client_secret: set spec.lifetimeSeconds instead, and remove it.",
    ),
    (
        "a body beyond 256 KiB",
        {"session": {"type": "realtime", "instructions": "ä" * (LARGEST_SESSION_BYTES // 2)}},
        f"spec.session: {LARGEST_SESSION_BYTES + 37} bytes as JSON, {LARGEST_SESSION_BYTES} are allowed; shorten it.",
    ),
    (
        "a null path through a text",
        {"nullPaths": ["/model/name"]},
        "spec.nullPaths[0]: /model/name leads through 'model', which is neither an object nor a list; correct the pointer.",
    ),
]


@pytest.mark.parametrize(("fields", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_be_sent_names_field_and_remedy(fields: dict[str, Any], message: str) -> None:
    """A request that cannot be made is refused before anything is sent."""
    with pytest.raises(InvalidSession) as caught:
        a_template(**fields)
    assert str(caught.value) == message
    assert caught.value.reason is Reason.INVALID_SPEC


def test_a_body_of_exactly_256_kib_is_sent() -> None:
    """The bound itself is allowed."""
    room = LARGEST_SESSION_BYTES - len(b'{"instructions":""}')
    template = a_template(session={"instructions": "x" * room})
    assert template.session is not None
    assert len(template.session) == LARGEST_SESSION_BYTES


def test_a_body_nested_beyond_measure_is_refused() -> None:
    """A session nested so deeply that it cannot be written as JSON is its author's matter, not a crash."""
    deep: dict[str, Any] = {}
    for _ in range(20_000):
        deep = {"a": deep}
    with pytest.raises(InvalidSession, match=r"spec\.session: nested too deeply"):
        mint_template(a_spec(session=None).model_copy(update={"session": deep}))


GOLDEN = {
    "3cd6a658b2a03db464d4f39c56143001": hash_of(a_view(), a_template(), 600, UID),
    "3b6e15437d41711a9b4718cc66de327c": hash_of(
        a_view(organization="org-1", project="proj-1"),
        a_template(
            endpoint="Sessions",
            session={
                "model": "gpt-realtime",
                "voice": "marin",
                "turn_detection": None,
                "temperature": 0.8,
                "instructions": "Grüße 😀",
            },
            safetyIdentifier="guest-1",
        ),
        60,
        UID,
    ),
    "3f6fce4df8150365d3daa52259395f30": hash_of(a_view(), a_template(session=None), None, UID),
}


@pytest.mark.parametrize("golden", GOLDEN)
def test_golden_request_hashes(golden: str) -> None:
    """An upgrade must not mint anew: if this fails, every token of every installation would be minted again."""
    assert GOLDEN[golden] == golden


BASE = hash_of(a_view(), a_template(), 600, UID)
CHANGES = {
    "another body": hash_of(a_view(), a_template(session={"type": "realtime", "model": "other"}), 600, UID),
    "a null instead of nothing": hash_of(
        a_view(), a_template(session={"type": "realtime", "model": "gpt-realtime", "tracing": None}), 600, UID
    ),
    "a null path": hash_of(a_view(), a_template(nullPaths=["/tracing"]), 600, UID),
    "no session": hash_of(a_view(), a_template(session=None), 600, UID),
    "another lifetime": hash_of(a_view(), a_template(), 601, UID),
    "no lifetime": hash_of(a_view(), a_template(), None, UID),
    "another endpoint": hash_of(
        a_view(), a_template(endpoint="Sessions", session={"model": "gpt-realtime"}), 600, UID
    ),
    "another safety identifier": hash_of(a_view(), a_template(safetyIdentifier="x"), 600, UID),
    "another session": hash_of(a_view(), a_template(), 600, UID[::-1]),
    "another base URL": hash_of(a_view(base_url="https://other.test/v1"), a_template(), 600, UID),
    "another path": hash_of(a_view(paths={"ClientSecrets": "/x"}), a_template(), 600, UID),
    "another organization": hash_of(a_view(organization="org-1"), a_template(), 600, UID),
    "the same name as project": hash_of(a_view(project="org-1"), a_template(), 600, UID),
    "another place for the lifetime": hash_of(
        a_view(lifetime_fields={"ClientSecrets": "/ttl"}), a_template(), 600, UID
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_hash(change: str) -> None:
    """Whatever changes the token changes the hash, each in a way of its own."""
    assert CHANGES[change] != BASE
    assert list(CHANGES.values()).count(CHANGES[change]) == (2 if "null" in change else 1)


UNCHANGED = {
    "another key": hash_of(a_view(credentials={"Authorization": "Bearer sk-other"}), a_template(), 600, UID),
    "another auth header": hash_of(a_view(credentials={"api-key": KEY}), a_template(), 600, UID),
    "further headers": hash_of(a_view(headers={"X-Team": "voice"}), a_template(), 600, UID),
    "another name of the provider": hash_of(a_view(name="other"), a_template(), 600, UID),
    "other names of entries": hash_of(a_view(), a_template(secret={"keys": {"token": "T"}}), 600, UID),
    "another propagation": hash_of(a_view(), a_template(delivery={"propagation": "None"}), 600, UID),
    "another endpoint's place for the lifetime": hash_of(
        a_view(lifetime_fields={"Sessions": "/ttl"}), a_template(), 600, UID
    ),
    "keys in another order": hash_of(
        a_view(), a_template(session={"model": "gpt-realtime", "type": "realtime"}), 600, UID
    ),
}


@pytest.mark.parametrize("change", UNCHANGED)
def test_what_does_not_change_the_hash(change: str) -> None:
    """What leaves the token as it is never mints."""
    assert UNCHANGED[change] == BASE


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)
sessions = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5), documents, max_size=4
).filter(lambda session: "client_secret" not in session)


@given(sessions, st.none() | st.integers(10, 7200), st.sampled_from(list(Endpoint)))
def test_every_body_is_json_that_says_what_was_written(
    session: dict[str, Any], lifetime: int | None, endpoint: Endpoint
) -> None:
    """However odd the session, the body decodes to it and to the lifetime."""
    sent = json.loads(request_body(a_template(endpoint=endpoint, session=session), lifetime))
    anchor = {"anchor": "created_at"} if endpoint is Endpoint.SESSIONS else {}
    expiry = None if lifetime is None else {**anchor, "seconds": lifetime}
    if endpoint in {Endpoint.SESSIONS, Endpoint.TRANSCRIPTION_SESSIONS}:
        name = "expires_after" if endpoint is Endpoint.SESSIONS else "expires_at"
        assert sent == session | ({} if expiry is None else {"client_secret": {name: expiry}})
    else:
        assert sent == {"session": session} | ({} if expiry is None else {"expires_after": expiry})


@given(sessions, st.randoms())
def test_the_order_of_keys_never_mints(session: dict[str, Any], random: Any) -> None:
    """A session that comes back with its keys in another order has the same hash."""
    keys = list(session)
    random.shuffle(keys)
    shuffled = {key: session[key] for key in keys}
    first, again = a_template(session=session), a_template(session=shuffled)
    assert hash_of(a_view(), first, 60, UID) == hash_of(a_view(), again, 60, UID)

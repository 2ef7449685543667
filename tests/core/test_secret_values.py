"""Values from Secrets in a session's request: where they may go, what they change, and that they show nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.errors import InvalidSession, SecretValueNotReady
from realtime_operator.core.mint_call import hash_of, mint_call
from realtime_operator.core.mint_request import LARGEST_SESSION_BYTES, MintTemplate, request_body
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_values import LONGEST_VALUE, missing_secret_of, read_value, with_values
from realtime_operator.core.value_marks import ValueMark
from tests.support.builders import UID, a_template, a_view

CONSENT = {"realtime-operator.io/session-value": "true"}
SECRET = "planted-mcp-token"
MCP: Mapping[str, Any] = {"type": "mcp", "server_label": "desk", "server_url": "https://mcp.example.test"}
MARK = ValueMark("/tools/0/authorization", "mcp", "token", "spec.secretValues[0]")


def a_request(*paths: str, **fields: Any) -> MintTemplate:
    """A request that lacks values at these paths; they come from entries of one Secret."""
    session = {"type": "realtime", "model": "gpt-realtime", "tools": [dict(MCP), dict(MCP)]}
    values = [
        {"path": path, "secretKeyRef": {"name": "mcp", "key": f"k{number}"}}
        for number, path in enumerate(paths)
    ]
    return a_template(**({"session": session, "secretValues": values} | fields))


def sent(template: MintTemplate, **values: str) -> Any:
    """The session that is sent once the values are put in; underscores stand for slashes."""
    filled = with_values(template, {path.replace("_", "/"): value for path, value in values.items()})
    return json.loads(request_body(filled, 600))["session"]


PLACES = [
    ("the field of a tool", "/tools/1/authorization", lambda s: s["tools"][1]["authorization"]),
    ("an object that is made", "/tools/0/headers/X~1Key", lambda s: s["tools"][0]["headers"]["X/Key"]),
    ("objects that are made", "/prompt/variables/0", lambda s: s["prompt"]["variables"]["0"]),
    ("a name beyond ASCII", '/tools/0/Schlüssel"', lambda s: s["tools"][0]['Schlüssel"']),
]


@pytest.mark.parametrize(("path", "find"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_where_a_value_goes(path: str, find: Any) -> None:
    """It stands where its path says, and the rest of the session is as written."""
    template = a_request(path)
    session = json.loads(request_body(with_values(template, {path: SECRET}), 600))["session"]
    assert find(session) == SECRET
    assert session["model"] == "gpt-realtime"
    assert session["tools"][1]["server_label"] == "desk"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(min_size=1, alphabet='"\\\n/:ä😀a')
)
def test_any_text_arrives_as_it_is(first: str, second: str) -> None:
    """Whatever a value holds, quotes and line breaks and what looks like a mark, it is one string in what is sent."""
    template = a_request("/tools/0/authorization", "/tools/1/authorization")
    first += template.marks[1].text + json.dumps(template.marks[1].text)
    tools = sent(template, _tools_0_authorization=first, _tools_1_authorization=second)["tools"]
    assert [tool["authorization"] for tool in tools] == [first, second]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("a list that is not there", {"paths": ["/include/0/x"]}, "spec.session has no list at /include"),
    ("past the end of a list", {"paths": ["/tools/2/authorization"]}, "'2' where a list of 2 needs an index"),
    ("through a text", {"paths": ["/model/x"]}, "leads through 'model'"),
    ("to what is there", {"paths": ["/tools/0/server_label"]}, "spec.session has a value there already"),
    ("the model", {"paths": ["/model"]}, "rules and policies look at them"),
    ("the model of a transcription", {"paths": ["/audio/input/transcription/model"]}, "rules and policies"),
    ("the lifetime", {"paths": ["/client_secret/expires_after"]}, "rules and policies look at them"),
    (
        "within a null",
        {"paths": ["/a/b"], "nullPaths": ["/a"]},
        "/a is in spec.nullPaths or spec.secretValues",
    ),
    ("around a null", {"paths": ["/a"], "nullPaths": ["/a/b"]}, "keep one of the two"),
    ("within another value", {"paths": ["/a", "/a/b"]}, "spec.secretValues[1].path /a/b: /a is in"),
]


@pytest.mark.parametrize(("fields", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_where_no_value_goes(fields: dict[str, Any], said: str) -> None:
    """The field and the remedy are named before anything is read or sent."""
    more = {name: value for name, value in fields.items() if name != "paths"}
    with pytest.raises(InvalidSession) as caught:
        a_request(*fields["paths"], **more)
    assert caught.value.reason is Reason.INVALID_SPEC
    assert said in str(caught.value)
    assert "spec.secretValues[" in str(caught.value)


def test_a_null_is_no_value() -> None:
    """What client-side apply may drop at any time does not stand in the way."""
    session = {"type": "realtime", "tools": [dict(MCP) | {"authorization": None}]}
    assert sent(a_request("/tools/0/authorization", session=session), _tools_0_authorization="x")["tools"][
        0
    ] == {
        **MCP,
        "authorization": "x",
    }


def test_a_session_that_holds_a_mark_itself() -> None:
    """It could be taken for the place of the value, so it is refused, and the text to remove is named."""
    text = a_request("/tools/0/authorization").marks[0].text
    session = {"type": "realtime", "instructions": text, "tools": [dict(MCP)]}
    with pytest.raises(InvalidSession, match=r"which spec\.secretValues\[0\] uses itself; remove it"):
        a_request("/tools/0/authorization", session=session)
    a_request("/tools/0/authorization", session=session | {"instructions": f"{text}x"})


def hashed(template: MintTemplate, uid: str = UID, **values: str) -> str:
    """The request hash with these values put in; underscores stand for slashes."""
    filled = with_values(template, {path.replace("_", "/"): value for path, value in values.items()})
    return hash_of(a_view(), filled, 600, uid)


def test_what_the_hash_says_of_values() -> None:
    """Another value is another request, another Secret or another order of the list is not, and no two sessions hash a value alike."""
    template = a_request("/a", "/b")
    base = hashed(template, _a="1", _b="2")
    assert base == hashed(a_request("/b", "/a"), _a="1", _b="2")
    assert base == hashed(
        a_request(
            "/a",
            "/b",
            secretValues=[
                {"path": path, "secretKeyRef": {"name": "other", "key": "k"}} for path in ("/a", "/b")
            ],
        ),
        _a="1",
        _b="2",
    )
    others = [
        hashed(template, _a="2", _b="1"),
        hashed(template, _a="1", _b="3"),
        hashed(template, "another-uid", _a="1", _b="2"),
        hashed(a_request("/a", "/c"), _a="1", _c="2"),
        hash_of(a_view(), a_request(), 600, UID),
    ]
    assert len({base, *others}) == 6


def test_the_hash_of_a_request_with_values_stays() -> None:
    """An upgrade must not mint anew."""
    golden = "ea270e7fa14e61bafa7972293b44adf8"
    assert hashed(a_request("/tools/0/authorization"), _tools_0_authorization=SECRET) == golden


def test_no_value_prints() -> None:
    """Neither the request nor the call shows it."""
    filled = with_values(a_request("/tools/0/authorization"), {"/tools/0/authorization": SECRET})
    call = mint_call(a_view(), filled, 600)
    assert SECRET.encode() in call.body
    assert SECRET not in repr(filled) + repr(call) + filled.session_digest


def test_a_session_that_is_too_large_with_its_values() -> None:
    """It is not sent, and the message says how large it may be."""
    words = "x" * (LARGEST_SESSION_BYTES - 1000)
    template = a_request("/a", session={"type": "realtime", "instructions": words})
    assert sent(template, _a="y" * 800)["a"]
    with pytest.raises(SecretValueNotReady, match=f"{LARGEST_SESSION_BYTES} are allowed; shorten it"):
        with_values(template, {"/a": "y" * 1001})


def test_a_sound_value() -> None:
    """It may have blanks within, be of several lines, and go beyond ASCII."""
    assert read_value(MARK, "hotel", CONSENT, {"token": "Bearer ä\nb"}) == "Bearer ä\nb"
    assert read_value(MARK, "hotel", CONSENT, {"token": "x" * LONGEST_VALUE})


UNSOUND: list[tuple[str, dict[str, str], dict[str, str], Reason, str]] = [
    (
        "no consent",
        {},
        {"token": SECRET},
        Reason.SECRET_VALUE_NOT_LABELLED,
        'realtime-operator.io/session-value: "true"',
    ),
    (
        "the consent of a provider key",
        {"realtime-operator.io/provider-key": "true"},
        {"token": SECRET},
        Reason.SECRET_VALUE_NOT_LABELLED,
        "may not be used in requests",
    ),
    ("no entry", CONSENT, {"other": SECRET}, Reason.SECRET_VALUE_MISSING, "has no text at entry 'token'"),
    ("empty", CONSENT, {"token": ""}, Reason.SECRET_VALUE_MISSING, "is empty"),
    ("a newline", CONSENT, {"token": f"{SECRET}\n"}, Reason.SECRET_VALUE_MISSING, "often a newline"),
    ("without end", CONSENT, {"token": SECRET * 1000}, Reason.SECRET_VALUE_MISSING, "is longer than"),
]


@pytest.mark.parametrize(
    ("labels", "data", "reason", "said"), [row[1:] for row in UNSOUND], ids=[row[0] for row in UNSOUND]
)
def test_a_value_that_cannot_be_used(
    labels: dict[str, str], data: dict[str, str], reason: Reason, said: str
) -> None:
    """Field, Secret, cause and remedy are named, and nothing of the value is shown."""
    with pytest.raises(SecretValueNotReady) as caught:
        read_value(MARK, "hotel", labels, data)
    assert caught.value.reason is reason
    assert str(caught.value).startswith("spec.secretValues[0]: Secret hotel/mcp")
    assert said in str(caught.value)
    assert "planted" not in repr(caught.value)


def test_a_secret_that_does_not_exist() -> None:
    """The remedy holds the label that will be needed, too."""
    error = missing_secret_of(MARK, "hotel")
    assert error.reason is Reason.SECRET_VALUE_MISSING
    assert str(error) == (
        "spec.secretValues[0]: Secret hotel/mcp does not exist; create it with the label"
        ' realtime-operator.io/session-value: "true", or correct secretKeyRef.'
    )

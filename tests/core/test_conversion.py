"""What becomes of a session of an older endpoint, and what is said of what has no counterpart."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.api.endpoint import Endpoint
from realtime_operator.core.conversion import NotConvertible, converted, is_older
from realtime_operator.core.older_shape import LOST, MOVES, TYPES

Json = dict[str, Any]


def a_session(endpoint: str = "Sessions", session: Any = None, **spec: Any) -> Json:
    """A document for an older endpoint."""
    body = {} if session is None else {"session": session}
    return {
        "apiVersion": "realtime-operator.io/v1alpha1",
        "kind": "RealtimeSession",
        "metadata": {"name": "concierge"},
        "spec": {"endpoint": endpoint, **body, **spec},
    }


def body_of(session: Any, endpoint: str = "Sessions", **spec: Any) -> tuple[Json, tuple[str, ...]]:
    """Convert a body, and give the new one with the remarks."""
    result = converted(a_session(endpoint, session, **spec))
    return result.document["spec"]["session"], result.remarks


SILENT: dict[str, tuple[Json | None, Json]] = {
    "no body": (None, {}),
    "an empty body": ({}, {}),
    "fields that keep their names": (
        {
            "model": "gpt-realtime",
            "instructions": "Hi.",
            "tools": [{"type": "function", "name": "book"}],
            "tool_choice": "auto",
            "tracing": {"workflow_name": "a"},
            "truncation": "auto",
            "prompt": {"id": "pmpt_1"},
        },
        {
            "model": "gpt-realtime",
            "instructions": "Hi.",
            "tools": [{"type": "function", "name": "book"}],
            "tool_choice": "auto",
            "tracing": {"workflow_name": "a"},
            "truncation": "auto",
            "prompt": {"id": "pmpt_1"},
        },
    ),
    "one modality": ({"modalities": ["text"]}, {"output_modalities": ["text"]}),
    "voice and speed": (
        {"voice": "marin", "speed": 1.2},
        {"audio": {"output": {"voice": "marin", "speed": 1.2}}},
    ),
    "formats": (
        {"input_audio_format": "pcm16", "output_audio_format": "g711_ulaw"},
        {
            "audio": {
                "input": {"format": {"type": "audio/pcm", "rate": 24000}},
                "output": {"format": {"type": "audio/pcmu"}},
            }
        },
    ),
    "the other format": (
        {"input_audio_format": "g711_alaw"},
        {"audio": {"input": {"format": {"type": "audio/pcma"}}}},
    ),
    "what listens": (
        {
            "input_audio_transcription": {"model": "whisper-1"},
            "input_audio_noise_reduction": {"type": "near_field"},
            "turn_detection": {"type": "semantic_vad", "eagerness": "low"},
        },
        {
            "audio": {
                "input": {
                    "transcription": {"model": "whisper-1"},
                    "noise_reduction": {"type": "near_field"},
                    "turn_detection": {"type": "semantic_vad", "eagerness": "low"},
                }
            }
        },
    ),
    "null where it means off": (
        {"turn_detection": None, "input_audio_transcription": None, "tracing": None},
        {"audio": {"input": {"turn_detection": None, "transcription": None}}, "tracing": None},
    ),
    "a bound of tokens": ({"max_response_output_tokens": "inf"}, {"max_output_tokens": "inf"}),
    "a tool named in full": (
        {"tool_choice": {"type": "function", "name": "book"}},
        {"tool_choice": {"type": "function", "name": "book"}},
    ),
}

TOLD: dict[str, tuple[str, Json, Json, str]] = {
    "a temperature": (
        "Sessions",
        {"temperature": 0.8},
        {},
        "spec.session.temperature: ClientSecrets has no temperature; left out",
    ),
    "both modalities": (
        "Sessions",
        {"modalities": ["text", "audio"]},
        {"output_modalities": ["audio"]},
        "spec.session.modalities: ClientSecrets takes text or audio and not both; became [audio]",
    ),
    "a format that nobody knows": (
        "Sessions",
        {"output_audio_format": "opus"},
        {},
        "spec.session.output_audio_format: an encoding that ClientSecrets has no name for; left out",
    ),
    "a tool named alone": (
        "Sessions",
        {"tool_choice": "book"},
        {"tool_choice": {"type": "function", "name": "book"}},
        "spec.session.tool_choice: ClientSecrets names one tool as {type: function, name: NAME}; became that",
    ),
    "a field that nobody documents": (
        "Sessions",
        {"surprise": 1},
        {"surprise": 1},
        "spec.session.surprise: not documented for Sessions; taken along as it is",
    ),
    "a field that is there under both names": (
        "Sessions",
        {"output_modalities": ["text"], "modalities": ["audio"]},
        {"output_modalities": ["text"]},
        "spec.session.modalities: output_modalities says it already; left out",
    ),
    "modalities of a transcription": (
        "TranscriptionSessions",
        {"modalities": ["text"]},
        {},
        "spec.session.modalities: a transcription answers nothing; left out",
    ),
    "a model of a transcription": (
        "TranscriptionSessions",
        {"model": "whisper-1"},
        {},
        "spec.session.model: a transcription names its model in audio.input.transcription.model; left out",
    ),
}


@pytest.mark.parametrize(("older", "current"), SILENT.values(), ids=SILENT.keys())
def test_what_has_a_counterpart_moves_without_a_word(older: Json | None, current: Json) -> None:
    """Each part of a body stands where the current shape has it."""
    assert body_of(older) == ({"type": "realtime", **current}, ())


@pytest.mark.parametrize(("endpoint", "older", "current", "remark"), TOLD.values(), ids=TOLD.keys())
def test_what_has_no_counterpart_is_told(endpoint: str, older: Json, current: Json, remark: str) -> None:
    """Whatever is left out, guessed or changed has a remark that begins with its field."""
    body, remarks = body_of(older, endpoint)
    assert {name: value for name, value in body.items() if name != "type"} == current
    assert remark in remarks


def test_a_transcription_becomes_a_session_of_its_type() -> None:
    """The current way to transcribe is ClientSecrets with a type."""
    older = {
        "input_audio_transcription": {"model": "gpt-4o-transcribe", "language": "de"},
        "turn_detection": {"type": "server_vad"},
        "include": ["item.input_audio_transcription.logprobs"],
    }
    current = {
        "type": "transcription",
        "audio": {
            "input": {
                "transcription": {"model": "gpt-4o-transcribe", "language": "de"},
                "turn_detection": {"type": "server_vad"},
            }
        },
        "include": ["item.input_audio_transcription.logprobs"],
    }
    assert body_of(older, "TranscriptionSessions") == (current, ())


def test_everything_around_the_body_stays() -> None:
    """Only endpoint and body change; neither the Secret nor the delivery does, and the document given is left alone."""
    given = a_session(
        session={"model": "m"},
        lifetimeSeconds=60,
        secret={"name": "tokens"},
        delivery={"propagation": "None"},
        suspend=True,
    )
    before = copy.deepcopy(given)
    spec = converted(given).document["spec"]
    assert spec == {
        **before["spec"],
        "endpoint": "ClientSecrets",
        "session": {"type": "realtime", "model": "m"},
    }
    assert given == before


@pytest.mark.parametrize("name", ["expires_after", "expires_at"])
def test_a_lifetime_in_the_body_becomes_the_specs(name: str) -> None:
    """It is where the operator wants it, and the remark says so."""
    result = converted(a_session(session={"client_secret": {name: {"anchor": "created_at", "seconds": 60}}}))
    assert result.document["spec"]["lifetimeSeconds"] == 60
    assert result.remarks == ("spec.session.client_secret: became spec.lifetimeSeconds",)


def test_a_lifetime_of_the_spec_wins() -> None:
    """What the operator obeys already is kept."""
    result = converted(
        a_session(session={"client_secret": {"expires_after": {"seconds": 60}}}, lifetimeSeconds=600)
    )
    assert result.document["spec"]["lifetimeSeconds"] == 600
    assert result.remarks == ("spec.session.client_secret: the lifetime is spec.lifetimeSeconds; left out",)


def test_pointers_follow_their_fields() -> None:
    """Null paths and values from Secrets point at the same things as before."""
    ref = {"name": "mcp", "key": "token"}
    result = converted(
        a_session(
            session={},
            nullPaths=["/turn_detection", "/temperature", "/input_audio_transcription/prompt", "/tracing"],
            secretValues=[
                {"path": "/tools/0/authorization", "secretKeyRef": ref},
                {"path": "/client_secret/a", "secretKeyRef": ref},
            ],
        )
    )
    spec = result.document["spec"]
    assert spec["nullPaths"] == [
        "/audio/input/turn_detection",
        "/audio/input/transcription/prompt",
        "/tracing",
    ]
    assert spec["secretValues"] == [{"path": "/tools/0/authorization", "secretKeyRef": ref}]
    assert result.remarks == (
        "spec.nullPaths[1]: /temperature has no counterpart; left out",
        "spec.secretValues[1]: /client_secret/a has no counterpart; left out",
    )


def test_what_the_api_server_wrote_is_left_out() -> None:
    """What comes from the cluster can be put back: no status, no UID, no version, and no memory of an apply."""
    metadata = {
        "name": "concierge",
        "namespace": "hotel",
        "labels": {"a": "b"},
        "uid": "u",
        "resourceVersion": "1",
        "generation": 2,
        "creationTimestamp": "2026-11-23T00:00:00Z",
        "managedFields": [],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }
    document = converted(a_session() | {"metadata": metadata, "status": {"rotations": 1}}).document
    assert document.keys() == {"apiVersion", "kind", "metadata", "spec"}
    assert document["metadata"] == {"name": "concierge", "namespace": "hotel", "labels": {"a": "b"}}


IMPOSSIBLE = {
    "a body that is none": (a_session(session="x"), "spec.session: must be an object"),
    "an audio that is none": (
        a_session(session={"audio": None, "voice": "a"}),
        "spec.session.audio: must be an object",
    ),
    "null paths that are no list": (a_session(nullPaths="/a"), "spec.nullPaths: must be a list"),
    "a null path that is none": (a_session(nullPaths=[1]), r"spec.nullPaths\[0\]: must be a JSON pointer"),
    "a value that is none": (a_session(secretValues=["/a"]), r"spec.secretValues\[0\]: must be an object"),
    "metadata that are none": (a_session() | {"metadata": ["a"]}, "metadata: must be an object"),
}


@pytest.mark.parametrize(("document", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_converted_is_named(document: Json, message: str) -> None:
    """A field of a wrong type is an error that names it, with the remedy."""
    with pytest.raises(NotConvertible, match=f"^{message}; correct it, then convert again$"):
        converted(document)


@pytest.mark.parametrize(
    ("document", "older"),
    [
        (a_session("Sessions"), True),
        (a_session("TranscriptionSessions"), True),
        (a_session("ClientSecrets"), False),
        (a_session("TranslationClientSecrets"), False),
        ({"kind": "RealtimeSession", "spec": {}}, False),
        ({"kind": "RealtimeSession", "spec": {"endpoint": []}}, False),
        ({"kind": "RealtimeSession"}, False),
        ({"kind": "Secret", "spec": {"endpoint": "Sessions"}}, False),
    ],
)
def test_only_sessions_of_the_older_endpoints_are_converted(document: Json, *, older: bool) -> None:
    """Anything else is none of its business."""
    assert is_older(document) == older


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["pcm16", "auto", "text", "audio", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["model", "type", "seconds", "expires_after"]), inner)
    ),
    max_leaves=6,
)
NAMES = sorted({name for fields in (*MOVES.values(), *LOST.values()) for name in fields})
BODIES = st.dictionaries(
    st.sampled_from([*NAMES, "client_secret", "type", "later", "output_modalities"]), VALUES
)


@given(BODIES, st.sampled_from(sorted(TYPES)))
def test_nothing_is_rewritten_silently(older: Json, endpoint: Endpoint) -> None:
    """Whatever the body: each field is where its counterpart belongs, as it was or in the current words, or a remark names it."""
    body, remarks = body_of(older, endpoint)
    named = {remark.partition(":")[0].removeprefix("spec.session.") for remark in remarks}
    for name, value in older.items():
        if name in named or name == "type":
            continue
        here: Any = body
        for step in MOVES[endpoint][name]:
            here = here[step]
        assert here == value or (name, value, here["type"]) in {
            (f"{way}_audio_format", "pcm16", "audio/pcm") for way in ("input", "output")
        }
    assert body["type"] == TYPES[endpoint]

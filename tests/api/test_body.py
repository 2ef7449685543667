"""The session's body in the schema, against the official SDK's own description of it, and on a real API server."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import pytest
from openai.types.beta.realtime import SessionCreateParams, TranscriptionSessionCreateParams
from openai.types.realtime import (
    RealtimeSessionCreateRequestParam,
    RealtimeTranscriptionSessionCreateRequestParam,
    RealtimeTranslationSessionCreateRequestParam,
)
from typing_extensions import is_typeddict

from realtime_operator.api.body import SESSION_BODY

if TYPE_CHECKING:
    from tests.api.conftest import Objects, Refusal

SHAPES = (
    RealtimeSessionCreateRequestParam,
    RealtimeTranscriptionSessionCreateRequestParam,
    RealtimeTranslationSessionCreateRequestParam,
    SessionCreateParams,
    TranscriptionSessionCreateParams,
)
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def members(hint: Any) -> Iterator[Any]:
    """Give the members of a union, all the way down; any other type is its own only member."""
    if get_origin(hint) in (Annotated, Required, NotRequired):
        yield from members(get_args(hint)[0])
    elif get_origin(hint) in (Union, types.UnionType):
        for member in get_args(hint):
            yield from members(member)
    else:
        yield hint


def kinds(hint: Any) -> set[str]:
    """Give the JSON types that a value of a Python type may have."""
    if get_origin(hint) is Literal:
        return {SCALARS[type(value)] for value in get_args(hint)}
    if is_typeddict(hint) or hint is object or get_origin(hint) is dict:
        return {"object"}
    return {SCALARS.get(hint, "array")}


def described(shape: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield each field of the SDK's description with the JSON types that it may have, null aside."""
    for name, hint in get_type_hints(shape, include_extras=True).items():
        parts = list(members(hint))
        yield f"{path}.{name}", set().union(*(kinds(part) for part in parts)) - {"null"}
        for part in parts:
            for inner in members(get_args(part)[0]) if kinds(part) == {"array"} else (part,):
                if is_typeddict(inner):
                    yield from described(inner, f"{path}.{name}")


def declared(path: str) -> dict[str, Any] | None:
    """Return the schema at a path, looking through lists; None below what has no type, and where there is none."""
    schema: dict[str, Any] = dict(SESSION_BODY)
    for name in path.split(".")[1:]:
        schema = schema.get("items", schema)
        if "type" not in schema and "properties" not in schema:
            return None
        schema = schema["properties"][name]
    return schema


def test_every_field_of_the_official_sdk_is_declared() -> None:
    """Each field has the type that the SDK gives it; one of several types, in one shape or over all, has none.

    The lifetime is left out: it is spec.lifetimeSeconds.
    """
    wanted: dict[str, set[str]] = {}
    for shape in SHAPES:
        for path, types_of_it in described(shape):
            wanted.setdefault(path, set()).update(types_of_it)
    fields = {path for path in wanted if not path.startswith(".client_secret") and declared(path) is not None}
    assert len(fields) > 70
    for path in fields:
        schema = declared(path) or {}
        assert {schema.get("type")} == (wanted[path] if len(wanted[path]) == 1 else {None}), path


ODD = {
    "a voice by name": {"audio": {"output": {"voice": "marin"}}},
    "a voice by id": {"audio": {"output": {"voice": {"id": "voice_1"}}}},
    "a voice of the older shape": {"voice": "a-voice-of-next-year"},
    "no bound of tokens": {"max_output_tokens": "inf"},
    "a number of tokens": {"max_output_tokens": 4096},
    "tracing by name": {"tracing": "auto"},
    "tracing in full": {"tracing": {"workflow_name": "a", "metadata": {"b": 1}}},
    "a choice of tool": {"tool_choice": {"type": "function", "name": "book"}},
    "truncation in full": {
        "truncation": {
            "type": "retention_ratio",
            "retention_ratio": 0.8,
            "token_limits": {"post_instructions": 9},
        }
    },
    "fields of a later version, at every depth": {
        "new": 1,
        "audio": {"new": 1, "input": {"turn_detection": {"type": "x", "new": [None]}}},
    },
    "a whole number for a broken one": {"audio": {"output": {"speed": 1}}},
    "words of a later version": {
        "output_modalities": ["video"],
        "audio": {"input": {"noise_reduction": {"type": "quiet_field"}, "format": {"type": "audio/opus"}}},
    },
    "what the API's prose forbids and its schema does not": {
        "temperature": 2,
        "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 1.5}}},
    },
}

REFUSED = {
    "audio too fast": ({"audio": {"output": {"speed": 1.6}}}, "audio.output.speed", "equal to 1.5"),
    "an idle time that is too short": (
        {"audio": {"input": {"turn_detection": {"idle_timeout_ms": 4999}}}},
        "audio.input.turn_detection.idle_timeout_ms",
        "equal to 5000",
    ),
    "a format of the older shape": (
        {"audio": {"input": {"format": "pcm16"}}},
        "audio.input.format",
        "must be of type object",
    ),
    "a text for a number": ({"temperature": "0.8"}, "temperature", "must be of type number"),
    "one word for a list": ({"output_modalities": "audio"}, "output_modalities", "must be of type array"),
}


@pytest.mark.controlplane
@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_what_the_api_may_know_is_stored_as_written(objects: Objects, body: dict[str, Any]) -> None:
    """Unions, new fields and new words pass untouched."""
    session = {"type": "realtime", **body}
    assert objects.create("RealtimeSession", {"session": session})["spec"]["session"] == session


@pytest.mark.controlplane
@pytest.mark.parametrize(("body", "field", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_apis_schema_forbids_is_refused(
    refusal: Refusal, body: dict[str, Any], field: str, words: str
) -> None:
    """The API server names the field before a provider has to."""
    said = refusal("RealtimeSession", {"session": {"type": "realtime", **body}})
    assert said is not None
    assert f"spec.session.{field}: " in said
    assert words in said


def every_field(schema: Any) -> Any:
    """Give a body in which each declared field is null, inside of as many objects as there are."""
    fields = schema.get("properties")
    return {name: every_field(field) for name, field in fields.items()} if fields else None


@pytest.mark.controlplane
def test_null_survives_in_every_declared_field(objects: Objects) -> None:
    """Nothing that means "off" is pruned or turned into a default, however deep."""
    body = every_field(SESSION_BODY) | {"type": "realtime"}
    assert body["audio"]["input"]["turn_detection"]["type"] is None
    assert objects.create("RealtimeSession", {"session": body})["spec"]["session"] == body

"""The stand-in refuses what the API refuses, with the same code and the same path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["tests.support.provider_fixtures"]

GA = "/realtime/client_secrets"
BETA = "/realtime/sessions"


def realtime(**fields: object) -> dict[str, object]:
    """Make a GA body for a realtime session."""
    return {"session": {"type": "realtime", **fields}}


def heard(**fields: object) -> dict[str, object]:
    """Make a GA body with these fields of audio.input."""
    return realtime(audio={"input": fields})


def spoken(**fields: object) -> dict[str, object]:
    """Make a GA body with these fields of audio.output."""
    return realtime(audio={"output": fields})


def tool(**fields: object) -> dict[str, object]:
    """Make a GA body with one tool."""
    return realtime(tools=[fields])


def case(path: str, body: object, code: str, param: str | None) -> Any:
    """Make one refused request, named by endpoint, code and path."""
    return pytest.param(path, body, code, param, id=f"{path.rpartition('/')[2]}-{code}-{param}")


REFUSED = [
    case(GA, [], "invalid_type", None),
    case(GA, {"model": "m"}, "unknown_parameter", "model"),
    case(GA, {"session": {"model": "m"}}, "missing_required_parameter", "session.type"),
    case(GA, {"session": {"type": "translation"}}, "invalid_value", "session.type"),
    case(GA, {"session": None}, "invalid_type", "session"),
    case(GA, {"session": {"type": "transcription", "model": "m"}}, "unknown_parameter", "session.model"),
    case(GA, {"expires_after": {"seconds": 9}}, "integer_below_min_value", "expires_after.seconds"),
    case(GA, {"expires_after": {"seconds": 7201}}, "integer_above_max_value", "expires_after.seconds"),
    case(GA, {"expires_after": {"seconds": "600"}}, "invalid_type", "expires_after.seconds"),
    case(GA, {"expires_after": {"seconds": 600.0}}, "invalid_type", "expires_after.seconds"),
    case(GA, {"expires_after": {"seconds": True}}, "invalid_type", "expires_after.seconds"),
    case(GA, {"expires_after": {"anchor": "now"}}, "invalid_value", "expires_after.anchor"),
    case(GA, {"expires_after": None}, "invalid_type", "expires_after"),
    case(GA, realtime(temperature=0.8), "unknown_parameter", "session.temperature"),
    case(GA, realtime(voice="marin"), "unknown_parameter", "session.voice"),
    case(GA, realtime(model=7), "invalid_type", "session.model"),
    case(GA, realtime(instructions=None), "invalid_type", "session.instructions"),
    case(GA, realtime(output_modalities=["text", "audio"]), "invalid_value", "session.output_modalities"),
    case(GA, realtime(output_modalities=["video"]), "invalid_value", "session.output_modalities[0]"),
    case(GA, realtime(max_output_tokens="all"), "invalid_value", "session.max_output_tokens"),
    case(GA, realtime(max_output_tokens=0), "integer_below_min_value", "session.max_output_tokens"),
    case(GA, realtime(max_output_tokens=True), "invalid_type", "session.max_output_tokens"),
    case(GA, realtime(parallel_tool_calls="yes"), "invalid_type", "session.parallel_tool_calls"),
    case(GA, realtime(reasoning={"effort": "most"}), "invalid_value", "session.reasoning.effort"),
    case(GA, realtime(tracing="on"), "invalid_value", "session.tracing"),
    case(GA, realtime(tracing={"name": "x"}), "unknown_parameter", "session.tracing.name"),
    case(
        GA,
        realtime(truncation={"type": "retention_ratio"}),
        "missing_required_parameter",
        "session.truncation.retention_ratio",
    ),
    case(
        GA,
        realtime(truncation={"type": "retention_ratio", "retention_ratio": 1.5}),
        "decimal_above_max_value",
        "session.truncation.retention_ratio",
    ),
    case(GA, realtime(prompt={"version": "1"}), "missing_required_parameter", "session.prompt.id"),
    case(GA, realtime(tool_choice="some"), "invalid_value", "session.tool_choice"),
    case(GA, realtime(tools=None), "invalid_type", "session.tools"),
    case(GA, tool(name="f"), "missing_required_parameter", "session.tools[0].type"),
    case(GA, tool(type="function", strict=True), "unknown_parameter", "session.tools[0].strict"),
    case(GA, tool(type="mcp", server_url="u"), "missing_required_parameter", "session.tools[0].server_label"),
    case(GA, tool(type="mcp", server_label="l"), "missing_required_parameter", "session.tools[0].server_url"),
    case(
        GA,
        tool(type="mcp", server_label="l", server_url="u", headers={"X": 1}),
        "invalid_type",
        "session.tools[0].headers.X",
    ),
    case(GA, heard(format="pcm16"), "invalid_type", "session.audio.input.format"),
    case(GA, heard(format={"type": "audio/mp3"}), "invalid_value", "session.audio.input.format.type"),
    case(
        GA,
        heard(format={"type": "audio/pcm", "rate": 16000}),
        "integer_below_min_value",
        "session.audio.input.format.rate",
    ),
    case(
        GA,
        heard(transcription={"languages": []}),
        "array_below_min_length",
        "session.audio.input.transcription.languages",
    ),
    case(
        GA, heard(noise_reduction={"type": "no"}), "invalid_value", "session.audio.input.noise_reduction.type"
    ),
    case(
        GA,
        heard(turn_detection={"type": "server_vad", "eagerness": "low"}),
        "unknown_parameter",
        "session.audio.input.turn_detection.eagerness",
    ),
    case(
        GA,
        heard(turn_detection={"type": "server_vad", "idle_timeout_ms": 4999}),
        "integer_below_min_value",
        "session.audio.input.turn_detection.idle_timeout_ms",
    ),
    case(GA, spoken(speed=0.2), "decimal_below_min_value", "session.audio.output.speed"),
    case(GA, spoken(speed=1.6), "decimal_above_max_value", "session.audio.output.speed"),
    case(GA, spoken(voice={"name": "x"}), "unknown_parameter", "session.audio.output.voice.name"),
    case(GA, spoken(format=None), "invalid_type", "session.audio.output.format"),
    case(BETA, {"session": {}}, "unknown_parameter", "session"),
    case(BETA, {"model": None}, "invalid_type", "model"),
    case(BETA, {"expires_after": {}}, "unknown_parameter", "expires_after"),
    case(
        BETA,
        {"client_secret": {"expires_at": {"seconds": 60}}},
        "unknown_parameter",
        "client_secret.expires_at",
    ),
    case(
        BETA,
        {"client_secret": {"expires_after": {"seconds": 60}}},
        "missing_required_parameter",
        "client_secret.expires_after.anchor",
    ),
    case(BETA, {"input_audio_format": {"type": "audio/pcm"}}, "invalid_type", "input_audio_format"),
    case(BETA, {"output_audio_format": "mp3"}, "invalid_value", "output_audio_format"),
    case(BETA, {"temperature": 1.3}, "decimal_above_max_value", "temperature"),
    case(BETA, {"tools": [{"type": "mcp", "server_label": "l"}]}, "invalid_value", "tools[0].type"),
    case(BETA, {"truncation": "auto"}, "unknown_parameter", "truncation"),
]

ACCEPTED = [
    pytest.param(GA, realtime(tracing=None), id="GA-tracing-null"),
    pytest.param(GA, realtime(prompt=None), id="GA-prompt-null"),
    pytest.param(
        GA, heard(transcription=None, noise_reduction=None, turn_detection=None), id="GA-audio-nulls"
    ),
    pytest.param(
        GA,
        heard(turn_detection={"type": "server_vad", "threshold": 1, "idle_timeout_ms": None}),
        id="GA-idle-timeout-null",
    ),
    pytest.param(
        GA, heard(turn_detection={"type": "semantic_vad", "eagerness": "low"}), id="GA-semantic-vad"
    ),
    pytest.param(GA, heard(format={"type": "audio/pcmu"}), id="GA-format-without-rate"),
    pytest.param(GA, spoken(voice={"id": "voice_1"}, speed=1.5), id="GA-custom-voice"),
    pytest.param(GA, realtime(model="a-model-of-next-year"), id="GA-open-model"),
    pytest.param(GA, realtime(max_output_tokens="inf"), id="GA-endless-tokens"),
    pytest.param(
        GA,
        tool(type="mcp", server_label="l", server_url="u", authorization="t", require_approval="never"),
        id="GA-mcp",
    ),
    pytest.param(
        GA, realtime(tool_choice={"type": "mcp", "server_label": "l", "name": None}), id="GA-mcp-choice"
    ),
    pytest.param(
        BETA, {"modalities": ["text", "audio"], "voice": "voice-of-next-year"}, id="beta-both-modalities"
    ),
    pytest.param(
        BETA,
        {"turn_detection": None, "input_audio_transcription": None, "input_audio_noise_reduction": None},
        id="beta-nulls",
    ),
]


@pytest.mark.parametrize(("path", "body", "code", "param"), REFUSED)
def test_what_the_tables_forbid_is_refused(
    client: httpx.Client, path: str, body: object, code: str, param: str | None
) -> None:
    """A request outside of the tables gets 400 with all four parts of the API's error."""
    answer = client.post(path, json=body)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)


@pytest.mark.parametrize(("path", "body"), ACCEPTED)
def test_what_the_tables_allow_is_accepted(client: httpx.Client, path: str, body: object) -> None:
    """Open strings, nullable fields and both forms of a union get a token."""
    assert client.post(path, json=body).status_code == 200

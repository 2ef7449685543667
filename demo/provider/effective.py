"""Bodies of successful answers: the effective configuration, that is the request laid over the defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.provider.shapes import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

PCM: Mapping[str, object] = {"type": "audio/pcm", "rate": 24000}
SERVER_VAD: Mapping[str, object] = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
}
INSTRUCTIONS = "You are a voice agent. Speak clearly and keep to the point."

AUDIO_INPUT: Mapping[str, object] = {
    "format": PCM,
    "transcription": None,
    "noise_reduction": None,
    "turn_detection": {**SERVER_VAD, "idle_timeout_ms": None},
}
AUDIO_OUTPUT: Mapping[str, object] = {"format": PCM, "voice": "alloy", "speed": 1.0}
REALTIME: Mapping[str, object] = {
    "object": "realtime.session",
    "model": "gpt-realtime",
    "output_modalities": ["audio"],
    "instructions": INSTRUCTIONS,
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "tracing": None,
    "truncation": "auto",
    "prompt": None,
    "include": None,
}
TRANSCRIPTION: Mapping[str, object] = {"object": "realtime.transcription_session", "include": None}
BETA: Mapping[str, object] = {
    "model": "gpt-4o-realtime-preview",
    "modalities": ["audio", "text"],
    "instructions": INSTRUCTIONS,
    "voice": "alloy",
    "input_audio_format": "pcm16",
    "output_audio_format": "pcm16",
    "input_audio_transcription": None,
    "input_audio_noise_reduction": None,
    "turn_detection": SERVER_VAD,
    "speed": 1.0,
    "tracing": None,
    "tools": [],
    "tool_choice": "auto",
    "temperature": 0.8,
    "max_response_output_tokens": "inf",
}
BETA_TRANSCRIPTION: Mapping[str, object] = {
    "modalities": ["audio", "text"],
    "input_audio_format": "pcm16",
    "input_audio_transcription": {"model": "gpt-4o-transcribe", "language": None, "prompt": ""},
    "turn_detection": SERVER_VAD,
}


def ga_session(body: Mapping[str, object], token: str, expires_at: int, session_id: str) -> dict[str, object]:
    """Lay out the answer of client_secrets: token and its expiry at the top, the session nested.

    The nested `expires_at` is the session's own and stays 0: who takes it for the token's must fail.
    """
    asked = inner(body, "session")
    transcribes = asked.get("type") == "transcription"
    audio = inner(asked, "audio")
    effective_audio: dict[str, object] = {"input": {**AUDIO_INPUT, **inner(audio, "input")}}
    if not transcribes:
        effective_audio["output"] = {**AUDIO_OUTPUT, **inner(audio, "output")}
    session = {
        "type": "realtime",
        **(TRANSCRIPTION if transcribes else REALTIME),
        **asked,
        "id": session_id,
        "expires_at": 0,
        "audio": effective_audio,
    }
    return {"value": token, "expires_at": expires_at, "session": session}


def beta_session(
    body: Mapping[str, object], token: str, expires_at: int, session_id: str
) -> dict[str, object]:
    """Lay out the answer of the beta endpoint: one flat session that carries the token in `client_secret`."""
    return {
        "id": session_id,
        "object": "realtime.session",
        "expires_at": 0,
        **BETA,
        **body,
        "client_secret": {"value": token, "expires_at": expires_at},
    }


def transcription_session(
    body: Mapping[str, object], token: str, expires_at: int, session_id: str
) -> dict[str, object]:
    """Lay out the answer of transcription_sessions: flat, with the token in `client_secret`."""
    return {
        "id": session_id,
        "object": "realtime.transcription_session",
        "expires_at": 0,
        **BETA_TRANSCRIPTION,
        **body,
        "client_secret": {"value": token, "expires_at": expires_at},
    }


def translation_session(
    body: Mapping[str, object], token: str, expires_at: int, session_id: str
) -> dict[str, object]:
    """Lay out the answer of translations/client_secrets; here the session's own expiry is the token's."""
    asked = inner(body, "session")
    audio = inner(asked, "audio")
    effective = {
        "input": {"transcription": None, "noise_reduction": None, **inner(audio, "input")},
        "output": {"language": "en", **inner(audio, "output")},
    }
    session = {
        **asked,
        "id": session_id,
        "type": "translation",
        "expires_at": expires_at,
        "audio": effective,
    }
    return {"value": token, "expires_at": expires_at, "session": session}


def inner(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Give an object member of a checked body, an empty one where it is absent."""
    value = body.get(name)
    return value if is_object(value) else {}

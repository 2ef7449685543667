"""What the bodies of ``sessions`` and ``transcription_sessions`` call their parts, and what became of each in ``client_secrets``.

Sources: the older bodies from the API's description of August 2025, the current one from openai/openai-openapi at commit f85dbe2. The
correspondence is drawn from the two; the API publishes none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from realtime_operator.api.endpoint import Endpoint

Path = tuple[str, ...]

TYPES: Final = {Endpoint.SESSIONS: "realtime", Endpoint.TRANSCRIPTION_SESSIONS: "transcription"}
"""The older endpoints, and the type of session that says the same with ClientSecrets."""

_INPUT: Final[Mapping[str, Path]] = {
    "input_audio_format": ("audio", "input", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
}
MOVES: Final[Mapping[Endpoint, Mapping[str, Path]]] = {
    Endpoint.SESSIONS: {
        **{name: (name,) for name in ("model", "instructions", "tools", "tool_choice")},
        **{name: (name,) for name in ("tracing", "truncation", "prompt")},
        **_INPUT,
        "modalities": ("output_modalities",),
        "voice": ("audio", "output", "voice"),
        "speed": ("audio", "output", "speed"),
        "output_audio_format": ("audio", "output", "format"),
        "max_response_output_tokens": ("max_output_tokens",),
    },
    Endpoint.TRANSCRIPTION_SESSIONS: {"include": ("include",), **_INPUT},
}
"""Where a field of an older body stands in the current one."""

LOST: Final[Mapping[Endpoint, Mapping[str, str]]] = {
    Endpoint.SESSIONS: {"temperature": "ClientSecrets has no temperature"},
    Endpoint.TRANSCRIPTION_SESSIONS: {
        "modalities": "a transcription answers nothing",
        "model": "a transcription names its model in audio.input.transcription.model",
    },
}
"""Fields without a counterpart, and why."""

NOTHING: Final = object()
"""No value at all, as against null."""

_FORMATS: Final[Mapping[str, Mapping[str, Any]]] = {
    "pcm16": {"type": "audio/pcm", "rate": 24000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}
_CHOICES: Final = frozenset({"auto", "none", "required"})


def _modalities(value: Any) -> tuple[Any, str]:
    if isinstance(value, list) and {"text", "audio"} <= {item for item in value if isinstance(item, str)}:
        return ["audio"], "ClientSecrets takes text or audio and not both; became [audio]"
    return value, ""


def _audio_format(value: Any) -> tuple[Any, str]:
    if not isinstance(value, str):
        return value, ""
    known = _FORMATS.get(value)
    if known is None:
        return NOTHING, "an encoding that ClientSecrets has no name for; left out"
    return dict(known), ""


def _tool_choice(value: Any) -> tuple[Any, str]:
    if isinstance(value, str) and value not in _CHOICES:
        named = {"type": "function", "name": value}
        return named, "ClientSecrets names one tool as {type: function, name: NAME}; became that"
    return value, ""


CHANGES: Final[Mapping[str, Callable[[Any], tuple[Any, str]]]] = {
    "modalities": _modalities,
    "input_audio_format": _audio_format,
    "output_audio_format": _audio_format,
    "tool_choice": _tool_choice,
}
"""What becomes of a value besides being moved: the new one, or NOTHING, and the remark if that is no mere translation."""

"""The body of Sessions and TranscriptionSessions, declared: what the current shape names otherwise, or no longer has.

Source: the API's description as published in August 2025 (RealtimeSessionCreateRequest, RealtimeTranscriptionSessionCreateRequest). What is
published today for `sessions` as the request is its former answer, which is why nothing here comes from it.
"""

from __future__ import annotations

from typing import Final

from realtime_operator.api.body_audio import NOISE_REDUCTION, TRANSCRIPTION, TURN_DETECTION
from realtime_operator.api.body_fields import anything, number, text, texts
from realtime_operator.api.rules import JsonSchema

_BOTH: Final = "Sessions and TranscriptionSessions"


def _older(schema: JsonSchema, where: str) -> JsonSchema:
    """Say of a part of the current shape where the older ones have it."""
    return {**schema, "description": f"{schema['description']} {where}"}


OLDER: Final[dict[str, JsonSchema]] = {
    "modalities": texts(
        f"text, audio, or both. {_BOTH}; ClientSecrets calls it output_modalities and takes one of them."
    ),
    "voice": text("Name of a voice. Sessions; ClientSecrets has it in audio.output."),
    "speed": number(
        "How fast the model speaks. Default 1. Sessions; ClientSecrets has it in audio.output.",
        low=0.25,
        high=1.5,
    ),
    "input_audio_format": text(
        f"pcm16 (default), g711_ulaw or g711_alaw. {_BOTH}; ClientSecrets has an object in audio.input.format."
    ),
    "output_audio_format": text(
        "pcm16 (default), g711_ulaw or g711_alaw. Sessions; ClientSecrets has an object in audio.output.format."
    ),
    "input_audio_transcription": _older(
        TRANSCRIPTION, f"{_BOTH}; ClientSecrets has it in audio.input.transcription."
    ),
    "input_audio_noise_reduction": _older(
        NOISE_REDUCTION, f"{_BOTH}; ClientSecrets has it in audio.input.noise_reduction."
    ),
    "turn_detection": _older(TURN_DETECTION, f"{_BOTH}; ClientSecrets has it in audio.input.turn_detection."),
    "temperature": number("How freely words are chosen, 0.6 to 1.2. Default 0.8. Sessions only."),
    "max_response_output_tokens": anything(
        "Tokens of one answer at most: 1 to 4096, or inf, the default. Sessions; ClientSecrets calls it "
        "max_output_tokens."
    ),
}

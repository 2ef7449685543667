"""What the API hears and says, declared: the parts that the current and the older session shapes share."""

from __future__ import annotations

from typing import Final

from realtime_operator.api.body_fields import anything, flag, number, record, text, texts, whole
from realtime_operator.api.rules import JsonSchema

TURN_DETECTION: Final = record(
    "How the end of a speaker's turn is found. null: not at all, the client says so itself. Absent: server_vad.",
    {
        "type": text("server_vad (by silence) or semantic_vad (by what is said); needed."),
        "threshold": number("server_vad: how loud counts as speech, 0 to 1. Default 0.5."),
        "prefix_padding_ms": whole("server_vad: audio kept from before the speech, in ms. Default 300."),
        "silence_duration_ms": whole("server_vad: silence that ends the turn, in ms. Default 500."),
        "idle_timeout_ms": whole(
            "server_vad: silence after which the model speaks up, in ms; ClientSecrets only.",
            low=5000,
            high=30000,
        ),
        "eagerness": text("semantic_vad: how soon to answer: low, medium, high or auto. Default auto."),
        "create_response": flag("Whether the model answers at the turn's end. Default true."),
        "interrupt_response": flag("Whether speech interrupts the model's answer. Default true."),
    },
)

TRANSCRIPTION: Final = record(
    "Writes down what is heard. null or absent: off.",
    {
        "model": text("Model that transcribes, such as gpt-4o-transcribe or whisper-1."),
        "language": text("Language spoken, in ISO 639-1, such as de."),
        "languages": texts("Languages that may be spoken; not with Sessions.", least=1),
        "keywords": texts("Words to listen for; not with Sessions."),
        "prompt": text("Guides the transcription; gpt-realtime-whisper takes none."),
        "delay": text(
            "How long to wait for more before words are written down: minimal, low, medium, high or xhigh; "
            "not with Sessions."
        ),
    },
)

NOISE_REDUCTION: Final = record(
    "Filters noise before anything else listens. null or absent: off.",
    {
        "type": text("near_field (headset) or far_field (room microphone)."),
        "strength": number("How strongly. Default 1."),
    },
)


def audio_format(direction: str) -> JsonSchema:
    """Declare the encoding of what comes in or goes out."""
    return record(
        f"Encoding of the audio that {direction}. Default audio/pcm.",
        {
            "type": text("audio/pcm, audio/pcmu (G.711 µ-law) or audio/pcma (G.711 A-law)."),
            "rate": whole("Samples per second; audio/pcm has 24000."),
        },
    )


AUDIO: Final = record(
    "What is heard and what is said. ClientSecrets and TranslationClientSecrets.",
    {
        "input": record(
            "What is heard. A translation takes only transcription and noise_reduction.",
            {
                "format": audio_format("comes in"),
                "transcription": TRANSCRIPTION,
                "noise_reduction": NOISE_REDUCTION,
                "turn_detection": TURN_DETECTION,
            },
        ),
        "output": record(
            "What is said; not with type transcription. A translation takes only language.",
            {
                "format": audio_format("goes out"),
                "voice": anything(
                    "Name of a voice, such as marin, cedar or alloy, or {id: ...} for a custom one."
                ),
                "speed": number("How fast the model speaks. Default 1.", low=0.25, high=1.5),
                "language": text("TranslationClientSecrets: language to translate into, such as de."),
            },
        ),
    },
)

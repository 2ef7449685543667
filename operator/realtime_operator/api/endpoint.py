"""The provider's mint operations, by the names that specs use."""

from __future__ import annotations

from enum import StrEnum


class Endpoint(StrEnum):
    """Which mint operation is called, and so what a session's body means."""

    CLIENT_SECRETS = "ClientSecrets"
    SESSIONS = "Sessions"
    TRANSCRIPTION_SESSIONS = "TranscriptionSessions"
    TRANSLATION_CLIENT_SECRETS = "TranslationClientSecrets"

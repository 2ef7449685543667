"""The API's own four ways to mint. A dialect of one is a row of ``dialects.py``."""

from __future__ import annotations

from demo.provider.effective import beta_session, ga_session, transcription_session, translation_session
from demo.provider.endpoint import Endpoint
from demo.provider.tables import (
    CLIENT_SECRETS,
    SESSIONS,
    TRANSCRIPTION_SESSIONS,
    TRANSLATION_CLIENT_SECRETS,
)

GA = Endpoint(
    name="ClientSecrets",
    path="/realtime/client_secrets",
    request=CLIENT_SECRETS,
    lifetime=600,
    lifetime_at=("expires_after", "seconds"),
    model_at=("session", "model"),
    lay_out=ga_session,
)
BETA = Endpoint(
    name="Sessions",
    path="/realtime/sessions",
    request=SESSIONS,
    lifetime=60,
    lifetime_at=("client_secret", "expires_after", "seconds"),
    model_at=("model",),
    lay_out=beta_session,
    token_at=("client_secret", "value"),
    expiry_at=("client_secret", "expires_at"),
)
TRANSCRIPTION = Endpoint(
    name="TranscriptionSessions",
    path="/realtime/transcription_sessions",
    request=TRANSCRIPTION_SESSIONS,
    lifetime=600,
    lifetime_at=("client_secret", "expires_at", "seconds"),
    model_at=("input_audio_transcription", "model"),
    lay_out=transcription_session,
    token_at=("client_secret", "value"),
    expiry_at=("client_secret", "expires_at"),
)
TRANSLATION = Endpoint(
    name="TranslationClientSecrets",
    path="/realtime/translations/client_secrets",
    request=TRANSLATION_CLIENT_SECRETS,
    lifetime=600,
    lifetime_at=("expires_after", "seconds"),
    model_at=("session", "model"),
    lay_out=translation_session,
)
ENDPOINTS = (GA, BETA, TRANSCRIPTION, TRANSLATION)

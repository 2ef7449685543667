"""Each server that the operator is known to work with, as a row: what its provider object says, and what a session for it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from realtime_operator.api.auth import AuthScheme
from realtime_operator.api.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One endpoint of one server.

    Attributes:
        dialect: the server, by the name that the stand-in gives it.
        base_url: as its documentation has it.
        endpoint: which of the operator's endpoints is used for it.
        session: an example of `spec.session`; None where none is sent.
        lifetime: an example of `spec.lifetimeSeconds`; None where none can be asked for.
        granted: seconds that its tokens live then.
        path: `spec.paths` for the endpoint, or None.
        lifetime_field: `spec.lifetimeFields` for the endpoint, or None.
        scheme: `spec.auth.scheme`.
    """

    dialect: str
    base_url: str
    endpoint: Endpoint
    session: Mapping[str, Any] | None = field(default=None, repr=False)
    lifetime: int | None = None
    granted: int = 600
    path: str | None = None
    lifetime_field: str | None = None
    scheme: AuthScheme = AuthScheme.BEARER

    @property
    def name(self) -> str:
        """Dialect and endpoint."""
        return f"{self.dialect} {self.endpoint}"

    @property
    def fields(self) -> str:
        """What `spec` of its provider object has beside baseURL and the key, as one writes it."""
        said = []
        if self.scheme is not AuthScheme.BEARER:
            said.append(f"auth: {{scheme: {self.scheme}}}")
        if self.path is not None:
            said.append(f'paths: {{{self.endpoint}: "{self.path}"}}')
        if self.lifetime_field is not None:
            said.append(f'lifetimeFields: {{{self.endpoint}: "{self.lifetime_field}"}}')
        return "; ".join(f"`{it}`" for it in said) or "nothing"


REALTIME: Final = {"type": "realtime", "model": "gpt-realtime", "audio": {"output": {"voice": "marin"}}}
FLAT: Final = {"model": "gpt-4o-realtime-preview", "voice": "sage"}
HEARD: Final = {"input_audio_transcription": {"model": "gpt-4o-transcribe"}, "turn_detection": None}
TRANSLATED: Final = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "es"}}}

OPENAI: Final = "https://api.openai.com/v1"
AZURE_PREVIEW: Final = "https://NAME.openai.azure.com/openai"
PREVIEW_VERSION: Final = "?api-version=2025-04-01-preview"


def _all_four(dialect: str, base_url: str) -> tuple[Row, ...]:
    """The rows of a server that has every endpoint where the API has it."""
    return (
        Row(
            dialect=dialect,
            base_url=base_url,
            endpoint=Endpoint.CLIENT_SECRETS,
            session=REALTIME,
            lifetime=120,
            granted=120,
        ),
        Row(
            dialect=dialect,
            base_url=base_url,
            endpoint=Endpoint.SESSIONS,
            session=FLAT,
            lifetime=120,
            granted=120,
        ),
        Row(
            dialect=dialect,
            base_url=base_url,
            endpoint=Endpoint.TRANSCRIPTION_SESSIONS,
            session=HEARD,
            lifetime=120,
            granted=120,
        ),
        Row(
            dialect=dialect,
            base_url=base_url,
            endpoint=Endpoint.TRANSLATION_CLIENT_SECRETS,
            session=TRANSLATED,
            lifetime=120,
            granted=120,
        ),
    )


_LITELLM: Final = tuple(
    row for row in _all_four("litellm", "https://litellm.example/v1") if row.endpoint is not Endpoint.SESSIONS
)

ROWS: Final[tuple[Row, ...]] = (
    *_all_four("openai", OPENAI),
    Row(
        dialect="azure",
        base_url="https://NAME.openai.azure.com/openai/v1",
        endpoint=Endpoint.CLIENT_SECRETS,
        session=REALTIME | {"model": "my-deployment"},
        scheme=AuthScheme.API_KEY_HEADER,
    ),
    Row(
        dialect="azure-preview",
        base_url=AZURE_PREVIEW,
        endpoint=Endpoint.SESSIONS,
        session=FLAT | {"model": "my-deployment"},
        granted=60,
        path=f"/realtimeapi/sessions{PREVIEW_VERSION}",
        lifetime_field="",
        scheme=AuthScheme.API_KEY_HEADER,
    ),
    Row(
        dialect="azure-preview",
        base_url=AZURE_PREVIEW,
        endpoint=Endpoint.TRANSCRIPTION_SESSIONS,
        session=HEARD,
        granted=60,
        path=f"/realtimeapi/transcription_sessions{PREVIEW_VERSION}",
        lifetime_field="",
        scheme=AuthScheme.API_KEY_HEADER,
    ),
    *_LITELLM,
    Row(
        dialect="xai",
        base_url="https://api.x.ai/v1",
        endpoint=Endpoint.CLIENT_SECRETS,
        lifetime=300,
        granted=300,
    ),
    Row(
        dialect="bifrost",
        base_url="https://bifrost.example/v1",
        endpoint=Endpoint.CLIENT_SECRETS,
        session=REALTIME | {"model": "openai/gpt-realtime"},
        lifetime=120,
        granted=120,
    ),
    Row(
        dialect="vercel",
        base_url="https://ai-gateway.vercel.sh/v1",
        endpoint=Endpoint.SESSIONS,
        session={"model": "openai/gpt-realtime-2"},
        lifetime=120,
        granted=120,
        path="/realtime/client-secrets",
        lifetime_field="/expiresIn",
    ),
    Row(
        dialect="mistral",
        base_url="https://api.mistral.ai/v1",
        endpoint=Endpoint.SESSIONS,
        session={"purpose": "realtime", "model": "voxtral-mini-transcribe-realtime-2602"},
        granted=60,
        path="/client/sessions",
        lifetime_field="",
    ),
    Row(
        dialect="opper",
        base_url="https://api.opper.ai/v3",
        endpoint=Endpoint.SESSIONS,
        session={"config": {"model": "openai/gpt-realtime-2", "voice": "marin"}},
        lifetime=600,
        granted=300,
        path="/realtime-sessions",
        lifetime_field="/ttl_seconds",
    ),
    *_all_four("compatible", "https://gateway.example/v1"),
)
"""The order of the table in `docs/dialects.md`."""

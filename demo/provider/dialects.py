"""Other servers that speak the API, or something near it, as rows: what differs from the API's own endpoints.

As far as their documentation tells; where it is silent a row keeps what the API does. `docs/dialects.md` names the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from demo.provider.answers import Refused
from demo.provider.endpoint import Endpoint
from demo.provider.endpoints import BETA, ENDPOINTS, GA, TRANSCRIPTION, TRANSLATION
from demo.provider.shapes import Fields, Integer, Items, OpenMap, Text, is_object
from demo.provider.tables import AZURE_CLIENT_SECRETS, AZURE_SESSIONS, AZURE_TRANSCRIPTION_SESSIONS


@dataclass(frozen=True, slots=True)
class Dialect:
    """A server by name, the path at which the stand-in speaks as it does, and its ways to mint."""

    name: str
    base: str
    endpoints: tuple[Endpoint, ...]


def azure_error(refused: Refused) -> dict[str, object]:
    """Lay out a refusal with code and message only; the code may be a word or a number."""
    return {"error": {"code": refused.code or str(refused.status), "message": refused.message}}


def placeholder_error(refused: Refused) -> dict[str, object]:
    """Lay out a refusal in which what is missing is the text None, and the code falls back to the status."""
    error = {"message": refused.message, "type": refused.kind, "param": str(refused.param)}
    return {"error": {**error, "code": refused.code or str(refused.status)}}


def rfc3339(seconds: int) -> str:
    """Write a moment as Go does: with a fraction and Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def bare(_: Mapping[str, object], token: str, expires_at: int, __: str) -> dict[str, object]:
    """Lay out token and expiry, and nothing else."""
    return {"value": token, "expires_at": expires_at}


def bare_secret(_: Mapping[str, object], token: str, expires_at: int, __: str) -> dict[str, object]:
    """Lay out token and expiry in `client_secret`, and nothing else."""
    return {"client_secret": {"value": token, "expires_at": expires_at}}


def token_twice(
    body: Mapping[str, object], token: str, expires_at: int, session_id: str
) -> dict[str, object]:
    """Lay out the API's answer with the token in the session once more, beside another expiry."""
    answer = GA.lay_out(body, token, expires_at, session_id)
    session = answer["session"]
    if is_object(session):
        session["client_secret"] = {"value": token, "expires_at": 0}
    return answer


def camel(_: Mapping[str, object], token: str, expires_at: int, __: str) -> dict[str, object]:
    """Lay out Vercel's answer."""
    return {"token": token, "expiresAt": expires_at}


def dated_secret(body: Mapping[str, object], token: str, expires_at: int, _: str) -> dict[str, object]:
    """Lay out Mistral's answer: expiry as RFC 3339, once for the session and once for the token."""
    secret = {"value": token, "expires_at": rfc3339(expires_at)}
    purpose = body.get("purpose", "realtime")
    return {
        "object": "client.session",
        "purpose": purpose,
        "expires_at": rfc3339(expires_at),
        "client_secret": secret,
    }


def plain_secret(_: Mapping[str, object], token: str, expires_at: int, __: str) -> dict[str, object]:
    """Lay out Opper's answer: the token is `client_secret` itself."""
    return {"client_secret": token, "expires_at": rfc3339(expires_at)}


API_VERSION = "api-version="
TEXT = Text()
SECONDS = Integer(1)

AZURE = Dialect(
    "azure",
    "/azure/openai/v1",
    (replace(GA, request=AZURE_CLIENT_SECRETS, scheme="ApiKeyHeader", error=azure_error),),
)
AZURE_PREVIEW = Dialect(
    "azure-preview",
    "/azure-preview/openai",
    (
        replace(
            BETA,
            path="/realtimeapi/sessions",
            request=AZURE_SESSIONS,
            lifetime_at=(),
            scheme="ApiKeyHeader",
            query=API_VERSION,
            error=azure_error,
        ),
        replace(
            TRANSCRIPTION,
            path="/realtimeapi/transcription_sessions",
            request=AZURE_TRANSCRIPTION_SESSIONS,
            lifetime_at=(),
            lifetime=60,
            scheme="ApiKeyHeader",
            query=API_VERSION,
            error=azure_error,
        ),
    ),
)
LITELLM = Dialect(
    "litellm",
    "/litellm/v1",
    (
        replace(GA, lay_out=token_twice, prefix="gAAAAA", error=placeholder_error, scheme="Bearer"),
        replace(TRANSCRIPTION, prefix="gAAAAA", error=placeholder_error, scheme="Bearer"),
        replace(TRANSLATION, prefix="gAAAAA", error=placeholder_error, scheme="Bearer"),
    ),
)
XAI = Dialect(
    "xai",
    "/xai/v1",
    (
        replace(
            GA,
            request=Fields({"expires_after": Fields({"seconds": SECONDS})}),
            lay_out=bare,
            prefix="xai-realtime-",
            scheme="Bearer",
        ),
    ),
)
BIFROST = Dialect("bifrost", "/bifrost/v1", (replace(GA, prefix="ek_bf_", scheme="Bearer"),))
VERCEL = Dialect(
    "vercel",
    "/vercel/v1",
    (
        replace(
            BETA,
            path="/realtime/client-secrets",
            request=Fields({"model": TEXT, "expiresIn": SECONDS, "routeKind": TEXT}, required=("model",)),
            lifetime_at=("expiresIn",),
            lay_out=camel,
            prefix="vcst_",
            scheme="Bearer",
            token_at=("token",),
            expiry_at=("expiresAt",),
        ),
    ),
)
MISTRAL = Dialect(
    "mistral",
    "/mistral/v1",
    (
        replace(
            BETA,
            path="/client/sessions",
            request=Fields({"purpose": TEXT, "model": TEXT}, required=("model",)),
            lifetime_at=(),
            lay_out=dated_secret,
            status=201,
            prefix="rt_",
            scheme="Bearer",
        ),
    ),
)
OPPER = Dialect(
    "opper",
    "/opper/v3",
    (
        replace(
            BETA,
            path="/realtime-sessions",
            request=Fields({"config": OpenMap(), "locked_fields": Items(TEXT), "ttl_seconds": Integer()}),
            lifetime_at=("ttl_seconds",),
            model_at=("config", "model"),
            lay_out=plain_secret,
            longest=300,
            prefix="ticket-",
            scheme="Bearer",
            token_at=("client_secret",),
            expiry_at=("expires_at",),
        ),
    ),
)
COMPATIBLE = Dialect(
    "compatible",
    "/compatible/v1",
    tuple(
        replace(it, lay_out=bare if it.token_at == ("value",) else bare_secret, scheme="Bearer")
        for it in ENDPOINTS
    ),
)
DIALECTS = (
    Dialect("openai", "/v1", ENDPOINTS),
    AZURE,
    AZURE_PREVIEW,
    LITELLM,
    XAI,
    BIFROST,
    VERCEL,
    MISTRAL,
    OPPER,
    COMPATIBLE,
)
"""All that the stand-in speaks, the API's own first."""

"""What is sent to mint a token, made once from a spec and kept as bytes; and the hash that tells whether it changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.api.session import Endpoint, RealtimeSessionSpec
from realtime_operator.core.errors import InvalidSession
from realtime_operator.core.null_paths import with_nulls
from realtime_operator.core.reasons import Reason

LARGEST_SESSION_BYTES = 256 * 1024
"""CEL cannot measure an open object, so the operator does; the API itself documents no larger body."""

LIFETIME_FIELDS: Mapping[Endpoint, bytes] = {
    Endpoint.SESSIONS: b"expires_after",
    Endpoint.TRANSCRIPTION_SESSIONS: b"expires_at",
}
"""The endpoints whose body is the session itself, and what they call the wanted lifetime inside ``client_secret``.

The names are those of the API's description of 2025: ``sessions`` renamed the field in June, ``transcription_sessions`` never did.
"""

HASH_FORMAT = "1"
"""Changes only when the same spec must be sent differently; a change mints every token anew."""


@dataclass(frozen=True, slots=True)
class MintTemplate:
    """A request without its lifetime and its provider.

    Attributes:
        endpoint: which operation.
        session: the session as compact JSON in the author's order, or None where the spec has none; never printed.
        session_digest: SHA-256 of the session in canonical JSON.
        lifetime: seconds asked for by the spec, or None.
        model: the model named in the session, or None.
        safety_identifier: sent as a header, or None.
    """

    endpoint: Endpoint
    session: bytes | None = field(repr=False)
    session_digest: str
    lifetime: int | None
    model: str | None
    safety_identifier: str | None


def mint_template(spec: RealtimeSessionSpec) -> MintTemplate:
    """Make the request of a spec.

    Raises:
        InvalidSession: the session is too large or too deep, sets what belongs to a field of its own, or a null path leads nowhere.
    """
    session = spec.session
    if spec.null_paths:
        session = with_nulls(session or {}, spec.null_paths)
    if session is not None and spec.endpoint in LIFETIME_FIELDS and "client_secret" in session:
        raise InvalidSession(
            Reason.INVALID_SPEC,
            "spec.session.client_secret: set spec.lifetimeSeconds instead, and remove it.",
        )
    try:
        encoded, digest = None if session is None else _compact(session), _digest(session)
    except RecursionError:
        raise InvalidSession(Reason.INVALID_SPEC, "spec.session: nested too deeply; flatten it.") from None
    if encoded is not None and len(encoded) > LARGEST_SESSION_BYTES:
        raise InvalidSession(
            Reason.INVALID_SPEC,
            f"spec.session: {len(encoded)} bytes as JSON, {LARGEST_SESSION_BYTES} are allowed; shorten it.",
        )
    return MintTemplate(
        endpoint=spec.endpoint,
        session=encoded,
        session_digest=digest,
        lifetime=spec.lifetime_seconds,
        model=_model(session),
        safety_identifier=spec.safety_identifier,
    )


def request_body(template: MintTemplate, lifetime: int | None) -> bytes:
    """The JSON document to send: the session untouched, and the lifetime in the endpoint's own form.

    Both endpoints for client secrets take ``expires_after`` beside the session; the older ones take theirs inside ``client_secret``.
    """
    field_name = LIFETIME_FIELDS.get(template.endpoint)
    if field_name is not None:
        flat = template.session or b"{}"
        if lifetime is None:
            return flat
        member = b'"client_secret":{"%b":{"anchor":"created_at","seconds":%d}}' % (field_name, lifetime)
        return flat[:-1] + (b"," if len(flat) > len(b"{}") else b"") + member + b"}"
    members = []
    if lifetime is not None:
        members.append(b'"expires_after":{"anchor":"created_at","seconds":%d}' % lifetime)
    if template.session is not None:
        members.append(b'"session":' + template.session)
    return b"{" + b",".join(members) + b"}"


def request_hash(
    template: MintTemplate,
    *,
    uid: str,
    url: str,
    organization: str | None,
    project: str | None,
    lifetime: int | None,
) -> str:
    """Name what would be sent, so that only a change of it mints anew.

    Salted by the session's UID, because what is hashed may be confidential. The key and extra headers are left out: to change them
    changes nothing about the token. The safety identifier is in, because the provider binds it to the token.
    """
    parts = [
        HASH_FORMAT,
        uid,
        url,
        organization,
        project,
        template.endpoint.value,
        lifetime,
        template.safety_identifier,
        template.session_digest,
    ]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()[:32]


def _model(session: Mapping[str, Any] | None) -> str | None:
    model = session.get("model") if session is not None else None
    return model if isinstance(model, str) else None


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(value: Any) -> str:
    canonical = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()

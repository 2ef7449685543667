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
from realtime_operator.core.packing import packed, unpacked
from realtime_operator.core.reasons import Reason
from realtime_operator.core.value_marks import ValueMark, check_encoded, with_marks

LARGEST_SESSION_BYTES = 256 * 1024
"""CEL cannot measure an open object, so the operator does; the API itself documents no larger body."""

FLAT: frozenset[Endpoint] = frozenset({Endpoint.SESSIONS, Endpoint.TRANSCRIPTION_SESSIONS})
"""The endpoints whose body is the session itself; the others have it as a member of the body."""

WISHES: Mapping[Endpoint, bytes] = {
    Endpoint.CLIENT_SECRETS: b'"expires_after":{"seconds":%d}',
    Endpoint.SESSIONS: b'"client_secret":{"expires_after":{"anchor":"created_at","seconds":%d}}',
    Endpoint.TRANSCRIPTION_SESSIONS: b'"client_secret":{"expires_at":{"seconds":%d}}',
    Endpoint.TRANSLATION_CLIENT_SECRETS: b'"expires_after":{"seconds":%d}',
}
"""How each endpoint is asked for a lifetime, unless the provider spells it differently.

The anchor stands only where the API's description of 2025 requires it: it has one value, which is the default elsewhere, and xAI's
documentation says that it is not supported there. ``sessions`` renamed its field in June 2025, ``transcription_sessions`` never did.
"""

_HEARD = ("audio", "input", "transcription", "model")
_HEARD_BEFORE = ("input_audio_transcription", "model")
"""Where a session that only transcribes names its model; for one that talks this is a second model, which no policy is about."""

NO_NAMES: frozenset[str] = frozenset()
"""One for all: an empty set takes 216 bytes, and Python makes another each time."""

HASH_FORMAT = "1"
"""Changes only when the same spec must be sent differently; a change mints every token anew."""


@dataclass(frozen=True, slots=True)
class MintTemplate:
    """A request without its lifetime and its provider.

    Attributes:
        endpoint: which operation.
        kept: the session as it is kept, or None where the spec has none; never printed.
        session_digest: SHA-256 of the session in canonical JSON.
        names: what a session that is the body has at its top, which a wish for a lifetime must not repeat; empty for others.
        lifetime: seconds asked for by the spec, or None.
        model: the model named in the session, or None.
        safety_identifier: sent as a header, or None.
        marks: what stands in the session in the place of values from Secrets, until they are put in.
        secrets: those values once they are; never printed.
    """

    endpoint: Endpoint
    kept: bytes | None = field(repr=False)
    session_digest: str
    names: frozenset[str] = field(repr=False)
    lifetime: int | None
    model: str | None
    safety_identifier: str | None
    marks: tuple[ValueMark, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def session(self) -> bytes | None:
        """The session as compact JSON in the author's order, or None where the spec has none."""
        return None if self.kept is None else unpacked(self.kept)


def mint_template(spec: RealtimeSessionSpec) -> MintTemplate:
    """Make the request of a spec.

    Raises:
        InvalidSession: the session is too large or too deep, sets what belongs to a field of its own, or a path leads nowhere.
    """
    session = spec.session
    if spec.null_paths:
        session = with_nulls(session or {}, spec.null_paths)
    marks: tuple[ValueMark, ...] = ()
    if spec.secret_values:
        session, marks = with_marks(session or {}, spec.secret_values, spec.null_paths)
    if session is not None and spec.endpoint in FLAT and "client_secret" in session:
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
    check_encoded(encoded or b"", marks)
    return MintTemplate(
        endpoint=spec.endpoint,
        kept=None if encoded is None else packed(encoded),
        session_digest=digest,
        names=frozenset(session or ()) if spec.endpoint in FLAT else NO_NAMES,
        lifetime=spec.lifetime_seconds,
        model=_model(spec.endpoint, session),
        safety_identifier=spec.safety_identifier,
        marks=marks,
    )


def request_body(template: MintTemplate, lifetime: int | None, pointer: str | None = None) -> bytes:
    """The JSON document to send: the session untouched, and the lifetime in the endpoint's own form.

    Args:
        template: the request.
        lifetime: seconds to ask for; None asks for none.
        pointer: JSON pointer to where the provider takes them, which the session leaves free; None for where the endpoint has them.
    """
    wish = b"" if lifetime is None else _wish(template.endpoint, pointer) % lifetime
    if template.endpoint in FLAT:
        flat = template.session or b"{}"
        return flat[:-1] + (b"," if wish and len(flat) > len(b"{}") else b"") + wish + b"}"
    session = b"" if (whole := template.session) is None else b'"session":' + whole
    return b"{" + wish + (b"," if wish and session else b"") + session + b"}"


def repeated_name(template: MintTemplate, pointer: str) -> str | None:
    """The field of the session that a lifetime at ``pointer`` would be a second time; None where there is none."""
    name = _steps(pointer)[0]
    return name if template.endpoint in FLAT and name in template.names else None


def _wish(endpoint: Endpoint, pointer: str | None) -> bytes:
    """The member that asks for a lifetime, with %d for its seconds."""
    if pointer is None:
        return WISHES[endpoint]
    names = [_compact(step).replace(b"%", b"%%") for step in _steps(pointer)]
    return b":{".join(names) + b":%d" + b"}" * (len(names) - 1)


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def request_hash(
    template: MintTemplate,
    *,
    uid: str,
    url: str,
    organization: str | None,
    project: str | None,
    lifetime: int | None,
    pointer: str | None = None,
) -> str:
    """Name what would be sent, so that only a change of it mints anew.

    Salted by the session's UID, because what is hashed may be confidential. The key and extra headers are left out: to change them
    changes nothing about the token. The safety identifier is in, because the provider binds it to the token.
    """
    parts: list[str | int | None] = [
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
    if pointer is not None and lifetime is not None:
        parts.append(pointer)
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()[:32]


def _model(endpoint: Endpoint, session: Mapping[str, Any] | None) -> str | None:
    """The model that mints are about: where this kind of session has it and nowhere else, since a provider's policy is asked about it."""
    path: tuple[str, ...] = ("model",)
    if endpoint is Endpoint.TRANSCRIPTION_SESSIONS:
        path = _HEARD_BEFORE
    elif (
        endpoint is Endpoint.CLIENT_SECRETS and session is not None and session.get("type") == "transcription"
    ):
        path = _HEARD
    here: Any = session
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here if isinstance(here, str) else None


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(value: Any) -> str:
    canonical = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()

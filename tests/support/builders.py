"""Objects of the core for tests; a test names only what matters to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from realtime_operator.api import group
from realtime_operator.api.session import RealtimeSession, RealtimeSessionSpec
from realtime_operator.core.ephemeral_token import EphemeralToken
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.mint_call import hash_of
from realtime_operator.core.mint_request import MintTemplate, mint_template
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.remembered import remembered
from realtime_operator.core.secret_documents import create_manifest
from realtime_operator.core.secret_view import ObservedSecret, SecretStamp, observed_secret
from realtime_operator.core.session_memory import SessionMemory, wanted_of
from realtime_operator.core.token_secret import Holding, Target, content_of

NOW = 1_764_000_000.0
"""The moment at which most stories begin: a whole second, 2025-11-24T16:00:00Z."""

UID = "6f4a1a5e-7b0d-4c9e-9b1c-0d3f5a8e2c11"
KEY = "sk-planted-provider-key"
TOKEN = "ek_planted_token"
BODY: Mapping[str, Any] = {"type": "realtime", "model": "gpt-realtime"}


def a_spec(**fields: Any) -> RealtimeSessionSpec:
    """A spec, by the API's own camelCase names; a Realtime session of 600 s unless told otherwise."""
    return RealtimeSessionSpec.model_validate({"lifetimeSeconds": 600, "session": dict(BODY)} | fields)


def a_template(**fields: Any) -> MintTemplate:
    """The request of such a spec."""
    return mint_template(a_spec(**fields))


def a_session(
    *,
    name: str = "concierge",
    uid: str = UID,
    generation: int = 1,
    annotations: Mapping[str, str] | None = None,
    created: str = "2025-11-24T15:00:00Z",
    status: Mapping[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A RealtimeSession as the API server shows it, in namespace hotel."""
    return {
        "apiVersion": group.API_VERSION,
        "kind": group.KIND_SESSION,
        "metadata": {
            "name": name,
            "namespace": "hotel",
            "uid": uid,
            "generation": generation,
            "creationTimestamp": created,
            "annotations": dict(annotations or {}),
        },
        "spec": {"lifetimeSeconds": 600, "session": dict(BODY)} | spec,
        **({"status": status} if status is not None else {}),
    }


def a_memory(body: Mapping[str, Any] | None = None) -> SessionMemory:
    """The memory of a session that the process has just heard of."""
    document = body if body is not None else a_session()
    session = RealtimeSession.model_validate(document)
    ref = ObjectRef(group.KIND_SESSION, "hotel", session.metadata.name, session.metadata.uid)
    return remembered(ref, wanted_of(session), document.get("status") or {})


def a_view(**fields: Any) -> ProviderView:
    """A provider that is ready to mint."""
    return ProviderView(
        **(
            {
                "kind": group.KIND_PROVIDER,
                "name": "default",
                "base_url": "https://api.example.test/v1",
                "credentials": {"Authorization": f"Bearer {KEY}"},
            }
            | fields
        )
    )


def a_ref(name: str = "concierge", uid: str = UID) -> ObjectRef:
    """The session that most stories are about."""
    return ObjectRef(group.KIND_SESSION, "hotel", name, uid)


def a_hash() -> str:
    """The request hash of the session of ``a_spec``."""
    return hash_of(a_view(), a_template(), 600, UID)


def a_target(
    *,
    name: str = "concierge",
    session: ObjectRef | None = None,
    request_hash: str | None = None,
    model: str = "gpt-realtime",
    **spec: Any,
) -> Target:
    """For whom a Secret is written; ``spec`` is spec.secret in the API's own names."""
    secret, known = a_spec(secret=spec).secret, request_hash or a_hash()
    return Target(session or a_ref(), name, secret, known, "https://api.example.test/v1", model)


def a_token(value: str = TOKEN, *, issued_at: float = NOW, life: float = 600.0) -> EphemeralToken:
    """A token of 600 s."""
    return EphemeralToken(value, issued_at, issued_at + life)


def a_holding(
    token: EphemeralToken | None = None,
    *,
    previous: EphemeralToken | None = None,
    request_hash: str | None = None,
    rotate: str = "",
    model: str = "gpt-realtime",
) -> Holding:
    """What a Secret holds for the session of ``a_spec``."""
    known = request_hash or a_hash()
    return Holding(token or a_token(), previous, known, rotate, "https://api.example.test/v1", model)


def stored(
    target: Target, holding: Holding, *, uid: str = "secret-uid", version: str = "1"
) -> dict[str, Any]:
    """The Secret that the API server would show after we created it."""
    manifest = create_manifest(target, content_of(target, holding))
    manifest["metadata"] |= {"uid": uid, "resourceVersion": version, "namespace": "hotel"}
    return manifest


def observed(target: Target | None = None, holding: Holding | None = None) -> ObservedSecret:
    """The same, observed."""
    return observed_secret(stored(target or a_target(), holding or a_holding()))


def a_stamp(uid: str = "secret-uid", version: str = "1") -> SecretStamp:
    """Which Secret, in which version."""
    return SecretStamp(uid, version)


def an_answer(
    document: Any = None,
    *,
    status: int = 200,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    at: float = NOW,
    took: float = 0.1,
    oversized: bool = False,
) -> MintAnswer:
    """An answer that was complete at ``at``; its Date is that moment unless ``headers`` are given."""
    return MintAnswer(
        status=status,
        headers=headers if headers is not None else {"date": formatdate(at, usegmt=True)},
        body=body if body is not None else json.dumps(document).encode(),
        sent_at=at - took,
        received_at=at,
        oversized=oversized,
    )


def minted(value: str = TOKEN, *, at: float = NOW, life: float = 600.0) -> MintAnswer:
    """The answer of client_secrets that hands out a token."""
    return an_answer({"value": value, "expires_at": int(at + life), "session": {"object": "x"}}, at=at)

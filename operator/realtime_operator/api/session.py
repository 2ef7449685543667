"""RealtimeSession: what to mint, into which Secret, and how it went."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from realtime_operator.api.body import SESSION_BODY
from realtime_operator.api.conditions import Condition
from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.group import ANNOTATION_ROTATE, DEFAULT_PROVIDER_NAME, KIND_SESSION
from realtime_operator.api.model import ApiModel, ObjectMeta, Time
from realtime_operator.api.provider import ProviderKind
from realtime_operator.api.rules import DNS_NAME, SET, VISIBLE_ASCII
from realtime_operator.api.secret import AdoptionPolicy, SecretKey, SecretSpec
from realtime_operator.api.secret_value import JsonPointer, SecretValue, ValueSecretRef
from realtime_operator.api.session_rules import SESSION_RULES

__all__ = [
    "AdoptionPolicy",
    "DeliverySpec",
    "Endpoint",
    "Failures",
    "Propagation",
    "ProviderKind",
    "ProviderRef",
    "RealtimeSession",
    "RealtimeSessionSpec",
    "RealtimeSessionStatus",
    "SecretKey",
    "SecretRef",
    "SecretSpec",
    "SecretValue",
    "ValueSecretRef",
]


class Propagation(StrEnum):
    """How readers see a new token, and so how long before expiry it must be written."""

    KUBELET = "Kubelet"
    NONE = "None"


class ProviderRef(ApiModel):
    """A provider, by kind and name."""

    kind: ProviderKind = Field(
        default=ProviderKind.PROVIDER,
        description="RealtimeProvider (of the session's namespace) or ClusterRealtimeProvider.",
    )
    name: str = Field(max_length=253, pattern=DNS_NAME, description="Name of the provider.")


class DeliverySpec(ApiModel):
    """How a new token reaches its readers."""

    propagation: Propagation = Field(
        default=Propagation.KUBELET,
        description=(
            "Kubelet: pods mount the Secret, and the kubelet brings the new token into the file within 80 "
            "seconds; rotation begins early enough. None: readers ask the API, and see the new token at once."
        ),
    )


class RealtimeSessionSpec(ApiModel):
    """What to mint, into which Secret."""

    model_config = ConfigDict(json_schema_extra=SESSION_RULES)

    provider_ref: ProviderRef | None = Field(
        default=None,
        description=(
            f'Where to mint. Absent: the RealtimeProvider "{DEFAULT_PROVIDER_NAME}" of the session\'s '
            f'namespace, else the ClusterRealtimeProvider "{DEFAULT_PROVIDER_NAME}".'
        ),
    )
    endpoint: Endpoint = Field(
        default=Endpoint.CLIENT_SECRETS,
        description=(
            "Which mint operation is called. ClientSecrets: POST /realtime/client_secrets, the current one. "
            "TranslationClientSecrets: POST /realtime/translations/client_secrets, for live translation. "
            "Sessions: POST /realtime/sessions, retired by OpenAI; some compatible providers still have it. "
            "TranscriptionSessions: POST /realtime/transcription_sessions, older than ClientSecrets with "
            "type transcription; it may be retired."
        ),
    )
    lifetime_seconds: int | None = Field(
        default=None,
        ge=10,
        le=7200,
        description=(
            "Life of each token, sent in the endpoint's own form. Absent: nothing is sent, and what comes "
            "back is rotated in time, however long it lives."
        ),
    )
    session: dict[str, Any] | None = Field(
        default=None,
        description=(
            "The session's configuration, sent as written, in the API's own snake_case. Nothing is added; a field "
            "that is not declared here is sent, too. Each field says with which endpoint it belongs. A null "
            '("off") is lost by client-side kubectl apply: name it in nullPaths.'
        ),
        json_schema_extra=SESSION_BODY,
    )
    null_paths: tuple[JsonPointer, ...] = Field(
        default=(),
        max_length=32,
        description=(
            "JSON pointers into session, such as /audio/input/turn_detection, that are sent as null, which "
            "tells the provider to switch something off. Unlike a null in session they survive every client."
        ),
        json_schema_extra={**SET},
    )
    secret_values: tuple[SecretValue, ...] = Field(
        default=(),
        max_length=16,
        description=(
            "Values of session that are credentials, such as the authorization of an MCP tool: they come from "
            "Secrets, are put in when a token is minted, and stand nowhere else."
        ),
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["path"]},
    )
    safety_identifier: str | None = Field(
        default=None,
        max_length=256,
        pattern=VISIBLE_ASCII,
        description="A stable, hashed identifier of the end user, sent as OpenAI-Safety-Identifier.",
    )
    secret: SecretSpec = Field(
        default_factory=SecretSpec,
        description="The Secret that is kept filled; it is owned by the session and goes away with it.",
        json_schema_extra={"default": {}},
    )
    delivery: DeliverySpec = Field(
        default_factory=DeliverySpec,
        description="How a new token reaches its readers, which decides how early it is minted.",
        json_schema_extra={"default": {}},
    )
    suspend: bool = Field(
        default=False,
        description="True: mint nothing at all. The token in the Secret lives on until it expires.",
    )


class SecretRef(ApiModel):
    """The Secret that was written."""

    name: str = Field(max_length=253, description="Name of the Secret, in the session's namespace.")
    uid: str | None = Field(
        default=None, max_length=128, description="Its UID, so that a namesake is not taken for it."
    )


class Failures(ApiModel):
    """What went wrong since the last success."""

    count: int = Field(default=0, ge=0, description="Failed attempts in a row; 0 after a success.")
    last_reason: str = Field(
        default="", max_length=1024, description="The reason of the last one, in one word."
    )
    last_time: Time | None = Field(default=None, description="When the last one was.")
    next_attempt_time: Time | None = Field(
        default=None, description="When the next attempt is made at the latest."
    )


class RealtimeSessionStatus(ApiModel):
    """What the operator did, for people and tools; the truth about the token is on its Secret."""

    observed_generation: int = Field(
        default=-1, description="The metadata.generation that this status is about."
    )
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description=(
            "Ready: the Secret holds an unexpired token for this spec. Reconciling: not yet. Stalled: only a "
            "person can help. RotationHealthy: false while rotations fail though the token still lives. "
            "Delivered: false when readers cannot be reached in time."
        ),
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    provider_ref: ProviderRef | None = Field(default=None, description="The provider that is used.")
    secret_ref: SecretRef | None = Field(default=None, description="The Secret that holds the token.")
    token_id: str | None = Field(
        alias="tokenID",
        default=None,
        max_length=12,
        description="The first 12 hex digits of the token's SHA-256, to tell tokens apart; it opens nothing.",
    )
    issued_time: Time | None = Field(default=None, description="When the token was issued.")
    expiration_time: Time | None = Field(default=None, description="When the token expires.")
    rotation_time: Time | None = Field(default=None, description="When its rotation becomes due.")
    rotations: int = Field(
        default=0, ge=0, description="How many times a token was replaced by the next one."
    )
    failures: Failures = Field(
        default_factory=Failures, description="What went wrong since the last success."
    )
    last_handled_rotate: str | None = Field(
        default=None,
        description=f"The value of the annotation {ANNOTATION_ROTATE} that was handled last.",
    )


class RealtimeSession(ApiModel):
    """A Secret that always holds a living ephemeral token of the Realtime API, rotated before it expires."""

    kind: ClassVar[str] = KIND_SESSION

    metadata: ObjectMeta
    spec: RealtimeSessionSpec
    status: RealtimeSessionStatus = Field(default_factory=RealtimeSessionStatus)

    @property
    def secret_name(self) -> str:
        """The name of the Secret that this session fills."""
        return self.spec.secret.name or self.metadata.name

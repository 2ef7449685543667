"""RealtimeSession: what to mint, into which Secret, and how it went."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from realtime_operator.api.body import SESSION_BODY
from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.group import DEFAULT_PROVIDER_NAME, KIND_SESSION
from realtime_operator.api.model import ApiModel, ObjectMeta
from realtime_operator.api.provider import ProviderKind
from realtime_operator.api.rules import SET, VISIBLE_ASCII
from realtime_operator.api.secret import AdoptionPolicy, SecretKey, SecretSpec
from realtime_operator.api.secret_value import JsonPointer, SecretValue, ValueSecretRef
from realtime_operator.api.selector import LabelSelector
from realtime_operator.api.session_rules import DELIVERY_RULES, SESSION_RULES
from realtime_operator.api.session_status import (
    Failures,
    PodCounts,
    ProviderRef,
    RealtimeSessionStatus,
    SecretRef,
)

__all__ = [
    "AdoptionPolicy",
    "DeliverySpec",
    "Endpoint",
    "Failures",
    "PodCounts",
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
    POD_ANNOTATION = "PodAnnotation"
    NONE = "None"


class DeliverySpec(ApiModel):
    """How a new token reaches its readers."""

    model_config = ConfigDict(json_schema_extra=DELIVERY_RULES)

    propagation: Propagation = Field(
        default=Propagation.KUBELET,
        description=(
            "Kubelet: pods mount the Secret, and the kubelet brings the new token into the file within 80 "
            "seconds; rotation begins early enough. PodAnnotation: the pods that podSelector chooses mount the Secret, "
            "and an annotation on each of them makes its kubelet bring the new token at once, so that a token may "
            "live for a minute; the operator's administrator switches it on. None: readers ask the API, and see the "
            "new token at once."
        ),
    )
    pod_selector: LabelSelector | None = Field(
        default=None,
        description=(
            "With PodAnnotation, and only there: the labels of the pods that mount the Secret, in the session's namespace. "
            "Pods that do not mount it are left alone, whatever their labels are."
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

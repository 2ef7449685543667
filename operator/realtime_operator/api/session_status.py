"""The status of a RealtimeSession: what the operator did."""

from __future__ import annotations

from pydantic import Field

from realtime_operator.api.conditions import Condition
from realtime_operator.api.group import ANNOTATION_HELD_TOKEN_ID, ANNOTATION_ROTATE
from realtime_operator.api.model import ApiModel, Time
from realtime_operator.api.provider import ProviderKind
from realtime_operator.api.rules import DNS_NAME


class ProviderRef(ApiModel):
    """A provider, by kind and name."""

    kind: ProviderKind = Field(
        default=ProviderKind.PROVIDER,
        description="RealtimeProvider (of the session's namespace) or ClusterRealtimeProvider.",
    )
    name: str = Field(max_length=253, pattern=DNS_NAME, description="Name of the provider.")


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


class PodCounts(ApiModel):
    """The pods that use the token, as counted after it was last rotated."""

    consuming: int = Field(ge=0, description="Pods that use the Secret's token and have not finished.")
    notified: int = Field(
        ge=0, description="Those that mount it and were told of the present token: their file holds it."
    )
    confirmed: int | None = Field(
        default=None,
        ge=0,
        description=f"Those that say so themselves, by the annotation {ANNOTATION_HELD_TOKEN_ID}; absent where none ever did.",
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
    pods: PodCounts | None = Field(
        default=None, description="The pods that use the token; only with PodAnnotation."
    )
    last_handled_rotate: str | None = Field(
        default=None,
        description=f"The value of the annotation {ANNOTATION_ROTATE} that was handled last.",
    )

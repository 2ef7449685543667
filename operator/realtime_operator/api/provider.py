"""RealtimeProvider and ClusterRealtimeProvider: where tokens are minted, with which key, and for whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from realtime_operator.api import provider_rules
from realtime_operator.api.auth import Auth, AuthScheme, HeaderFrom, HeaderSecretRef, KeyFile, KeySecretRef
from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.group import KIND_CLUSTER_PROVIDER, KIND_PROVIDER
from realtime_operator.api.model import ApiModel, ObjectMeta
from realtime_operator.api.provider_status import LastError, ProviderStatus
from realtime_operator.api.rules import (
    CLUSTER_ONLY,
    DNS_LABEL,
    DNS_NAME,
    ENTRY_NAME,
    SET,
    VISIBLE_ASCII,
)
from realtime_operator.api.selector import LabelSelector

__all__ = [
    "Allow",
    "Auth",
    "AuthScheme",
    "CaBundleRef",
    "CaKind",
    "ClusterRealtimeProvider",
    "HeaderFrom",
    "HeaderSecretRef",
    "KeyFile",
    "KeySecretRef",
    "LastError",
    "Limits",
    "Provider",
    "ProviderKind",
    "ProviderSpec",
    "ProviderStatus",
    "RealtimeProvider",
]

HeaderValue = Annotated[str, Field(max_length=1024)]
PathTemplate = Annotated[str, Field(max_length=512)]
LifetimePointer = Annotated[str, Field(max_length=256)]
ModelGlob = Annotated[str, Field(min_length=1, max_length=256)]


class ProviderKind(StrEnum):
    """The kind of provider that a session refers to."""

    PROVIDER = KIND_PROVIDER
    CLUSTER_PROVIDER = KIND_CLUSTER_PROVIDER


class CaKind(StrEnum):
    """The kind of object that holds certificate authorities."""

    CONFIG_MAP = "ConfigMap"
    SECRET = "Secret"


class CaBundleRef(ApiModel):
    """Where the certificate authorities of a private gateway are found."""

    kind: CaKind = Field(default=CaKind.CONFIG_MAP, description="ConfigMap or Secret.")
    name: str = Field(max_length=253, pattern=DNS_NAME, description="Name of the ConfigMap or Secret.")
    namespace: str | None = Field(
        default=None,
        max_length=63,
        pattern=DNS_LABEL,
        description="Namespace of the ConfigMap or Secret.",
        json_schema_extra={CLUSTER_ONLY: "required"},
    )
    key: str = Field(
        default="ca.crt",
        max_length=253,
        pattern=ENTRY_NAME,
        description="Which entry holds the PEM certificates.",
    )


class Limits(ApiModel):
    """How hard the operator may press this provider."""

    requests_per_minute: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Mints per minute at most; absent: no limit of our own."
    )
    max_in_flight: int = Field(default=128, ge=1, le=10_000, description="Mints at the same time at most.")


class Allow(ApiModel):
    """What sessions may ask of this provider; checked before anything is sent."""

    namespaces: LabelSelector | None = Field(
        default=None,
        description="Labels of the namespaces whose sessions may use this provider; absent: all namespaces.",
        json_schema_extra={CLUSTER_ONLY: "optional"},
    )
    endpoints: tuple[Endpoint, ...] = Field(
        default=(),
        min_length=1,
        max_length=8,
        description="Endpoints allowed; absent: all.",
        json_schema_extra={**SET},
    )
    models: tuple[ModelGlob, ...] = Field(
        default=(),
        min_length=1,
        max_length=64,
        description='Models allowed, with * and ? as wildcards, such as "gpt-realtime*"; absent: all.',
        json_schema_extra={**SET},
    )
    max_lifetime_seconds: int | None = Field(
        default=None,
        ge=10,
        le=7200,
        description="Longest life of a token, and the life for sessions that name none; absent: no limit.",
    )


class ProviderSpec(ApiModel):
    """Where and how to mint; the same for both kinds, but only the cluster kind names namespaces."""

    model_config = ConfigDict(json_schema_extra=provider_rules.SPEC)

    base_url: str = Field(
        alias="baseURL",
        min_length=1,
        max_length=2048,
        description=(
            "Address of the API without the operation's path, such as https://api.openai.com/v1, any "
            "compatible gateway, or https://NAME.openai.azure.com/openai/v1."
        ),
        json_schema_extra=provider_rules.BASE_URL,
    )
    auth: Auth = Field(description="How to authenticate there.")
    organization: str | None = Field(
        default=None,
        max_length=256,
        pattern=VISIBLE_ASCII,
        description="Sent as OpenAI-Organization; absent: not sent.",
    )
    project: str | None = Field(
        default=None,
        max_length=256,
        pattern=VISIBLE_ASCII,
        description="Sent as OpenAI-Project; absent: not sent.",
    )
    headers: dict[str, HeaderValue] = Field(
        default_factory=dict,
        max_length=16,
        description="Further request headers, say for routing. Never a credential: it could be read here.",
        json_schema_extra=provider_rules.HEADERS,
    )
    headers_from: tuple[HeaderFrom, ...] = Field(
        default=(),
        max_length=8,
        description="Further request headers whose values are credentials, say a gateway's; from Secrets.",
        json_schema_extra={
            **provider_rules.HEADERS_FROM,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    )
    paths: dict[str, PathTemplate] = Field(
        default_factory=dict,
        max_length=8,
        description="Path after baseURL, by the endpoint's name, where a gateway spells it differently.",
        json_schema_extra=provider_rules.PATHS,
    )
    lifetime_fields: dict[str, LifetimePointer] = Field(
        default_factory=dict,
        max_length=8,
        description=(
            "Where in the body the wanted lifetime goes, as a JSON pointer by the endpoint's name, where a gateway takes it elsewhere, "
            "such as /ttl_seconds; empty: this endpoint cannot be asked for one."
        ),
        json_schema_extra=provider_rules.LIFETIME_FIELDS,
    )
    ca_bundle_ref: CaBundleRef | None = Field(
        default=None,
        description="Certificate authorities to trust instead of the well-known ones, for a private gateway.",
    )
    limits: Limits = Field(
        default_factory=Limits,
        description="How hard the operator may press this provider.",
        json_schema_extra={"default": {}},
    )
    allow: Allow | None = Field(
        default=None,
        description="What sessions may ask for, checked before anything is sent; absent: everything.",
    )


class Provider(ApiModel):
    """What both kinds share."""

    kind: ClassVar[ProviderKind]
    metadata: ObjectMeta
    spec: ProviderSpec
    status: ProviderStatus = Field(default_factory=ProviderStatus)


class RealtimeProvider(Provider):
    """A place to mint ephemeral Realtime tokens, with the key for it; serves its own namespace."""

    kind: ClassVar[ProviderKind] = ProviderKind.PROVIDER

    @property
    def key_namespace(self) -> str:
        """The namespace of the key Secret: always the provider's own."""
        return self.metadata.namespace


class ClusterRealtimeProvider(Provider):
    """A place to mint ephemeral Realtime tokens, with the key for it; serves every namespace it allows."""

    kind: ClassVar[ProviderKind] = ProviderKind.CLUSTER_PROVIDER

    @property
    def key_namespace(self) -> str:
        """The namespace of the key Secret; empty where the key is in a file."""
        ref = self.spec.auth.secret_ref
        return (ref.namespace if ref else None) or ""

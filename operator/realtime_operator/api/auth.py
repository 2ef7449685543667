"""How the operator authenticates at a provider, and where the credential comes from."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from realtime_operator.api.group import LABEL_PROVIDER_KEY
from realtime_operator.api.model import ApiModel
from realtime_operator.api.rules import CLUSTER_ONLY, DNS_LABEL, DNS_NAME, ENTRY_NAME


class AuthScheme(StrEnum):
    """How the provider key is sent."""

    BEARER = "Bearer"
    API_KEY_HEADER = "ApiKeyHeader"


class KeySecretRef(ApiModel):
    """The Secret that holds the provider key."""

    name: str = Field(
        max_length=253,
        pattern=DNS_NAME,
        description=f'Name of the Secret; its owner consents by the label {LABEL_PROVIDER_KEY}: "true".',
    )
    namespace: str | None = Field(
        default=None,
        max_length=63,
        pattern=DNS_LABEL,
        description="Namespace of the Secret.",
        json_schema_extra={CLUSTER_ONLY: "required"},
    )
    key: str = Field(
        default="api-key",
        max_length=253,
        pattern=ENTRY_NAME,
        description="Which entry of the Secret is the key.",
    )


class Auth(ApiModel):
    """How to authenticate at the provider."""

    scheme: AuthScheme = Field(
        default=AuthScheme.BEARER,
        description="Bearer sends Authorization: Bearer KEY; ApiKeyHeader sends api-key: KEY, as for Azure.",
    )
    secret_ref: KeySecretRef = Field(description="The Secret that holds the provider key.")

"""How the operator authenticates at a provider, and where the credential comes from."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from pydantic import ConfigDict, Field, model_validator

from realtime_operator.api.group import LABEL_PROVIDER_KEY
from realtime_operator.api.model import ApiModel
from realtime_operator.api.rules import (
    CLUSTER_ONLY,
    DNS_LABEL,
    DNS_NAME,
    ENTRY_NAME,
    NAMESPACED_REQUIRED,
    checked,
    rule,
)

RELATIVE_PATH: Final = "^[-_a-zA-Z0-9][-._a-zA-Z0-9]*(/[-_a-zA-Z0-9][-._a-zA-Z0-9]*)*$"
"""No step begins with a dot, so no path leads out of the folder that it begins in."""

_ONE_KEY: Final = "auth names the provider key once: in secretRef or in file"
_RULES: Final = checked({**rule("has(self.secretRef) != has(self.file)", _ONE_KEY), CLUSTER_ONLY: "optional"})


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


class KeyFile(ApiModel):
    """A file in the operator's own pod that holds the provider key."""

    path: str = Field(
        max_length=256,
        pattern=RELATIVE_PATH,
        description=(
            "Path of the file below the folder that the operator is given for credentials, such as "
            "openai/api-key. It holds the key alone, and is read again when it changes."
        ),
    )


class HeaderSecretRef(ApiModel):
    """The entry of a Secret that is a header's value."""

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
        max_length=253,
        pattern=ENTRY_NAME,
        description="Which entry of the Secret is the value, sent as it is.",
    )


class HeaderFrom(ApiModel):
    """A request header whose value comes from a Secret."""

    name: str = Field(
        min_length=1, max_length=128, description="Name of the header, such as cf-aig-authorization."
    )
    secret_key_ref: HeaderSecretRef = Field(description="Where the value is found.")


class Auth(ApiModel):
    """How to authenticate at the provider."""

    model_config = ConfigDict(json_schema_extra=_RULES)

    scheme: AuthScheme = Field(
        default=AuthScheme.BEARER,
        description="Bearer sends Authorization: Bearer KEY; ApiKeyHeader sends api-key: KEY, as for Azure.",
    )
    secret_ref: KeySecretRef | None = Field(
        default=None,
        description="The Secret that holds the provider key.",
        json_schema_extra={NAMESPACED_REQUIRED: True},
    )
    file: KeyFile | None = Field(
        default=None,
        description=(
            "A file in the operator's pod that holds the provider key, say from a projected volume. Only for "
            "ClusterRealtimeProvider: whoever writes the provider chooses where this key is sent."
        ),
        json_schema_extra={CLUSTER_ONLY: "optional"},
    )

    @model_validator(mode="after")
    def _names_one_key(self) -> Self:
        if (self.secret_ref is None) == (self.file is None):
            raise ValueError(_ONE_KEY)
        return self

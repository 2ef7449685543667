"""Values of a session's body that come from Secrets, because whoever may read the session must not read them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from realtime_operator.api.group import LABEL_SESSION_VALUE
from realtime_operator.api.model import ApiModel
from realtime_operator.api.rules import DNS_NAME, ENTRY_NAME

JsonPointer = Annotated[str, Field(min_length=2, max_length=256, pattern="^(/([^~/]|~[01])+)+$")]


class ValueSecretRef(ApiModel):
    """The entry of a Secret that is a value of the body."""

    name: str = Field(
        max_length=253,
        pattern=DNS_NAME,
        description=(
            "Name of the Secret, in the session's namespace; its owner consents by the label "
            f'{LABEL_SESSION_VALUE}: "true".'
        ),
    )
    key: str = Field(
        max_length=253, pattern=ENTRY_NAME, description="Which entry of the Secret is the value, as it is."
    )


class SecretValue(ApiModel):
    """One value of the body, put in when the request is sent and kept nowhere else."""

    path: JsonPointer = Field(
        description="JSON pointer into session, such as /tools/0/authorization or /tools/0/headers/X-Api-Key."
    )
    secret_key_ref: ValueSecretRef = Field(description="Where the value is found.")

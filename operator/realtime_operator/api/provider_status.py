"""What the operator tells of a provider."""

from __future__ import annotations

from pydantic import Field

from realtime_operator.api.conditions import Condition
from realtime_operator.api.model import ApiModel, Time


class LastError(ApiModel):
    """The last mint that ended without a token."""

    reason: str = Field(max_length=1024, description="Its reason, in one word, as on a session.")
    http_status: int | None = Field(
        default=None, description="HTTP status of the answer; absent where none came."
    )
    time: Time = Field(description="When it was; told anew at most twice a minute.")


class ProviderStatus(ApiModel):
    """What the operator knows about the provider."""

    observed_generation: int = Field(
        default=-1, description="The metadata.generation that this status is about."
    )
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description=(
            "Ready: the key is at hand, and the provider is not known to be in trouble; while it is, one session at a time asks "
            "whether it still is."
        ),
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    throttled_until: Time | None = Field(
        default=None, description="Nothing is sent before this time, because the provider said to slow down."
    )
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="What its answers with status 429 have narrowed the rate to; absent: spec.limits alone counts.",
    )
    last_throttled_time: Time | None = Field(
        default=None,
        description="When an answer with status 429 last narrowed the rate; told while requestsPerMinute is.",
    )
    clock_offset_seconds: int | None = Field(
        default=None,
        description="Its clock minus the operator's, where that is more than 2 s: one of the two is wrong.",
    )
    last_error: LastError | None = Field(
        default=None, description="The last mint that ended without a token, for whatever session."
    )

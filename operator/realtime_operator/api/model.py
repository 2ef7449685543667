"""What every model of the API has in common, and the metadata that we read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel


def rfc3339(moment: datetime) -> str:
    """Write a moment as the API stores it, for example ``2026-11-22T19:36:00Z``.

    Args:
        moment: A moment with a time zone; parts of a second are cut off, so no expiry is shown too late.
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


Time = Annotated[AwareDatetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
"""A moment in status: a datetime with a zone here, RFC 3339 in whole seconds on the wire."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment of what has not happened yet but needs a valid time."""


class ApiModel(BaseModel):
    """Base of all models: immutable, camelCase on the wire, tolerant of fields of a later version."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        # An error must not repeat what it refused: a session's body may hold what its author thinks private.
        hide_input_in_errors=True,
    )

    def to_api(self) -> dict[str, Any]:
        """Return the JSON form for the Kubernetes API, without the fields that are unset."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ObjectMeta(ApiModel):
    """The part of an object's metadata that decisions are made from."""

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

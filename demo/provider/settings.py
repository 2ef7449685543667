"""What can be set on the stand-in, at its start and while it runs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterable

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Range = tuple[Seconds, Seconds]


class Settings(BaseModel):
    """The settings; each change makes a new object, so a request in flight keeps what it began with.

    Attributes:
        latency: seconds before an answer, fixed or drawn evenly from [low, high].
        clock_offset: seconds by which the stand-in's clock is ahead of the machine's.
        lifetime: seconds every token lives, whatever was asked; may be 0 or negative. None: as asked.
        refused_models: by model, how it is refused: as 403 model_not_found, or as 400 invalid_value.
        retired: names of endpoints that answer as the retired beta endpoint does.
        record_requests: how many of the latest requests are kept for reading; 0 keeps none.
        body_limit: bytes of the largest request body; more is 413.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency: Seconds | Range = 0.0
    clock_offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    lifetime: int | None = None
    refused_models: dict[str, Literal["model_not_found", "invalid_value"]] = {}
    retired: frozenset[str] = frozenset()
    record_requests: Annotated[int, Field(ge=0)] = 0
    body_limit: Annotated[int, Field(ge=1)] = 1 << 20

    @model_validator(mode="after")
    def _range_is_ordered(self) -> Settings:
        if isinstance(self.latency, tuple) and self.latency[0] > self.latency[1]:
            raise ValueError("latency: the low end is above the high end")
        return self

    def changed(self, change: dict[str, object]) -> Settings:
        """Give these settings with some of them replaced.

        Raises:
            pydantic.ValidationError: for an unknown name or an ill-typed value.
        """
        return Settings.model_validate(self.model_dump() | change)


def parse_latency(text: str) -> float | Range:
    """Read `0.15` or `0.05-0.4`, in seconds.

    Raises:
        ValueError: for anything else.
    """
    low, dash, high = text.partition("-")
    return (float(low), float(high)) if dash else float(low)


def fingerprint_of(key: str) -> str:
    """Give the first 12 hex digits of a key's SHA-256: names a key without being one."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


class KeyRing:
    """The provider keys that are accepted; shows fingerprints only."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._fingerprints = {key: fingerprint_of(key) for key in keys}

    def fingerprint(self, key: str) -> str | None:
        """Give the fingerprint of an accepted key, None for any other."""
        return self._fingerprints.get(key)

    def fingerprints(self) -> list[str]:
        """Give the fingerprints of all accepted keys."""
        return sorted(self._fingerprints.values())

    def __repr__(self) -> str:
        return f"KeyRing({self.fingerprints()})"

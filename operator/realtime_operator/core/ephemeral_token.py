"""The credential that the provider issues. It never prints itself."""

from __future__ import annotations

import hashlib
from dataclasses import field

from realtime_operator.core.value_type import value_type

TOKEN_ID_LENGTH = 12
"""Hex digits of the token's SHA-256 that may be shown: enough to tell tokens apart, useless for guessing one."""


@value_type(frozen=True, slots=True)
class EphemeralToken:
    """A token and its life, on the provider's clock.

    Attributes:
        value: the credential.
        issued_at: issue time, seconds since the epoch.
        expires_at: expiry, seconds since the epoch.
        token_id: the first digits of the value's SHA-256: safe to show.
    """

    value: str = field(repr=False)
    issued_at: float
    expires_at: float
    token_id: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Name the token once, for it is asked for at every pass."""
        object.__setattr__(self, "token_id", token_id(self.value))

    @property
    def lifetime(self) -> float:
        """Seconds from issue to expiry."""
        return self.expires_at - self.issued_at


def token_id(value: str) -> str:
    """The first 12 hex digits of the SHA-256 of a token."""
    return hashlib.sha256(value.encode()).hexdigest()[:TOKEN_ID_LENGTH]

"""The credential that the provider issues. It never prints itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

TOKEN_ID_LENGTH = 12
"""Hex digits of the token's SHA-256 that may be shown: enough to tell tokens apart, useless for guessing one."""


@dataclass(frozen=True, slots=True)
class EphemeralToken:
    """A token and its life, on the provider's clock.

    Attributes:
        value: the credential.
        issued_at: issue time, seconds since the epoch.
        expires_at: expiry, seconds since the epoch.
    """

    value: str = field(repr=False)
    issued_at: float
    expires_at: float

    @property
    def token_id(self) -> str:
        """The first digits of the value's SHA-256: safe to show."""
        return token_id(self.value)

    @property
    def lifetime(self) -> float:
        """Seconds from issue to expiry."""
        return self.expires_at - self.issued_at


def token_id(value: str) -> str:
    """The first 12 hex digits of the SHA-256 of a token."""
    return hashlib.sha256(value.encode()).hexdigest()[:TOKEN_ID_LENGTH]

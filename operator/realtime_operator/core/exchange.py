"""What goes to the provider and what comes back, as values: the adapter carries them, the core makes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from realtime_operator.core.value_type import value_type

SHORTEST_ECHO = 12
"""Letters of a secret in a row that count as telling it: a word of an error code may well stand in a key.

A shorter key, such as ``none`` for a gateway that wants any, is told only by itself.
"""


@value_type(frozen=True, slots=True)
class MintCall:
    """One request to mint.

    Attributes:
        url: where to POST.
        headers: names and values, credentials among them, so they never print.
        body: the JSON document as bytes; it may hold confidential instructions, so it never prints.
        ca_bundle: PEM certificates to trust instead of the system's, or None.
        secrets: the credentials in it, which nothing that comes back may make us tell.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    ca_bundle: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@value_type(frozen=True, slots=True)
class MintAnswer:
    """What the provider answered, whatever its status.

    Attributes:
        status: HTTP status.
        headers: names in lower case; values as they came.
        body: at most the adapter's cap of bytes; it may hold a token, so it never prints.
        sent_at: local time just before the request was sent, seconds since the epoch.
        received_at: local time when the answer was complete.
        oversized: whether the body was longer than the cap and was dropped.
        secrets: those of the call, which the provider may have repeated anywhere.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    sent_at: float
    received_at: float
    oversized: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def tells(self, text: str) -> bool:
        """Whether a text repeats one of the secrets, or a good part of one."""
        return text in self.secrets or any(
            secret[at : at + SHORTEST_ECHO] in text
            for secret in self.secrets
            for at in range(len(secret) - SHORTEST_ECHO + 1)
        )

    def holds_a_secret(self, text: str) -> bool:
        """Whether a text is one of the secrets, or has a whole one in it."""
        return any(
            secret == text or (len(secret) >= SHORTEST_ECHO and secret in text) for secret in self.secrets
        )

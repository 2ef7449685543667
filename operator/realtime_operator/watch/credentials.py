"""What the watch needs to reach the API server; the adapters' credentials fulfil it."""

from __future__ import annotations

import ssl
from typing import Protocol


class Bearer(Protocol):
    """A bearer token that may change."""

    def __call__(self) -> str | None:
        """The token to send now, or None where TLS alone proves who we are."""
        ...

    def refresh(self) -> None:
        """Forget what is remembered."""
        ...


class ClusterCredentials(Protocol):
    """Where the API server is and how to prove who we are."""

    @property
    def server(self) -> str:
        """Base URL."""
        ...

    @property
    def namespace(self) -> str:
        """The namespace we are at home in."""
        ...

    @property
    def bearer(self) -> Bearer:
        """Gives the token to send."""
        ...

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """Trusts the API server; a client certificate, if any, is in it."""
        ...

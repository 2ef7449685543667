"""What the watch needs to reach the API server; the adapters' credentials fulfil it."""

from __future__ import annotations

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
    """Where the API server is and how to prove who we are; ``*_data`` are base64-encoded PEM, as in a kubeconfig."""

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
    def ca_path(self) -> str | None:
        """File with the trusted certificates."""
        ...

    @property
    def ca_data(self) -> str | None:
        """The same as data."""
        ...

    @property
    def certificate_path(self) -> str | None:
        """Client certificate file."""
        ...

    @property
    def certificate_data(self) -> str | None:
        """The same as data."""
        ...

    @property
    def private_key_path(self) -> str | None:
        """The certificate's key file."""
        ...

    @property
    def private_key_data(self) -> str | None:
        """The same as data."""
        ...

    @property
    def insecure(self) -> bool:
        """Whether the server's certificate is not checked."""
        ...

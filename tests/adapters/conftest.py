"""Certificates for servers on the loopback, and the administrator's client of the control plane."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest

from hack.controlplane import ControlPlane
from hack.controlplane.certificates import Authority
from tests.adapters.cluster import RecordingClient, client_of


@pytest.fixture(scope="session")
def authority() -> Authority:
    """A certificate authority that nobody trusts by default."""
    return Authority("adapters-test")


@pytest.fixture
def server_tls(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS with a certificate for localhost, not for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("server-tls")
    pair = authority.server(["localhost"], [])
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port of the loopback at which nobody listens, and that nobody else can be given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
async def admin(control_plane: ControlPlane) -> AsyncIterator[RecordingClient]:
    """The administrator's client."""
    async with client_of(control_plane.kubeconfig) as client:
        yield client

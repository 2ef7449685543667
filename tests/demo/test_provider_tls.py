"""The stand-in serves TLS as well, faults included."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from demo.provider.actions import Drop
from demo.provider.provider import Provider
from demo.provider.remote import RemoteProvider
from demo.provider.serving import Serving, Tls
from demo.provider.settings import KeyRing
from tests.support.provider import END, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for the loopback, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-in")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = Tls(cert=folder / "cert.pem", key=folder / "key.pem")
    files.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


@pytest.fixture
def trust(tls: Tls) -> ssl.SSLContext:
    """A context that trusts that certificate alone."""
    return ssl.create_default_context(cafile=str(tls.cert))


@pytest.fixture
def provider(tls: Tls, trust: ssl.SSLContext) -> Iterator[RemoteProvider]:
    """A stand-in that serves TLS, in a thread."""
    serving = Serving(Provider(KeyRing([KEY])), tls=tls)
    thread = threading.Thread(target=serving.run, name="stand-in provider with TLS")
    thread.start()
    try:
        with RemoteProvider(serving.url, verify=trust) as remote:
            yield remote
    finally:
        serving.stop()
        thread.join(END)


def test_it_mints_and_drops_over_tls(provider: RemoteProvider, trust: ssl.SSLContext) -> None:
    """The URL says https, the certificate is shown, and a fault closes an encrypted connection too."""
    provider.fault(Drop(), times=1)
    with httpx.Client(verify=trust, headers={"api-key": KEY}, trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            client.post(provider.url + "/realtime/client_secrets", json={})
        answer = client.post(provider.url + "/realtime/client_secrets", json={})

    assert provider.url.startswith("https://127.0.0.1:")
    assert answer.json()["value"].startswith("ek_")

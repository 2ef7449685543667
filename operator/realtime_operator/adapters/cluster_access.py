"""Where the Kubernetes API is, and how to prove who we are: one value for our client and for the watcher."""

from __future__ import annotations

import base64
import binascii
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from realtime_operator.core.errors import ClusterError
from realtime_operator.core.reasons import Reason


class ClusterAccessInvalid(ClusterError):
    """The credentials at hand cannot be used; the message says which file or entry, and why."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.CLUSTER_UNAVAILABLE, message)


class Bearer:
    """A bearer token that may change; the base never has one."""

    def __call__(self) -> str | None:
        """The token to send now, or None where TLS alone proves who we are."""
        return None

    def refresh(self) -> None:
        """Forget what is remembered: the API server has refused it."""


class FixedBearer(Bearer):
    """A token written into a kubeconfig."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self) -> str | None:
        """The token."""
        return self._token


TOKEN_MAX_AGE_S = 30.0
"""A projected token lives ten minutes or more and is replaced at 80 % of it: half a minute is soon enough."""


class FileBearer(Bearer):
    """A token in a file that somebody else replaces now and then, as the kubelet does.

    Args:
        path: the file.
        monotonic: a clock in seconds.
    """

    def __init__(self, path: Path, *, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._monotonic = monotonic
        self._token: str | None = None
        self._read_at: float | None = None

    def __call__(self) -> str | None:
        """The token, read again after TOKEN_MAX_AGE_S; the one before while the file cannot be read."""
        now = self._monotonic()
        if self._read_at is None or now - self._read_at >= TOKEN_MAX_AGE_S:
            self._read_at = now
            self._token = self._read() or self._token
        return self._token

    def refresh(self) -> None:
        """Read the file again at the next call."""
        self._read_at = None

    def _read(self) -> str | None:
        try:
            return self._path.read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """Where the API server is and how to speak with it. Its repr names the server and the namespace alone.

    Attributes:
        server: base URL without a trailing slash.
        namespace: the namespace we are at home in.
        ssl_context: ready for use; the client certificate, if any, is in it.
        bearer: gives the token to send.
    """

    server: str
    namespace: str
    ssl_context: ssl.SSLContext = field(repr=False)
    bearer: Bearer = field(repr=False)


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """Certificates and keys as a kubeconfig has them: each a file or base64-encoded PEM; never printed."""

    ca_path: str | None = field(default=None, repr=False)
    ca_data: str | None = field(default=None, repr=False)
    certificate_path: str | None = field(default=None, repr=False)
    certificate_data: str | None = field(default=None, repr=False)
    private_key_path: str | None = field(default=None, repr=False)
    private_key_data: str | None = field(default=None, repr=False)
    insecure: bool = False


def cluster_access(*, server: str, namespace: str, bearer: Bearer, tls: TlsMaterial) -> ClusterAccess:
    """Join the parts.

    Raises:
        ClusterAccessInvalid: certificates or keys cannot be loaded.
    """
    return ClusterAccess(
        server=server.rstrip("/"),
        namespace=namespace,
        ssl_context=_ssl_context(tls),
        bearer=bearer,
    )


def _ssl_context(tls: TlsMaterial) -> ssl.SSLContext:
    problem = "the cluster's certificate authority cannot be loaded"
    try:
        ca_data = _pem(tls.ca_data).decode() if tls.ca_data else None
        context = ssl.create_default_context(cafile=None if ca_data else tls.ca_path, cadata=ca_data)
        if tls.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        problem = "the client certificate or its key cannot be loaded"
        _load_client_certificate(context, tls)
    except (OSError, ValueError) as error:
        raise ClusterAccessInvalid(f"{problem} ({type(error).__name__})") from None
    return context


def _load_client_certificate(context: ssl.SSLContext, tls: TlsMaterial) -> None:
    """Load the pair; what is given as data passes through private files, because ssl reads nothing else."""
    if tls.certificate_data is None and tls.private_key_data is None:
        # No file is made: with a service account there is no pair, and its pod has no place to write to.
        if tls.certificate_path is not None:
            context.load_cert_chain(tls.certificate_path, tls.private_key_path, password=_no_passphrase)
        return
    with tempfile.TemporaryDirectory(prefix="realtime-operator-tls-") as folder:
        certificate = _as_file(Path(folder, "tls.crt"), tls.certificate_data, tls.certificate_path)
        key = _as_file(Path(folder, "tls.key"), tls.private_key_data, tls.private_key_path)
        if certificate is not None:
            context.load_cert_chain(certificate, key, password=_no_passphrase)


def _as_file(path: Path, data: str | None, otherwise: str | None) -> str | None:
    if data is None:
        return otherwise
    path.touch(mode=0o600)
    path.write_bytes(_pem(data))
    return str(path)


def _pem(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise ValueError from None


def _no_passphrase() -> str:
    """Refuse an encrypted key: without this OpenSSL would ask on the terminal."""
    raise ValueError

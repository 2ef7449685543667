"""How to reach the API, read from a kubeconfig file: tokens and client certificates, no plug-ins."""

from __future__ import annotations

import base64
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class KubeconfigError(Exception):
    """The kubeconfig cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """Where the API is, and with which credentials.

    Attributes:
        server: base URL without a trailing slash.
        tls: context with the CA and the client certificate, None for plain HTTP.
        headers: with the bearer token, if there is one; never printed.
    """

    server: str
    tls: ssl.SSLContext | None
    headers: dict[str, str] = field(repr=False)


def read_kubeconfig(path: Path) -> ApiAccess:
    """Read the current context of a kubeconfig file.

    Raises:
        KubeconfigError: unreadable, or a credential of another kind than token and client certificate.
    """
    try:
        config = yaml.safe_load(path.read_text())
        context = _named(config, "contexts", "context", config["current-context"])
        cluster = _named(config, "clusters", "cluster", context["cluster"])
        user = _named(config, "users", "user", context["user"])
        server = cluster["server"].rstrip("/")
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise KubeconfigError(
            f"{path.name}: {type(error).__name__} while reading its current context"
        ) from error
    if "exec" in user or "auth-provider" in user:
        raise KubeconfigError(
            f"{path.name}: credential plug-ins are not supported; use a token or a certificate"
        )
    try:
        tls = _tls(cluster, user, path.parent) if server.startswith("https:") else None
        return ApiAccess(server, tls, _headers(user, path.parent))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError, bad base64 a ValueError
        raise KubeconfigError(f"{path.name}: {type(error).__name__} while reading its credentials") from error


def _named(config: dict[str, Any], plural: str, kind: str, name: str) -> dict[str, Any]:
    """Find an entry of one of the file's three lists.

    Raises:
        KeyError: there is none of that name.
    """
    for entry in config[plural]:
        if entry["name"] == name:
            return dict(entry[kind] or {})
    raise KeyError(name)


def _headers(user: dict[str, Any], folder: Path) -> dict[str, str]:
    token = user.get("token")
    if "tokenFile" in user:
        token = (folder / user["tokenFile"]).read_text().strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _tls(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _pem(cluster, "certificate-authority", folder)
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = _pem(user, "client-certificate", folder)
    key = _pem(user, "client-key", folder)
    if certificate and key:
        # The ssl module loads a certificate from files only.
        with tempfile.TemporaryDirectory() as temporary:
            chain = Path(temporary, "client.pem")
            chain.touch(mode=0o600)
            chain.write_bytes(certificate + b"\n" + key)
            context.load_cert_chain(chain)
    return context


def _pem(entry: dict[str, Any], name: str, folder: Path) -> bytes | None:
    if f"{name}-data" in entry:
        return base64.b64decode(entry[f"{name}-data"])
    return (folder / entry[name]).read_bytes() if name in entry else None

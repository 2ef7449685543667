"""Cluster access from kubeconfig files: the current context, with certificates or a token."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from realtime_operator.adapters.cluster_access import (
    Bearer,
    ClusterAccess,
    ClusterAccessInvalid,
    FileBearer,
    FixedBearer,
    TlsMaterial,
    cluster_access,
)

UNSUPPORTED_USER_FIELDS: Final = {
    "exec": "an exec plug-in",
    "auth-provider": "an auth-provider plug-in",
    "username": "a user name and password",
    "as": "impersonation",
}
"""Ways to log in that a service does not need; each would be silently wrong if it were passed over."""

UNSUPPORTED_CLUSTER_FIELDS: Final = {"proxy-url": "proxy-url", "tls-server-name": "tls-server-name"}
"""The same for the way to the server."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A named cluster, user or context, with the folder that its relative paths start from."""

    fields: Mapping[str, Any] = field(repr=False)
    folder: Path

    def text(self, key: str) -> str | None:
        value = self.fields.get(key)
        return str(value) if value else None

    def path(self, key: str) -> str | None:
        """A file, from the kubeconfig's own folder on; None where the content itself is given, which counts more."""
        value = self.text(key)
        return str(self.folder / value) if value and not self.text(f"{key}-data") else None


def access_of_kubeconfig(paths: Sequence[Path]) -> ClusterAccess:
    """Read the current context of one or several kubeconfig files, of which the first to define a thing wins.

    Raises:
        ClusterAccessInvalid: a file cannot be read, lacks something it names, or logs in by unsupported means.
    """
    documents = [(_document(path), path.parent.absolute()) for path in paths if path.exists()]
    if not documents:
        raise ClusterAccessInvalid(f"no kubeconfig at {' or '.join(map(str, paths))}")
    current = next(
        (str(name) for document, _ in documents if (name := document.get("current-context"))), None
    )
    if current is None:
        raise ClusterAccessInvalid("the kubeconfig names no current-context")
    context = _named(documents, "context", current)
    cluster = _named(documents, "cluster", context.text("cluster") or "")
    user_name = context.text("user")
    user = _named(documents, "user", user_name) if user_name else _Entry({}, Path())
    _refuse(cluster, UNSUPPORTED_CLUSTER_FIELDS, f"cluster {context.text('cluster')!r}")
    _refuse(user, UNSUPPORTED_USER_FIELDS, f"user {user_name!r}")
    server = cluster.text("server")
    if server is None:
        raise ClusterAccessInvalid(f"kubeconfig cluster {context.text('cluster')!r} names no server")
    return cluster_access(
        server=server,
        namespace=context.text("namespace") or "default",
        bearer=_bearer(user),
        tls=TlsMaterial(
            ca_path=cluster.path("certificate-authority"),
            ca_data=cluster.text("certificate-authority-data"),
            certificate_path=user.path("client-certificate"),
            certificate_data=user.text("client-certificate-data"),
            private_key_path=user.path("client-key"),
            private_key_data=user.text("client-key-data"),
            insecure=bool(cluster.fields.get("insecure-skip-tls-verify")),
        ),
    )


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ClusterAccessInvalid(f"kubeconfig {path} cannot be read ({type(error).__name__})") from None
    if not isinstance(document, dict):
        raise ClusterAccessInvalid(f"kubeconfig {path} is no YAML mapping")
    return document


def _named(documents: Sequence[tuple[Mapping[str, Any], Path]], what: str, name: str) -> _Entry:
    for document, folder in documents:
        for entry in document.get(f"{what}s") or ():
            if entry.get("name") == name:
                return _Entry(entry.get(what) or {}, folder)
    raise ClusterAccessInvalid(f"the kubeconfig has no {what} {name!r}")


def _refuse(entry: _Entry, unsupported: Mapping[str, str], where: str) -> None:
    for key, what in unsupported.items():
        if entry.fields.get(key):
            raise ClusterAccessInvalid(
                f"kubeconfig {where} uses {what}, which is not supported;"
                " use a token, a tokenFile or a client certificate"
            )


def _bearer(user: _Entry) -> Bearer:
    path, token = user.path("tokenFile"), user.text("token")
    if path is not None:
        return FileBearer(Path(path), monotonic=time.monotonic)
    return FixedBearer(token) if token is not None else Bearer()

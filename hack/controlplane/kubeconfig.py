"""Writes kubeconfig files that hold everything in themselves and that only their owner can read."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from .certificates import Pair


def write_private(path: Path, content: bytes) -> Path:
    """Write a file that nobody else can read at any moment, and give its path back."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path


def write_for_certificate(path: Path, *, server: str, authority: bytes, pair: Pair) -> Path:
    """Write a kubeconfig whose user shows a client certificate."""
    user = {"client-certificate-data": _encoded(pair.certificate), "client-key-data": _encoded(pair.key)}
    return _write(path, server, authority, user)


def write_for_token(path: Path, *, server: str, authority: bytes, token: str) -> Path:
    """Write a kubeconfig whose user shows a bearer token."""
    return _write(path, server, authority, {"token": token})


def _write(path: Path, server: str, authority: bytes, user: dict[str, str]) -> Path:
    name = "control-plane"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": _encoded(authority)}}
        ],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return write_private(path, yaml.safe_dump(document, sort_keys=False).encode())


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()

"""Questions that are answered with yes once a component does its work; each makes at most a few requests."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .admin_api import AdminApi

SOCKET_SECONDS = 2.0
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ALREADY_THERE = (HTTPStatus.CREATED, HTTPStatus.CONFLICT)


def etcd_is_ready(folder: Path) -> bool:
    """Tell whether etcd says on its socket that it is healthy."""
    directory = os.open(folder, os.O_RDONLY)
    # by way of the descriptor the path stays below the 107 bytes that a socket's may have
    near = f"/proc/self/fd/{directory}" if sys.platform == "linux" else folder
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SOCKET_SECONDS)
        try:
            connection.connect(f"{near}/etcd.sock")
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError:
            return False
        finally:
            os.close(directory)
    return b'"health":"true"' in answer


def api_server_is_ready(api: AdminApi) -> bool:
    """Tell whether the API server is ready, its built-in roles included."""
    return api.call("GET", "/readyz")[0] == HTTPStatus.OK


class DefinitionsServed:
    """Asks whether the kinds of CustomResourceDefinitions, created first, are listed by discovery."""

    def __init__(self, api: AdminApi, definitions: Iterable[dict[str, Any]]) -> None:
        self._api = api
        self._missing = list(definitions)
        for definition in self._missing:
            status, answer = api.call("POST", DEFINITIONS, definition)
            if status not in ALREADY_THERE:
                raise ValueError(f"CRD {definition['metadata']['name']} was refused: {answer}")

    def __call__(self) -> bool:
        """Tell whether all are."""
        self._missing = [
            definition for definition in self._missing if not self._is_served(definition["spec"])
        ]
        return not self._missing

    def _is_served(self, spec: dict[str, Any]) -> bool:
        served = [version["name"] for version in spec["versions"] if version["served"]]
        for version in served:
            status, listed = self._api.call("GET", f"/apis/{spec['group']}/{version}")
            if status != HTTPStatus.OK or all(
                kind["name"] != spec["names"]["plural"] for kind in listed["resources"]
            ):
                return False
        return True


class ControllersWork:
    """Asks whether the garbage collector has removed an orphan made first, and the default account is there."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api
        self._name = f"orphan-{uuid.uuid4().hex[:12]}"
        self._is_made = False

    def __call__(self) -> bool:
        """Tell whether both hold."""
        if not self._is_made:
            self._is_made = self._api.call("POST", CONFIG_MAPS, self._orphan())[0] in ALREADY_THERE
            return False
        collected = self._api.call("GET", f"{CONFIG_MAPS}/{self._name}")[0] == HTTPStatus.NOT_FOUND
        return collected and self._api.call("GET", f"{ACCOUNTS}/default")[0] == HTTPStatus.OK

    def _orphan(self) -> dict[str, Any]:
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "never-was", "uid": str(uuid.uuid4())}
        return {"metadata": {"name": self._name, "ownerReferences": [owner]}}

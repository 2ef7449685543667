"""Objects on the API server, made and judged in a line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
from kubernetes import client

from realtime_operator.api.group import API_VERSION, GROUP, VERSION

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from tests.support.fixtures import Command

Ask = Callable[..., str]
"""Runs kubectl with these arguments, and `stdin`; gives what it printed."""

Refusal = Callable[[str, dict[str, Any]], str | None]
"""Takes a kind and a spec; gives what the API server says against it, or None."""

_NUMBERS = itertools.count(1)


class Objects:
    """Makes, reads and changes objects of our kinds in one namespace; cluster-scoped ones beside it."""

    def __init__(self, api: ApiClient, namespace: str) -> None:
        self._api = client.CustomObjectsApi(api)
        self._namespace = namespace

    def manifest(self, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Return an object with a name of its own."""
        metadata = {"name": f"trial-{next(_NUMBERS)}"}
        return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}

    def create(self, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Create an object and return it as the API server stored it."""
        return self._create(self.manifest(kind, spec))

    def refusal(self, kind: str, spec: dict[str, Any]) -> str | None:
        """Return what the API server has against an object, or None; nothing is stored."""
        return _refusal(lambda: self._create(self.manifest(kind, spec), dry_run="All"))

    def read(self, kind: str, name: str) -> dict[str, Any]:
        """Return a namespaced object."""
        found = self._api.get_namespaced_custom_object(GROUP, VERSION, self._namespace, _plural(kind), name)
        return cast("dict[str, Any]", found)

    def replace(self, changed: dict[str, Any]) -> str | None:
        """Write a namespaced object anew; return what the API server has against it, or None."""
        return _refusal(
            lambda: self._api.replace_namespaced_custom_object(
                GROUP,
                VERSION,
                self._namespace,
                _plural(changed["kind"]),
                changed["metadata"]["name"],
                changed,
            )
        )

    def write_status(self, present: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
        """Replace the status of a namespaced object and return what was stored; unknown fields are errors."""
        stored = self._api.replace_namespaced_custom_object_status(
            GROUP,
            VERSION,
            self._namespace,
            _plural(present["kind"]),
            present["metadata"]["name"],
            present | {"status": status},
            field_validation="Strict",
        )
        return cast("dict[str, Any]", stored)

    def _create(self, manifest: dict[str, Any], *, dry_run: str | None = None) -> dict[str, Any]:
        plural = _plural(manifest["kind"])
        if plural.startswith("cluster"):
            created = self._api.create_cluster_custom_object(
                GROUP, VERSION, plural, manifest, dry_run=dry_run, field_validation="Strict"
            )
        else:
            created = self._api.create_namespaced_custom_object(
                GROUP, VERSION, self._namespace, plural, manifest, dry_run=dry_run, field_validation="Strict"
            )
        return cast("dict[str, Any]", created)


def _plural(kind: str) -> str:
    return f"{kind.lower()}s"


def _refusal(write: Callable[[], object]) -> str | None:
    try:
        write()
    except client.ApiException as refused:
        return str(json.loads(refused.body or "{}")["message"])
    return None


@pytest.fixture
def objects(kube: ApiClient, namespace: str) -> Objects:
    """Objects of this test's own namespace."""
    return Objects(kube, namespace)


@pytest.fixture(scope="session")
def refusal(kube: ApiClient) -> Refusal:
    """Ask the API server about a spec without storing anything."""
    return Objects(kube, "default").refusal


@pytest.fixture(scope="session")
def ask(kubectl: Command) -> Ask:
    """Run kubectl for what it prints."""

    def printed(*arguments: str, stdin: str | None = None) -> str:
        return kubectl(*arguments, stdin=stdin).stdout

    return printed

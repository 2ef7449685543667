"""Addresses of Kubernetes resources, safe to build from names that people wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from realtime_operator.api.group import (
    API_VERSION,
    KIND_CLUSTER_PROVIDER,
    KIND_PROVIDER,
    KIND_SESSION,
    PLURAL_CLUSTER_PROVIDERS,
    PLURAL_PROVIDERS,
    PLURAL_SESSIONS,
)

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
"""What the API server takes as the name of every kind used here; it holds no slash, so no path can be smuggled in."""


@dataclass(frozen=True, slots=True)
class KubePath:
    """One address of the API.

    Attributes:
        url: the path to ask for.
        template: the same with the object's name left out, for messages.
        resource: plural, with the subresource after a slash, as RBAC rules spell it.
        namespace: None for what is of the whole cluster.
        named: whether it is one object rather than a collection.
        possible: whether an object of that name can exist at all.
    """

    url: str
    template: str
    resource: str
    namespace: str | None
    named: bool
    possible: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of thing that the API server serves.

    Attributes:
        root: ``api/v1`` or ``apis/GROUP/VERSION``.
        plural: as in URLs.
    """

    root: str
    plural: str

    def collection(self, namespace: str | None = None) -> KubePath:
        """All of a namespace; of the whole cluster if None."""
        folder = self._folder(namespace)
        return KubePath(folder, folder, self.plural, namespace, named=False, possible=_is_name(namespace))

    def one(self, namespace: str | None, name: str, subresource: str | None = None) -> KubePath:
        """One object, or a subresource of it."""
        folder = self._folder(namespace)
        tail = f"/{subresource}" if subresource else ""
        return KubePath(
            url=f"{folder}/{name}{tail}",
            template=f"{folder}/{{name}}{tail}",
            resource=f"{self.plural}{tail}",
            namespace=namespace,
            named=True,
            possible=_is_name(namespace) and _is_name(name),
        )

    def _folder(self, namespace: str | None) -> str:
        within = f"namespaces/{namespace}/" if namespace is not None else ""
        return f"/{self.root}/{within}{self.plural}"


def _is_name(name: str | None) -> bool:
    return name is None or _NAME.fullmatch(name) is not None


SECRETS: Final = Resource("api/v1", "secrets")
PODS: Final = Resource("api/v1", "pods")
CONFIG_MAPS: Final = Resource("api/v1", "configmaps")
NAMESPACES: Final = Resource("api/v1", "namespaces")
EVENTS: Final = Resource("apis/events.k8s.io/v1", "events")
OWN_KINDS: Final = {
    KIND_SESSION: Resource(f"apis/{API_VERSION}", PLURAL_SESSIONS),
    KIND_PROVIDER: Resource(f"apis/{API_VERSION}", PLURAL_PROVIDERS),
    KIND_CLUSTER_PROVIDER: Resource(f"apis/{API_VERSION}", PLURAL_CLUSTER_PROVIDERS),
}

"""The three kinds as CustomResourceDefinitions: names, columns, selectable fields, the models' schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from realtime_operator.api import group
from realtime_operator.api.conditions import PENDING
from realtime_operator.api.provider import (
    ClusterRealtimeProvider,
    Provider,
    ProviderSpec,
    ProviderStatus,
    RealtimeProvider,
)
from realtime_operator.api.session import RealtimeSession, RealtimeSessionSpec, RealtimeSessionStatus
from realtime_operator.api.structural import structural_schema

if TYPE_CHECKING:
    from realtime_operator.api.model import ApiModel


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of `kubectl get`; a wide one is shown with `-o wide` only."""

    name: str
    path: str
    description: str
    type: str = "string"
    wide: bool = False

    def manifest(self) -> dict[str, Any]:
        """Return the column as a CRD writes it."""
        column = {
            "name": self.name,
            "type": self.type,
            "jsonPath": self.path,
            "description": self.description,
        }
        return column | {"priority": 1} if self.wide else column


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a CRD says about a kind besides its schema."""

    model: type[RealtimeSession | Provider]
    spec: type[ApiModel]
    status: type[ApiModel]
    plural: str
    short: str
    columns: tuple[Column, ...]
    selectable: tuple[str, ...]
    cluster_scoped: bool = False

    @property
    def file_name(self) -> str:
        """The name of the file that holds the CRD."""
        return f"{self.plural}.yaml"


_READY: Final = Column(
    name="Ready",
    path='.status.conditions[?(@.type=="Ready")].status',
    description="Whether it works now.",
)
_REASON: Final = Column(
    name="Reason",
    path='.status.conditions[?(@.type=="Ready")].reason',
    description="Why it is ready or not, in one word.",
)
_AGE: Final = Column(
    name="Age", type="date", path=".metadata.creationTimestamp", description="Time since it was made."
)
_SESSION_COLUMNS: Final = (
    _READY,
    _REASON,
    Column(name="Secret", path=".status.secretRef.name", description="The Secret that holds the token."),
    # A string, because kubectl prints a date as an age, and a date to come as <invalid>.
    Column(name="Expires", path=".status.expirationTime", description="When the token expires."),
    Column(
        name="Rotated", type="date", path=".status.issuedTime", description="Time since the token was issued."
    ),
    Column(name="Endpoint", path=".spec.endpoint", description="Which mint operation is called.", wide=True),
    Column(name="Model", path=".spec.session.model", description="The model asked for.", wide=True),
    Column(
        name="Rotations",
        type="integer",
        path=".status.rotations",
        description="How many times a token was replaced.",
        wide=True,
    ),
    Column(name="Provider", path=".status.providerRef.name", description="The provider used.", wide=True),
    _AGE,
)
_PROVIDER_COLUMNS: Final = (
    _READY,
    _REASON,
    Column(name="URL", path=".spec.baseURL", description="Where tokens are minted."),
    _AGE,
)

KINDS: Final = (
    Kind(
        model=RealtimeSession,
        spec=RealtimeSessionSpec,
        status=RealtimeSessionStatus,
        plural=group.PLURAL_SESSIONS,
        short="rts",
        columns=_SESSION_COLUMNS,
        selectable=(
            ".spec.endpoint",
            ".spec.suspend",
            ".spec.session.model",
            ".status.providerRef.name",
            ".status.secretRef.name",
        ),
    ),
    Kind(
        model=RealtimeProvider,
        spec=ProviderSpec,
        status=ProviderStatus,
        plural=group.PLURAL_PROVIDERS,
        short="rtp",
        columns=_PROVIDER_COLUMNS,
        selectable=(".spec.auth.secretRef.name",),
    ),
    Kind(
        model=ClusterRealtimeProvider,
        spec=ProviderSpec,
        status=ProviderStatus,
        plural=group.PLURAL_CLUSTER_PROVIDERS,
        short="crtp",
        columns=_PROVIDER_COLUMNS,
        selectable=(".spec.auth.secretRef.name", ".spec.auth.secretRef.namespace"),
        cluster_scoped=True,
    ),
)


def manifest(kind: Kind) -> dict[str, Any]:
    """Return the CustomResourceDefinition of a kind."""
    singular = kind.model.kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{group.GROUP}"},
        "spec": {
            "group": group.GROUP,
            "names": {
                "kind": str(kind.model.kind),
                "listKind": f"{kind.model.kind}List",
                "plural": kind.plural,
                "singular": singular,
                "shortNames": [kind.short],
                "categories": [group.CATEGORY],
            },
            "scope": "Cluster" if kind.cluster_scoped else "Namespaced",
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> dict[str, Any]:
    return {
        "name": group.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [column.manifest() for column in kind.columns],
        "selectableFields": [{"jsonPath": path} for path in kind.selectable],
        "schema": {"openAPIV3Schema": _root_schema(kind)},
    }


def _root_schema(kind: Kind) -> dict[str, Any]:
    spec = structural_schema(kind.spec, cluster_scoped=kind.cluster_scoped, defaults=True)
    status = structural_schema(kind.status, cluster_scoped=kind.cluster_scoped, defaults=False)
    return {
        "description": kind.model.__doc__,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {
                "type": "string",
                "description": f"The version of this schema: {group.API_VERSION}.",
            },
            "kind": {"type": "string", "description": f"The kind of object: {kind.model.kind}."},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status | {"default": PENDING},
        },
    }

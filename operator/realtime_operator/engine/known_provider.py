"""A provider's object as the watch tells of it, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from realtime_operator.api.group import KIND_CLUSTER_PROVIDER, KIND_PROVIDER
from realtime_operator.api.provider import ClusterRealtimeProvider, ProviderSpec, RealtimeProvider
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.reasons import Reason

_MODELS = {KIND_PROVIDER: RealtimeProvider, KIND_CLUSTER_PROVIDER: ClusterRealtimeProvider}


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """A provider's object.

    Attributes:
        ref: the object.
        generation: of the object.
        spec: what it says, or the error that keeps it from being read.
    """

    ref: ObjectRef
    generation: int
    spec: ProviderSpec | ProviderNotReady

    def usable_spec(self) -> ProviderSpec:
        """What it says.

        Raises:
            ProviderNotReady: it is not as this version reads it.
        """
        if isinstance(self.spec, ProviderNotReady):
            # A fresh copy: an exception that is raised again and again would keep growing its traceback.
            raise ProviderNotReady(self.spec.reason, str(self.spec))
        return self.spec


def known_provider(kind: str, body: Mapping[str, Any]) -> KnownProvider:
    """Read a provider's JSON document; one that another version's schema let through is known, too, with the fields that are wrong."""
    metadata = body["metadata"]
    ref = ObjectRef(kind, metadata.get("namespace") or None, metadata["name"], metadata["uid"])
    spec: ProviderSpec | ProviderNotReady
    try:
        spec = _MODELS[kind].model_validate(body).spec
    except ValidationError as error:
        spec = _unreadable(error)
    return KnownProvider(ref, metadata["generation"], spec)


def _unreadable(error: ValidationError) -> ProviderNotReady:
    """The fields are named, their values are not: somebody may have put a key there."""
    places = {".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)}
    return ProviderNotReady(
        Reason.PROVIDER_INVALID,
        f"{', '.join(sorted(places))}: not as this version of the operator reads it; correct it, or install the CRDs of this version.",
    )

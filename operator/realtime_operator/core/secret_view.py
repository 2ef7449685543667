"""A Secret as it was observed: what the plan needs to know of it, and no more."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.api.group import MANAGED_BY
from realtime_operator.core.value_type import value_type


@value_type(frozen=True, slots=True)
class SecretStamp:
    """Which Secret, in which version: enough to tell whether anything changed.

    Attributes:
        uid: of the Secret.
        resource_version: opaque; equal means unchanged.
    """

    uid: str
    resource_version: str


@value_type(frozen=True, slots=True)
class WrittenSecret:
    """The answer to a write that sent a whole Secret.

    Attributes:
        stamp: which Secret, in which version.
        as_sent: whether its metadata is what was sent: nothing was added to it on the way.
    """

    stamp: SecretStamp
    as_sent: bool


@dataclass(frozen=True, slots=True)
class Controller:
    """The owner reference that says ``controller: true``."""

    api_version: str
    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class ObservedSecret:
    """A Secret read from the API.

    Attributes:
        stamp: which Secret, in which version.
        controller: its controlling owner, or None.
        type: the Secret's type.
        immutable: whether its data can be changed.
        labels: as stored.
        annotations: as stored.
        data: decoded values by key; they hold tokens, so they never print.
        owned: whether it has any owner at all, controlling or not.
        plain: whether it has nothing that the other fields do not show: further owners, finalizers, values that are not text, fields that
            the API server keeps for another client.
    """

    stamp: SecretStamp
    controller: Controller | None
    type: str
    immutable: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    data: Mapping[str, str] = field(repr=False)
    owned: bool = False
    plain: bool = True


def observed_secret(raw: Mapping[str, Any]) -> ObservedSecret:
    """Read a Secret's JSON document.

    Values that are not text are left out: nothing of ours is binary.
    """
    metadata = raw["metadata"]
    owners, values = metadata.get("ownerReferences") or [], raw.get("data") or {}
    controllers = [owner for owner in owners if owner.get("controller")]
    data = dict(_texts(values))
    return ObservedSecret(
        stamp=stamp_of(raw),
        controller=_controller(controllers[0]) if controllers else None,
        type=raw.get("type") or "Opaque",
        immutable=bool(raw.get("immutable")),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        data=data,
        owned=bool(owners),
        plain=(
            len(owners) <= 1
            and not metadata.get("finalizers")
            and len(data) == len(values)
            and all(kept.get("manager") == MANAGED_BY for kept in metadata.get("managedFields") or ())
        ),
    )


def stamp_of(raw: Mapping[str, Any]) -> SecretStamp:
    """Read uid and version of any object's JSON document, or of its PartialObjectMetadata."""
    return SecretStamp(raw["metadata"]["uid"], raw["metadata"]["resourceVersion"])


def written_secret(raw: Mapping[str, Any], sent: Mapping[str, Any]) -> WrittenSecret:
    """Read the answer to a write that sent a whole Secret.

    Args:
        raw: the Secret's JSON document, or its PartialObjectMetadata.
        sent: the document that was sent.
    """
    got, meant = raw["metadata"], sent["metadata"]
    kept = ("labels", "annotations", "ownerReferences", "finalizers")
    return WrittenSecret(
        stamp_of(raw), all((got.get(name) or None) == (meant.get(name) or None) for name in kept)
    )


def _controller(owner: Mapping[str, Any]) -> Controller:
    return Controller(owner["apiVersion"], owner["kind"], owner["name"], owner["uid"])


def _texts(data: Mapping[str, str]) -> list[tuple[str, str]]:
    texts = []
    for key, value in data.items():
        try:
            texts.append((key, base64.b64decode(value).decode()))
        except (binascii.Error, UnicodeDecodeError):
            continue
    return texts

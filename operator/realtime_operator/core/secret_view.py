"""A Secret as it was observed: what the plan needs to know of it, and no more."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SecretStamp:
    """Which Secret, in which version: enough to tell whether anything changed.

    Attributes:
        uid: of the Secret.
        resource_version: opaque; equal means unchanged.
    """

    uid: str
    resource_version: str


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
    """

    stamp: SecretStamp
    controller: Controller | None
    type: str
    immutable: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    data: Mapping[str, str] = field(repr=False)
    owned: bool = False


def observed_secret(raw: Mapping[str, Any]) -> ObservedSecret:
    """Read a Secret's JSON document.

    Values that are not text are left out: nothing of ours is binary.
    """
    metadata = raw["metadata"]
    owners = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    return ObservedSecret(
        stamp=stamp_of(raw),
        controller=_controller(owners[0]) if owners else None,
        type=raw.get("type") or "Opaque",
        immutable=bool(raw.get("immutable")),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        data=dict(_texts(raw.get("data") or {})),
        owned=bool(metadata.get("ownerReferences")),
    )


def stamp_of(raw: Mapping[str, Any]) -> SecretStamp:
    """Read uid and version of any object's JSON document, or of its PartialObjectMetadata."""
    return SecretStamp(raw["metadata"]["uid"], raw["metadata"]["resourceVersion"])


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

"""A pod as it was listed: how it uses a session's Secret, and which token it was told of. Nothing else of it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from realtime_operator.api.group import (
    ANNOTATION_HELD_SINCE,
    ANNOTATION_HELD_TOKEN_ID,
    ANNOTATION_TOKEN_ID,
)
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.timestamps import from_rfc3339

FINISHED = frozenset({"Succeeded", "Failed"})
"""Phases of a pod whose programs have ended and do not start again."""

_AGAIN = "-"

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


class Use(StrEnum):
    """A way in which a pod gets at a Secret's token."""

    VOLUME = "volume"
    """A mounted Secret: its file follows."""
    PROJECTED = "projected"
    """A mounted projected volume with the Secret in it: its file follows."""
    SUB_PATH = "subPath"
    """A single file mounted by subPath: it keeps the token of the container's start."""
    ENV = "env"
    """A variable: it keeps the token of the container's start."""
    ENV_FROM = "envFrom"
    """All entries as variables: they keep the token of the container's start."""
    IMAGE_PULL = "imagePullSecret"
    """Given to the registry as its credential: no program reads it."""


FOLLOWING = frozenset({Use.VOLUME, Use.PROJECTED})
"""Uses in which a pod that is told of a new token has it in its file."""


@dataclass(frozen=True, slots=True)
class Sought:
    """The Secret that is looked for in pods.

    Attributes:
        name: of the Secret.
        lasting: names of its entries that outlive a token, such as the base URL; to have these in a variable harms nobody.
    """

    name: str
    lasting: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owner:
    """The object that controls a pod, or the pod itself where none does."""

    api_version: str
    ref: ObjectRef


@dataclass(frozen=True, slots=True)
class ObservedPod:
    """A pod, reduced to what matters here.

    Attributes:
        name: of the pod.
        uid: of the pod.
        uses: how it uses the Secret's token; empty for not at all.
        finished: whether its programs have ended for good.
        told: the id of the token that it was told of last; empty for none.
        held: the id of the token that it says it holds; empty where it says nothing.
        held_since: since when it says so, in seconds since the epoch; None where it does not say.
        owner: who controls it.
    """

    name: str
    uid: str
    uses: frozenset[Use]
    finished: bool
    told: str
    held: str
    held_since: float | None
    owner: Owner

    @property
    def follows(self) -> bool:
        """Whether it mounts the token in a way that changes with the Secret."""
        return bool(self.uses & FOLLOWING)


def observed_pod(raw: Mapping[str, Any], sought: Sought) -> ObservedPod:
    """Read a pod's JSON document."""
    metadata = raw["metadata"]
    notes = metadata.get("annotations") or {}
    return ObservedPod(
        name=metadata["name"],
        uid=metadata["uid"],
        uses=uses_of(raw.get("spec") or {}, sought),
        finished=(raw.get("status") or {}).get("phase") in FINISHED,
        told=notes.get(ANNOTATION_TOKEN_ID, "").partition(_AGAIN)[0],
        held=notes.get(ANNOTATION_HELD_TOKEN_ID, ""),
        held_since=from_rfc3339(notes.get(ANNOTATION_HELD_SINCE)),
        owner=_owner(metadata),
    )


def told_again(token_id: str, number: int) -> str:
    """What a pod is told that was told of the token before: another value, or its kubelet would not look."""
    return f"{token_id}{_AGAIN}{number}"


def uses_of(spec: Mapping[str, Any], sought: Sought) -> frozenset[Use]:
    """How a pod's containers of every kind use the token of a Secret.

    A volume that no container mounts is no use, because the kubelet does not even make it.
    """
    volumes = dict(_volumes(spec, sought.name))
    uses = {use for container in _containers(spec) for use in _container_uses(container, sought, volumes)}
    if any(ref.get("name") == sought.name for ref in spec.get("imagePullSecrets") or ()):
        uses.add(Use.IMAGE_PULL)
    return frozenset(uses)


@dataclass(frozen=True, slots=True)
class _Volume:
    use: Use
    entries: Mapping[str, str]
    """Entries by the paths that the volume gives them; empty for all under their own names."""


def _containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in _CONTAINERS:
        yield from spec.get(kind) or ()


def _volumes(spec: Mapping[str, Any], name: str) -> Iterator[tuple[str, _Volume]]:
    for volume in spec.get("volumes") or ():
        secret = volume.get("secret") or {}
        if secret.get("secretName") == name:
            yield volume["name"], _Volume(Use.VOLUME, _paths(secret))
        for source in (volume.get("projected") or {}).get("sources") or ():
            secret = source.get("secret") or {}
            if secret.get("name") == name:
                yield volume["name"], _Volume(Use.PROJECTED, _paths(secret))


def _paths(source: Mapping[str, Any]) -> dict[str, str]:
    return {item["path"]: item["key"] for item in source.get("items") or ()}


def _container_uses(
    container: Mapping[str, Any], sought: Sought, volumes: Mapping[str, _Volume]
) -> Iterator[Use]:
    for source in container.get("envFrom") or ():
        if (source.get("secretRef") or {}).get("name") == sought.name:
            yield Use.ENV_FROM
    for variable in container.get("env") or ():
        ref = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
        if ref.get("name") == sought.name and ref.get("key") not in sought.lasting:
            yield Use.ENV
    for mount in container.get("volumeMounts") or ():
        volume = volumes.get(mount["name"])
        if volume is None:
            continue
        path = mount.get("subPath")
        if not path and not mount.get("subPathExpr"):
            yield volume.use
        elif volume.entries.get(path or "", path) not in sought.lasting:
            yield Use.SUB_PATH


def _owner(metadata: Mapping[str, Any]) -> Owner:
    namespace = metadata.get("namespace")
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller"):
            return Owner(
                owner["apiVersion"], ObjectRef(owner["kind"], namespace, owner["name"], owner["uid"])
            )
    return Owner("v1", ObjectRef("Pod", namespace, metadata["name"], metadata["uid"]))

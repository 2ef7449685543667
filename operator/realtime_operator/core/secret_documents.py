"""The documents that write a Secret of ours: one that creates it, one that replaces it, two that merge into it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from realtime_operator.api import group
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.secret_view import ObservedSecret, SecretStamp
from realtime_operator.core.token_secret import SecretContent, Target

UNTRACKED: Final[tuple[dict[str, str], ...]] = ({},)
"""As ``managedFields`` of a replacement: the API server forgets which client wrote which field, and keeps no such record from then on.

Nobody else has a part in the Secret, so the record says nothing, and to keep it costs the API server a third of the write."""


def owner_reference(session: ObjectRef) -> dict[str, Any]:
    """The reference by which the garbage collector removes the Secret with its session.

    ``blockOwnerDeletion`` is false, because to set it needs a right on the owner's finalizers on some platforms.
    """
    return {
        "apiVersion": group.API_VERSION,
        "kind": session.kind,
        "name": session.name,
        "uid": session.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def create_manifest(target: Target, content: SecretContent) -> dict[str, Any]:
    """The document that creates the Secret."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": target.name,
            "labels": dict(content.labels),
            "annotations": dict(content.annotations),
            "ownerReferences": [owner_reference(target.session)],
        },
        "data": _encoded(content.data),
    }


def replacement(target: Target, content: SecretContent, *, stamp: SecretStamp) -> dict[str, Any]:
    """The document that takes the place of the version that was written or observed last, and of no other.

    It loses what others added, so it is for a Secret that only we have written. It bears the owner reference, which cannot revive a dead
    one: in this very version it is there.
    """
    document = create_manifest(target, content)
    document["metadata"] |= {
        "uid": stamp.uid,
        "resourceVersion": stamp.resource_version,
        "managedFields": list(UNTRACKED),
    }
    return document


def merge_patch(content: SecretContent, *, stamp: SecretStamp, stale: frozenset[str]) -> dict[str, Any]:
    """The patch that brings our Secret to its content.

    It carries the uid, so that it can never touch another Secret of that name, and never an owner reference, so that a late write
    cannot revive a dead one.

    Args:
        content: what the Secret should hold.
        stamp: the Secret that was observed or written last.
        stale: our entries that it may still hold and should not.
    """
    data: dict[str, str | None] = dict.fromkeys(sorted(stale - content.data.keys()))
    return {
        "metadata": {
            "uid": stamp.uid,
            "labels": dict(content.labels),
            "annotations": dict(content.annotations),
        },
        "data": data | _encoded(content.data),
    }


def takeover_patch(
    target: Target, content: SecretContent, *, observed: ObservedSecret, stale: frozenset[str]
) -> dict[str, Any]:
    """The patch that makes an observed Secret ours: as ``merge_patch``, with the owner, for exactly the version observed."""
    patch = merge_patch(content, stamp=observed.stamp, stale=stale)
    patch["metadata"]["resourceVersion"] = observed.stamp.resource_version
    patch["metadata"]["ownerReferences"] = [owner_reference(target.session)]
    return patch


def _encoded(data: Mapping[str, str]) -> dict[str, str | None]:
    return {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}

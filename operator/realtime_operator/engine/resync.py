"""Finds what the watch missed: ghosts that were deleted in a gap, and objects that were created or changed in one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from realtime_operator.api.group import KIND_SESSION
from realtime_operator.core.errors import ClusterError
from realtime_operator.engine.directory import Directory
from realtime_operator.engine.intake import Intake
from realtime_operator.engine.table import Table
from realtime_operator.ports import ObjectStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """One object as we know it.

    Attributes:
        uid: of the object.
        generation: the one taken in last.
    """

    uid: str
    generation: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind to compare.

    Attributes:
        kind: of the objects.
        known: all that are known now.
        seen: takes in one object's JSON document.
        gone: told of the uid of one that does not exist any more.
    """

    kind: str
    known: Callable[[], Iterable[Known]]
    seen: Callable[[Mapping[str, Any]], None]
    gone: Callable[[str], None]


def kept_providers(kind: str, directory: Directory) -> Kept:
    """One kind of providers."""
    return Kept(
        kind,
        known=lambda: (
            Known(uid, generation) for key, uid, generation in directory.known() if key[0] == kind
        ),
        seen=lambda body: directory.seen(kind, body),
        gone=lambda uid: directory.gone(kind, uid),
    )


def kept_sessions(table: Table, intake: Intake) -> Kept:
    """The sessions."""
    return Kept(
        KIND_SESSION,
        known=lambda: (Known(e.memory.ref.uid, e.memory.wanted.generation) for e in table),
        seen=intake.seen,
        gone=intake.gone,
    )


async def resync(objects: ObjectStore, kept: Kept) -> tuple[int, int]:
    """Compare one kind with the cluster, by metadata alone, and mend what differs; says how many were missed, and how many were ghosts.

    Raises:
        ClusterError: the list could not be read to its end; nothing is taken for gone then.
    """
    before = {known.uid: known.generation for known in kept.known()}
    listed: set[str] = set()
    missed = 0
    async for item in objects.list_metadata(kept.kind):
        listed.add(item.ref.uid)
        if before.get(item.ref.uid, -1) < item.generation:
            body = await objects.get(kept.kind, item.ref.namespace, item.ref.name)
            if body is not None:
                missed += 1
                _take_in(kept, body)
    # Only what was known before the list began can be missing from it.
    ghosts = before.keys() - listed
    for uid in ghosts:
        kept.gone(uid)
    return missed, len(ghosts)


def _take_in(kept: Kept, body: Mapping[str, Any]) -> None:
    try:
        kept.seen(body)
    except Exception:  # noqa: BLE001 - one object that cannot be taken in must not keep the others from being compared
        _log.exception("an object was not taken in", extra={"fields": {"kind": kept.kind}})


async def resync_all(objects: ObjectStore, kinds: Iterable[Kept]) -> bool:
    """Compare all kinds; says whether every list could be read."""
    complete = True
    for kept in kinds:
        try:
            missed, ghosts = await resync(objects, kept)
        except ClusterError as error:
            complete = False
            _log.warning("resync of %s not complete: %s", kept.kind, error)
            continue
        if missed or ghosts:
            _log.info("resync of %s: %d missed by the watch, %d ghosts", kept.kind, missed, ghosts)
    return complete

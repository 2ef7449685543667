"""Status writes in a lane of their own: late rather than early, coalesced, and only what has changed.

A status write costs the API server two to three times a Secret write, and nobody's token depends on it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from realtime_operator.core.errors import ClusterError
from realtime_operator.core.report import changed_fields
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.ports import ObjectStore

_log = logging.getLogger(__name__)

WRITES_AT_ONCE = 16
"""Enough to keep up with the workers; few enough to leave the API server to the Secrets."""


LONGEST_PAUSE_ROUNDS = 30
"""While the API server takes no status at all, it is asked this seldom."""


class StatusLane:
    """Keeps what the API has until it has what it should have."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._pending: dict[str, tuple[SessionMemory, Mapping[str, Any]]] = {}
        self._slots = asyncio.Semaphore(WRITES_AT_ONCE)
        self._strikes = 0
        self._rounds_off = 0

    def __len__(self) -> int:
        """How many sessions wait for their status."""
        return len(self._pending)

    def submit(self, memory: SessionMemory, status: Mapping[str, Any]) -> None:
        """Make ``status`` the one that the session should show."""
        if status == memory.status and memory.ref.uid not in self._pending:
            return
        self._pending.setdefault(memory.ref.uid, (memory, memory.status))
        memory.status = status

    def drop(self, uid: str) -> None:
        """Forget a session that is gone."""
        self._pending.pop(uid, None)

    async def flush(self) -> None:
        """Write all that waits; what fails waits for the next flush, and where nothing can be written rounds are left out."""
        if self._rounds_off:
            self._rounds_off -= 1
            return
        pending, self._pending = self._pending, {}
        troubles = await asyncio.gather(*(self._write(memory, base) for memory, base in pending.values()))
        failed = [trouble for trouble in troubles if trouble is not None]
        if not failed:
            self._strikes = 0
            return
        _log.warning("%d of %d statuses not written: %s", len(failed), len(troubles), failed[0])
        if len(failed) == len(troubles):
            self._strikes += 1
            self._rounds_off = min(LONGEST_PAUSE_ROUNDS, 2 ** min(self._strikes, 16) - 2)

    async def _write(self, memory: SessionMemory, base: Mapping[str, Any]) -> ClusterError | None:
        async with self._slots:
            changes = changed_fields(base, memory.status)
            if memory.gone or not changes:
                return None
            try:
                await self._objects.patch_status(memory.ref, changes)
            except ClusterError as error:
                # What was submitted meanwhile took the unwritten status for written.
                self._pending[memory.ref.uid] = (memory, base)
                return error
            return None

"""Status writes in a lane of their own: late rather than early, coalesced, and only what has changed.

A status write costs the API server two to three times a Secret write, and nobody's token depends on it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from realtime_operator.core.errors import ClusterError, ClusterUnavailable
from realtime_operator.core.kept_document import KeptDocument
from realtime_operator.core.reasons import Reason
from realtime_operator.core.report import changed_fields
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.ports import ObjectStore

_log = logging.getLogger(__name__)

WRITES_AT_ONCE = 16
"""Enough to keep up with the workers; few enough to leave the API server to the Secrets."""


LONGEST_PAUSE_ROUNDS = 30
"""While the API server takes no status at all, or never one session's, it is asked this seldom."""

ROUNDS_HELD = 5
"""In a burst of Secret writes a status waits so many rounds: the same API server, and the same process, are needed for the tokens."""


@dataclass(slots=True)
class _Pending:
    memory: SessionMemory
    base: Mapping[str, Any]
    rounds: int = 0
    strikes: int = 0
    rounds_off: int = 0


class StatusLane:
    """Keeps what the API has until it has what it should have."""

    def __init__(
        self, objects: ObjectStore, *, is_in_a_burst: Callable[[], bool], gone: Callable[[str], None]
    ) -> None:
        """Begin with nothing to write.

        Args:
            objects: where statuses are kept.
            is_in_a_burst: whether tokens need all there is just now.
            gone: told of the uid of a session that turned out not to exist any more.
        """
        self._objects = objects
        self._gone = gone
        self._is_in_a_burst = is_in_a_burst
        self._pending: dict[str, _Pending] = {}
        self._strikes = 0
        self._rounds_off = 0

    def __len__(self) -> int:
        """How many sessions wait for their status."""
        return len(self._pending)

    def submit(self, memory: SessionMemory, status: Mapping[str, Any]) -> None:
        """Make ``status`` the one that the session should show."""
        if status == memory.status and memory.ref.uid not in self._pending:
            return
        self._pending.setdefault(memory.ref.uid, _Pending(memory, memory.status))
        memory.status = KeptDocument(status)

    def write_again(self, memory: SessionMemory, *, shown: Mapping[str, Any]) -> None:
        """The API shows something else than was written, because somebody wiped it."""
        self._pending[memory.ref.uid] = _Pending(memory, shown)

    def drop(self, uid: str) -> None:
        """Forget a session that is gone."""
        self._pending.pop(uid, None)

    async def flush(self) -> None:
        """Write what waits: in a burst only what has waited long enough.

        What fails waits for the next flush. Where nothing can be written rounds are left out; where only some sessions' cannot, because a
        policy refuses them, say, rounds are left out for these.
        """
        if self._rounds_off:
            self._rounds_off -= 1
            return
        due = self._take()
        if not due:
            self._strikes = 0
            return
        failed = await self._write_all(due)
        if not failed:
            self._strikes = 0
            return
        _log.warning("%d of %d statuses not written: %s", len(failed), len(due), failed[0][1])
        is_away = len(failed) == len(due) and all(isinstance(each, ClusterUnavailable) for _, each in failed)
        if is_away:
            self._strikes += 1
            self._rounds_off = _pause_after(self._strikes)
            return
        self._strikes = 0
        for pending, _ in failed:
            pending.strikes += 1
            pending.rounds_off = _pause_after(pending.strikes)

    def _take(self) -> list[_Pending]:
        held = ROUNDS_HELD if self._is_in_a_burst() else 0
        due = {
            uid: each for uid, each in self._pending.items() if each.rounds >= held and not each.rounds_off
        }
        for uid, each in list(self._pending.items()):
            if uid in due:
                del self._pending[uid]
            else:
                each.rounds, each.rounds_off = each.rounds + 1, max(0, each.rounds_off - 1)
        return list(due.values())

    async def _write_all(self, due: list[_Pending]) -> list[tuple[_Pending, ClusterError]]:
        """Write them, and give those that could not be written, and why.

        By few tasks, which go from one to the next: after a burst thousands are due, and the room of a task for each would be kept.
        """
        failed: list[tuple[_Pending, ClusterError]] = []
        waiting = iter(due)

        async def write_some() -> None:
            for pending in waiting:
                trouble = await self._write(pending)
                if trouble is not None:
                    failed.append((pending, trouble))

        await asyncio.gather(*(write_some() for _ in range(min(WRITES_AT_ONCE, len(due)))))
        return failed

    async def _write(self, pending: _Pending) -> ClusterError | None:
        memory = pending.memory
        changes = changed_fields(pending.base, memory.status)
        if memory.gone or not changes:
            return None
        try:
            if not await self._objects.patch_status(memory.ref, changes):
                self._gone(memory.ref.uid)
        except ClusterError as error:
            return self._put_back(pending, error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours about one status must not cost the others theirs
            own = f"an error of its own ({type(error).__name__})"
            return self._put_back(pending, ClusterError(Reason.CLUSTER_UNAVAILABLE, own))
        return None

    def _put_back(self, pending: _Pending, error: ClusterError) -> ClusterError:
        """What was submitted meanwhile took the unwritten status for written."""
        self._pending[pending.memory.ref.uid] = pending
        return error


def _pause_after(strikes: int) -> int:
    """Rounds to leave out after so many failures in a row; none after the first, which may have been a moment's."""
    return min(LONGEST_PAUSE_ROUNDS, (1 << min(strikes, 16)) - 2)

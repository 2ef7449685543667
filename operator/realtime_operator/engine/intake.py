"""Takes in what the watch hears of sessions: parse once, keep little, wake only for what matters.

The echo of our own status write, a re-listed object and a changed label wake nobody.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from realtime_operator.api.conditions import has_status
from realtime_operator.api.group import ANNOTATION_ROTATE, KIND_SESSION
from realtime_operator.api.session import RealtimeSession
from realtime_operator.core.errors import InvalidSession
from realtime_operator.core.null_paths import lost_nulls
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.reasons import Reason
from realtime_operator.core.remembered import remembered
from realtime_operator.core.schedule import spread
from realtime_operator.core.session_memory import SessionMemory, Wanted, wanted_of
from realtime_operator.core.timestamps import from_rfc3339
from realtime_operator.engine.dispatcher import Dispatcher
from realtime_operator.engine.pod_lane import LATELY_S
from realtime_operator.engine.status_lane import StatusLane
from realtime_operator.engine.table import Table
from realtime_operator.ports import Clock, Notice
from realtime_operator.secret_writer import LOOK_AGAIN_S

_log = logging.getLogger(__name__)


class Intake:
    """Brings the table in line with the sessions of the cluster."""

    def __init__(
        self,
        *,
        clock: Clock,
        table: Table,
        dispatcher: Dispatcher,
        status_lane: StatusLane,
        announce: Callable[[Notice], None],
        tells_pods: bool = False,
    ) -> None:
        self._clock = clock
        self._table = table
        self._dispatcher = dispatcher
        self._status_lane = status_lane
        self._announce = announce
        self._tells_pods = tells_pods

    def seen(self, body: Mapping[str, Any]) -> None:
        """A session exists, and looks like this."""
        metadata = body["metadata"]
        if "deletionTimestamp" in metadata:
            self.gone(metadata["uid"])
            return
        entry = self._table.get(metadata["uid"])
        if entry is None:
            self._add(body)
        elif _differs(entry.memory.wanted, metadata):
            wanted = self._parsed(body)
            self._table.change(entry, wanted)
            self._warn_of_lost_nulls(entry.memory)
            self._dispatcher.changed(entry)
        elif _was_wiped(entry.memory, body):
            self._status_lane.write_again(entry.memory, shown=body.get("status") or {})

    def gone(self, uid: str) -> None:
        """A session does not exist any more; whoever waited for its Secret's name may have it."""
        entry = self._table.remove(uid)
        if entry is None:
            return
        self._dispatcher.drop(uid)
        self._status_lane.drop(uid)
        for rival in self._table.rivals(entry.memory):
            # The garbage collector may take a moment: the waiting for it begins anew, with short pauses.
            rival.memory.failure = None
            self._dispatcher.wake(rival)

    def _add(self, body: Mapping[str, Any]) -> None:
        metadata = body["metadata"]
        namesake = self._table.named(metadata.get("namespace", ""), metadata["name"])
        if namesake is not None:
            self.gone(namesake.memory.ref.uid)
        namespace = sys.intern(metadata.get("namespace", ""))  # thousands have the same
        ref = ObjectRef(KIND_SESSION, namespace or None, metadata["name"], metadata["uid"])
        memory = remembered(ref, self._parsed(body), body.get("status") or {})
        if memory.failure is not None:
            memory.failure = memory.failure.after_a_restart(now=self._clock.now(), uid=ref.uid)
        entry = self._table.add(memory)
        if self._needs_nothing_now(memory):
            self._dispatcher.wake(entry, self._first_wake_up(memory))
        else:
            self._warn_of_lost_nulls(memory)
            self._dispatcher.wake(entry)

    def _needs_nothing_now(self, memory: SessionMemory) -> bool:
        """Whether status says that this spec was dealt with: then a restart costs a look, and no mint."""
        status, wanted = memory.status, memory.wanted
        handled = status.get("observedGeneration") == wanted.generation
        asked = bool(wanted.rotate) and wanted.rotate != status.get("lastHandledRotate")
        now, issued_at = self._clock.now(), from_rfc3339(status.get("issuedTime")) or 0.0
        # Whether its pods were told of a token that is so young, the process before may not have lived to say.
        may_be_untold = bool(wanted.pod_selector) and now - issued_at < LATELY_S
        return handled and not asked and not may_be_untold and memory.expires_at > now

    def _first_wake_up(self, memory: SessionMemory) -> float:
        moments = [self._clock.now() + LOOK_AGAIN_S * spread(memory.ref.uid), memory.expires_at]
        if memory.failure is not None:
            moments.append(memory.failure.next_attempt)
        elif memory.rotation_at is not None:
            moments.append(memory.rotation_at)
        return min(moments)

    def _parsed(self, body: Mapping[str, Any]) -> Wanted:
        try:
            session = RealtimeSession.model_validate(body)
        except ValidationError as error:
            return _unparsable(body, error)
        lost = lost_nulls(session.spec.session, session.metadata.annotations, session.spec.null_paths)
        return wanted_of(session, tuple(lost), tells_pods=self._tells_pods)

    def _warn_of_lost_nulls(self, memory: SessionMemory) -> None:
        lost = memory.wanted.lost_nulls
        if lost:
            message = (
                f"spec.session had null at {', '.join(lost[:8])}, which client-side apply removed, so the provider's default holds;"
                " name them in spec.nullPaths, or use server-side apply."
            )
            self._announce(Notice(memory.ref, warning=True, reason=Reason.NULL_DROPPED, message=message))


def _differs(wanted: Wanted, metadata: Mapping[str, Any]) -> bool:
    """Whether the object wants something else now; a watch that lags behind the resync still tells of what it wanted before."""
    generation = metadata.get("generation", 0)
    rotate = (metadata.get("annotations") or {}).get(ANNOTATION_ROTATE, "")
    return bool(
        generation > wanted.generation or (generation == wanted.generation and rotate != wanted.rotate)
    )


def _was_wiped(memory: SessionMemory, body: Mapping[str, Any]) -> bool:
    return has_status({"status": memory.status}) and not has_status(body)


def _unparsable(body: Mapping[str, Any], error: ValidationError) -> Wanted:
    """A session that an older or newer schema let through: it is shown as invalid, with the fields named and no values."""
    fields = sorted(
        {".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)}
    )
    problem = InvalidSession(
        Reason.INVALID_SPEC,
        f"{', '.join(fields)}: not as this version of the operator reads it; correct it, or install the CRDs of this version.",
    )
    bare = RealtimeSession.model_validate({"metadata": body["metadata"], "spec": {}})
    return replace(wanted_of(bare), template=problem)

"""What a failed pass leaves behind: what the session remembers of it, what its provider learns, what is counted and logged."""

from __future__ import annotations

import logging
from typing import Any

from realtime_operator.core.errors import OperatorError, ProviderDown, ProviderError
from realtime_operator.core.failure import failure_after, held_back
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.pass_report import PassCase
from realtime_operator.ports import Metrics

_log = logging.getLogger(__name__)


def remember(
    memory: SessionMemory, case: PassCase, error: OperatorError, *, now: float, metrics: Metrics
) -> None:
    """Take in the error that ended a pass.

    Args:
        memory: of the session; its failure is brought up to date.
        case: what the pass had found out.
        error: as it ended.
        now: local time.
        metrics: where it is counted.
    """
    generation, rotate = case.wanted.generation, case.wanted.rotate
    if isinstance(error, ProviderDown):
        # Nothing was tried, so there is nothing to count or to log; whose mints failed said it already.
        memory.failure = held_back(memory.failure, error, now=now, generation=generation, rotate=rotate)
        return
    memory.failure = failure_after(
        memory.failure,
        error,
        now=now,
        life_left=memory.expires_at - now if memory.stamp is not None or not memory.observed else 0.0,
        uid=memory.ref.uid,
        generation=generation,
        rotate=rotate,
    )
    if isinstance(error, ProviderError):
        handle = case.handle
        handle.failed(memory, error)
        if not case.is_current(memory):
            memory.failure = memory.failure.at_once()
        metrics.mint_failed(reason=str(error.reason))
    else:
        metrics.pass_failed(reason=str(error.reason))
    request_id = error.request_id if isinstance(error, ProviderError) else None
    _log.warning(
        "pass failed: %s",
        error,
        extra={"fields": named(memory) | {"reason": str(error.reason), "request_id": request_id}},
    )


def named(memory: SessionMemory) -> dict[str, Any]:
    """A session in a log line."""
    return {"namespace": memory.ref.namespace, "session": memory.ref.name, "uid": memory.ref.uid}

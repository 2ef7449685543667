"""Which sessions a provider that became another one concerns, and what that means to them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from realtime_operator.core.errors import FailureClass
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.table import Entry, Table


class Concerned(Enum):
    """Whose failures say nothing any more."""

    ALL = "all"
    """Another spec, or none any more: what would be sent is another request."""
    WHO_WAIT_FOR_PEOPLE = "who wait for people"
    """Another key: whoever waits for a person to mend something."""
    WHO_LACKED_IT = "who lacked it"
    """It is merely heard of, as at a start: whoever was not even able to ask. What was refused has a time of its own."""


def try_again(
    table: Table,
    concerned: Concerned,
    *,
    may_use: Callable[[SessionMemory], bool],
    wake: Callable[[Entry], None],
) -> None:
    """Forget the failures that say nothing any more, and have these sessions looked at now.

    Args:
        table: of sessions.
        concerned: whose.
        may_use: whether the provider may be a session's.
        wake: has a session looked at now.
    """
    for entry in table:
        if _is_concerned(entry.memory, concerned) and may_use(entry.memory):
            entry.memory.failure = None
            wake(entry)


def _is_concerned(memory: SessionMemory, concerned: Concerned) -> bool:
    failure = memory.failure
    if concerned is Concerned.ALL:
        return True
    if failure is None or failure.failure_class is not FailureClass.PEOPLE:
        return False
    return concerned is Concerned.WHO_WAIT_FOR_PEOPLE or not failure.minting

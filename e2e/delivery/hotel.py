"""The namespace with the sessions and their reading pods: what is asked of them, and waited for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from e2e import sessions
from e2e.commands import StepFailed, wait_for

from .groups import NAMESPACE
from .readings import readings_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from e2e.commands import Commands

    from .groups import Group
    from .readings import Reading

WHERE: Final = f"--namespace={NAMESPACE}"
START_SECONDS: Final = 180.0
LOGS_SECONDS: Final = (
    2.0  # to read the logs of fifty pods takes a second of the node that is just starting them
)


class Hotel:
    """One namespace."""

    def __init__(self, commands: Commands) -> None:
        """Take the administrator's commands."""
        self._commands = commands

    def apply(self, documents: Iterable[dict[str, Any]]) -> None:
        """Apply objects.

        Raises:
            StepFailed: one was refused.
        """
        self._commands.apply(documents, WHERE)

    def readings(self, selector: str) -> list[Reading]:
        """Read the logs of the pods with these labels; nothing while one of them does not run."""
        flags = ("--prefix", "--timestamps", "--tail=-1", "--max-log-requests=100")
        try:
            log = self._commands.kubectl("logs", WHERE, f"--selector={selector}", *flags)
        except StepFailed:
            return []
        return [one for one in readings_in(log) if one.first]

    def wait_until_reading(self, selector: str, count: int) -> None:
        """Wait until so many pods with these labels have read a token.

        Raises:
            StepFailed: they have not in three minutes.
        """
        wait_for(
            f"{count} pods with {selector} reading a token",
            lambda: len(self.readings(selector)) >= count,
            seconds=START_SECONDS,
            every=LOGS_SECONDS,
        )

    def remove_pods(self, selector: str) -> None:
        """Have the pods with these labels deleted, and do not wait for it."""
        self._commands.kubectl("delete", "pods", WHERE, f"--selector={selector}", "--wait=false")

    def next_rotation(self, group: Group, *, ahead: float) -> tuple[str, sessions.Standing]:
        """Give the session of a group that is the first to be due so many seconds from now or later, and its standing.

        Raises:
            StepFailed: none will be.
        """

        def first() -> tuple[str, sessions.Standing] | None:
            known, earliest = self._standings(), time.time() + ahead
            due = [(name, known[name]) for name in group.session_names() if name in known]
            to_come = [each for each in due if each[1].rotation_time > earliest]
            return min(to_come, key=lambda each: each[1].rotation_time, default=None)

        return wait_for(f"a rotation of {group.name} that is to come", first, seconds=START_SECONDS)

    def wait_until_rotated(self, group: Group, due: float) -> None:
        """Wait until each session of a group has a token that is due well after this moment.

        Raises:
            StepFailed: one has not after the life of a token.
        """

        def is_so() -> bool:
            known = self._standings()
            return all(known[name].rotation_time > due + group.lifetime / 4 for name in group.session_names())

        wait_for(f"all sessions of {group.name} rotated", is_so, seconds=group.lifetime)

    def delivered(self, name: str) -> str:
        """Give what a session's condition Delivered says: status, reason and message."""
        conditions = self._status(name).get("conditions", [])
        one: dict[str, Any] = next((it for it in conditions if it["type"] == "Delivered"), {})
        return f"{one.get('status')} {one.get('reason')}: {one.get('message')}"

    def pods_status(self, name: str) -> str:
        """Give what a session says of its pods."""
        return " ".join(f"{key}={value}" for key, value in self._status(name).get("pods", {}).items())

    def _status(self, name: str) -> dict[str, Any]:
        status: dict[str, Any] = self._commands.get(sessions.KIND, name, WHERE)["status"]
        return status

    def _standings(self) -> dict[str, sessions.Standing]:
        return sessions.standings(self._commands, NAMESPACE)

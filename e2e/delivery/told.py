"""When the API server tells of a new token on a Secret or a pod: a watch on this machine, whose clock is that of the node."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

from realtime_operator.api.group import ANNOTATION_TOKEN_ID

if TYPE_CHECKING:
    from types import TracebackType

    from e2e.commands import Commands

ESCAPED = ANNOTATION_TOKEN_ID.replace(".", "\\.")
LINE = f'jsonpath={{.metadata.name}} {{.metadata.annotations.{ESCAPED}}}{{"\\n"}}'
FIELDS = 2


class Told(NamedTuple):
    """An object carries this token id since this moment, in seconds since the epoch."""

    at: float
    name: str
    token_id: str


class Watching:
    """Follows the annotation with the token's id on all objects of a kind, between entering and leaving.

    What is told is a few milliseconds younger than the write that it tells of. The token itself never comes here.
    """

    def __init__(self, commands: Commands, kind: str, namespace: str, selector: str) -> None:
        """Say which: a kind, a namespace and a label selector."""
        self._commands = commands
        self._arguments = (
            "get",
            kind,
            f"--namespace={namespace}",
            f"--selector={selector}",
            "--watch",
            "-o",
            LINE,
        )
        self._first: dict[tuple[str, str], float] = {}
        self._ending = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def told(self) -> list[Told]:
        """Give what was told so far, each object and token once, in order."""
        return sorted(Told(at, *key) for key, at in list(self._first.items()))

    def first(self, name: str, token_id: str) -> float | None:
        """Give when this object was first told to carry this token; None: not yet."""
        return self._first.get((name, token_id))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._ending.set()
        if self._process is not None:
            self._process.kill()
        self._thread.join()

    def _follow(self) -> None:
        """Read lines; the server ends a watch now and then, and the next begins with a list of what there is."""
        while not self._ending.is_set():
            self._process = process = self._commands.follow(*self._arguments)
            with process:
                if self._ending.is_set():
                    process.kill()
                for line in process.stdout or ():
                    self._take(time.time(), line.split())
            self._ending.wait(0.2)

    def _take(self, at: float, fields: list[str]) -> None:
        if len(fields) == FIELDS:
            self._first.setdefault((fields[0], fields[1]), at)

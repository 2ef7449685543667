"""How the demo is ended from outside: by Ctrl-C, SIGTERM (which the death of make sends, too) or a closed terminal."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Handles the signals in its block. The first one counts; later ones do not disturb the clearing up.

    While things are started it raises KeyboardInterrupt, which unwinds; inside `instead` it calls a function; after
    that it does nothing.

    Attributes:
        came: the name of the signal, None while there was none.
    """

    def __init__(self) -> None:
        self.came: str | None = None
        self._act: Callable[[], None] = _unwind

    def __enter__(self) -> Self:
        self._handlers = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def instead(self, act: Callable[[], None]) -> Iterator[None]:
        """Call `act` for a signal that comes within the block; ignore what comes after it."""
        self._act = act
        try:
            yield
        finally:
            self._act = _nothing

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.came is None and self._act is not _nothing:
            self.came = signal.Signals(number).name
            self._act()


def _unwind() -> None:
    raise KeyboardInterrupt


def _nothing() -> None:
    """Do nothing: it is ending already."""

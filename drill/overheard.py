"""What a program prints, kept while it is printed."""

from __future__ import annotations

import io
from typing import TextIO


class Overheard(io.TextIOBase):
    """Hands on what is written to it, and keeps it.

    Args:
        to: the stream that gets it.
    """

    def __init__(self, to: TextIO) -> None:
        self._to, self._said = to, io.StringIO()

    def write(self, text: str) -> int:
        """Keep it, and hand it on."""
        self._said.write(text)
        return self._to.write(text)

    def flush(self) -> None:
        """Have it shown."""
        self._to.flush()

    def isatty(self) -> bool:
        """Tell whether people read it as it comes."""
        return self._to.isatty()

    def said(self) -> str:
        """Give all that was written."""
        return self._said.getvalue()

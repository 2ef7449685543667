"""What the stand-in remembers: every token handed out, by hash, and on request the requests themselves."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Self

from demo.provider.answers import COMPACT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

LEDGER_IN_MEMORY = 500_000  # mints; about 0.4 kB each, half an hour of 250 a second


class Mint(NamedTuple):
    """One token as it was made, without the token.

    Attributes:
        token_sha256: full hex digest of the token's UTF-8 bytes.
        issued_at: seconds since the epoch on the stand-in's clock.
        expires_at: whole seconds since the epoch on the stand-in's clock.
        endpoint: the endpoint's name.
        lifetime: seconds given, which is what was asked unless it was overridden.
        model: as named in the request, None where it named none.
        request_id: the answer's `x-request-id`.
        key_fingerprint: first 12 hex digits of the SHA-256 of the provider key that was used.
    """

    token_sha256: str
    issued_at: float
    expires_at: int
    endpoint: str
    lifetime: int
    model: str | None
    request_id: str
    key_fingerprint: str


def hash_of(token: str) -> str:
    """Give the ledger's key of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Ledger:
    """Mints in the order of their answers, in memory and, when a file is named, as JSON Lines in it.

    A line is complete in the file before the first byte of its answer is sent: who holds a token finds it.
    """

    def __init__(self, file: Path | None = None, *, capacity: int = LEDGER_IN_MEMORY) -> None:
        self._lines: deque[bytes] = deque(maxlen=capacity)
        self._file = file.open("ab", buffering=0) if file else None
        self.last = 0

    def append(self, mint: Mint, answered_at: float | None) -> int:
        """Enter a mint and give its number, from 1; `answered_at` is None when the answer is withheld."""
        self.last += 1
        entry = {"n": self.last, **mint._asdict(), "answered_at": answered_at}
        line = COMPACT(entry).encode()
        self._lines.append(line)
        if self._file:
            self._file.write(line + b"\n")
        return self.last

    def page(self, after: int, limit: int) -> bytes:
        """Give as JSON `{"mints": [...], "last": N, "forgotten": N}` the mints with a number above `after`.

        `last` is the ledger's highest number; `forgotten` counts mints above `after` that left the memory.
        """
        first = self.last - len(self._lines) + 1
        start = max(after + 1, first)
        stop = min(start + limit, self.last + 1)
        lines = [self._lines[number - first] for number in range(start, stop)]
        tail = json.dumps({"last": self.last, "forgotten": max(0, first - after - 1)})[1:]
        return b'{"mints":[' + b",".join(lines) + b"]," + tail.encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if any."""
        if self._file:
            self._file.close()


UNRECORDED_HEADERS = frozenset({"authorization", "api-key"})


class Requests:
    """The latest requests as they arrived, with null and absent told apart; nothing by default."""

    def __init__(self, capacity: int) -> None:
        self._kept: deque[dict[str, object]] = deque(maxlen=capacity)
        self._last = 0

    def resize(self, capacity: int) -> None:
        """Keep another number of requests, the latest first."""
        self._kept = deque(self._kept, maxlen=capacity)

    def append(self, record: Mapping[str, object]) -> dict[str, object]:
        """Keep a request under the next number; the caller may complete what it gets back."""
        self._last += 1
        kept = {"n": self._last, **record}
        self._kept.append(kept)
        return kept

    def after(self, number: int) -> list[dict[str, object]]:
        """Give the requests above a number."""
        return [record for record in list(self._kept) if isinstance(at := record["n"], int) and at > number]

"""A program that uses the token of a RealtimeSession from a file: `python consumer.py --file /var/run/realtime/realtime.json`.

What matters here is `TokenFile`, to be copied: read the one document each time a conversation begins, never keep a token
from before. The kubelet swaps all entries of a mounted Secret at once, so token and expiry always belong together.
A conversation that has begun goes on when its token expires; only the next one needs the next token.

The rest watches the file, for a test: it reads every 50 ms and writes what it saw as JSON lines, never the token itself.
It needs nothing but Python 3.11 or later.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Token:
    """What a conversation is begun with.

    Attributes:
        value: goes into `Authorization: Bearer …`, and nowhere else.
        expires_at: from then on no conversation can be begun with it.
        base_url: of the API, as in https://api.openai.com/v1; the conversation is at `{base_url}/realtime`.
        model: for the query `?model=…`.
    """

    value: str = field(repr=False)
    expires_at: dt.datetime
    base_url: str
    model: str

    @property
    def token_id(self) -> str:
        """Tells tokens apart where they may be seen; the same as `status.tokenID` of the session."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:12]

    def seconds_left(self) -> float:
        """How long it still works, by this machine's clock; negative once it has expired."""
        return (self.expires_at - dt.datetime.now(dt.UTC)).total_seconds()


class TokenFile:
    """The mounted `realtime.json` of a session's Secret."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Token:
        """Read the token that is there now.

        Raises:
            OSError: the Secret is not mounted (yet).
            KeyError, ValueError: the file is not what the operator writes.
        """
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            # The folder was swapped while the path was looked up in the old one.
            text = self._path.read_text()
        document = json.loads(text)
        return Token(
            value=document["token"],
            expires_at=dt.datetime.fromisoformat(document["expires-at"]),
            base_url=document["base-url"],
            model=document["model"],
        )


@dataclass
class Watch:
    """Counts what reading the file gave."""

    file: TokenFile
    reads: int = 0
    expired_reads: int = 0
    failed_reads: int = 0
    tokens: int = 0
    token_id: str = ""

    def look(self) -> None:
        """Read once, and tell of a token that was not there before."""
        self.reads += 1
        try:
            token = self.file.read()
        except (OSError, KeyError, ValueError) as error:
            self.failed_reads += 1
            self.tell("failed", error=type(error).__name__)
            return
        left = token.seconds_left()
        if left <= 0:
            self.expired_reads += 1
        if token.token_id != self.token_id:
            self.token_id = token.token_id
            self.tokens += 1
            expires_at = token.expires_at.isoformat()
            self.tell("token", token_id=token.token_id, expires_at=expires_at, seconds_left=round(left, 1))

    def tell(self, event: str, **more: object) -> None:
        """Write a line with all counts."""
        counts = {
            "reads": self.reads,
            "expired_reads": self.expired_reads,
            "failed_reads": self.failed_reads,
            "tokens": self.tokens,
        }
        print(json.dumps({"event": event, **more, **counts}), flush=True)


def main() -> int:
    """Watch until SIGTERM."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, default=Path("/var/run/realtime/realtime.json"))
    parser.add_argument("--every", type=float, default=0.05, metavar="SECONDS", help="between two reads")
    parser.add_argument(
        "--tell-every", type=float, default=5.0, metavar="SECONDS", help="between lines of counts"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    watch, next_line = Watch(TokenFile(arguments.file)), 0.0
    while True:
        watch.look()
        if time.monotonic() >= next_line:
            watch.tell("counts")
            next_line = time.monotonic() + arguments.tell_every
        time.sleep(arguments.every)


if __name__ == "__main__":
    sys.exit(main())

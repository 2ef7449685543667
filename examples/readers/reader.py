"""The token to begin a conversation with, from a mounted Secret: `python reader.py /var/run/realtime/realtime.json`."""

import hashlib
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path


def current(path: str, patience: float = 5.0) -> dict[str, str]:
    """Read anew each time: the kubelet swaps the whole folder, so a file kept open, or a token kept, is the old one.

    Waits for the next token where this one has no second left, or the swap has just happened. `previous-token` is for
    whoever must recognise it, never to begin with.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            document: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))
            if (datetime.fromisoformat(document["expires-at"]) - datetime.now(UTC)).total_seconds() > 1:
                return document
        except FileNotFoundError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"no living token in {path} for {patience:g} s")
        time.sleep(0.05)


if __name__ == "__main__":
    said = ""
    while True:
        # Here your program would begin a conversation with document["base-url"], ["model"] and ["token"].
        document = current(sys.argv[1])
        if document["token"] != said:
            said = document["token"]
            print(hashlib.sha256(said.encode()).hexdigest()[:12], document["expires-at"], flush=True)
        time.sleep(0.01)

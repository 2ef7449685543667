"""Puts a mounted token into a file of environment variables, and has a program that reads them only at its start start anew.

Runs as a native sidecar (an init container that stays) beside the container that supervise.sh runs in. Both share the
pod's process namespace and user, so that this one may send the other a SIGHUP.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

VARIABLES = {
    "OPENAI_REALTIME_TOKEN": "token",
    "OPENAI_REALTIME_EXPIRES_AT": "expires-at",
    "OPENAI_BASE_URL": "base-url",
    "OPENAI_REALTIME_MODEL": "model",
}
"""What the program calls them, and what they are called in realtime.json."""


def environment_in(document: Path) -> str:
    """Give the lines for a shell to read; the one document is never torn.

    Raises:
        FileNotFoundError: the Secret is being swapped.
    """
    read = json.loads(document.read_text())
    return "".join(f"export {name}={shlex.quote(read[entry])}\n" for name, entry in VARIABLES.items())


def replace(file: Path, text: str) -> None:
    """Write a file that only this pod's user can read, whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(file)


def supervisors(script: str) -> list[int]:
    """Find the processes in this pod that a shell runs this script in."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if command[1:2] == [script.encode()]:
            found.append(int(process.name))
    return found


def main() -> int:
    """Watch until SIGTERM."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, default=Path("/var/run/realtime/realtime.json"))
    parser.add_argument("--environment", type=Path, default=Path("/supervised/environment"))
    parser.add_argument(
        "--supervisor", default="/supervisor/supervise.sh", help="as it is in the container's command"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Whoever is started again beside a program that runs has told it of this token already.
    written = arguments.environment.read_text() if arguments.environment.exists() else ""
    while True:
        try:
            if (text := environment_in(arguments.file)) != written:
                replace(arguments.environment, text)
                for process in supervisors(arguments.supervisor):
                    os.kill(process, signal.SIGHUP)
                print(
                    f"a new token, good until {json.loads(arguments.file.read_text())['expires-at']}",
                    flush=True,
                )
                written = text
        except (FileNotFoundError, ProcessLookupError):
            pass  # looked at again in a moment
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())

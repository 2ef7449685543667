"""The witness: the observer in a process of its own, ``python -m bench.witness``. It alone says what sessions suffered.

Prints a line of JSON when it watches and twice a second from then on; on SIGTERM it writes what it saw to a file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from hack.controlplane import end_with_parent
from observer import KubeconfigError, LedgerFile, LedgerUnreadableError, Observer, ObserverNotReadyError

PERIOD_S: Final = 0.5
EXIT_UNABLE: Final = 2


def main() -> int:
    """Watch until SIGTERM; 2 if that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m bench.witness", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--ledger", type=Path, required=True, help="file that the stand-in provider writes")
    parser.add_argument("--out", type=Path, required=True, help="file for what was seen")
    options = parser.parse_args()
    end_with_parent()
    try:
        asyncio.run(_watch(options))
    except (KubeconfigError, LedgerUnreadableError, ObserverNotReadyError) as error:
        print(f"witness: {error}", file=sys.stderr)
        return EXIT_UNABLE
    return 0


async def _watch(options: argparse.Namespace) -> None:
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    observer = Observer(
        kubeconfig=options.kubeconfig, namespaces=[options.namespace], ledger=LedgerFile(options.ledger)
    )
    async with observer:
        began_at = time.time()
        while not end.is_set():
            _tell(observer)
            try:
                async with asyncio.timeout(PERIOD_S):
                    await end.wait()
            except TimeoutError:
                continue
    evidence = {
        "began_at": began_at,
        "figures": observer.figures().as_dict(),
        "findings": observer.findings(),
        "lateness_quantiles": [(share, round(late, 3)) for share, late in observer.lateness_quantiles()],
        "first_tokens": {row.name: row.first_token_at for row in observer.rows() if row.first_token_at},
    }
    options.out.write_text(json.dumps(evidence))


def _tell(observer: Observer) -> None:
    ready = sum(row.first_token_at is not None for row in observer.rows())
    now = {"at": round(time.time(), 2), "ready": ready, "trouble": observer.trouble()}
    line: dict[str, Any] = observer.figures().as_dict() | now
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())

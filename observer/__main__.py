"""The observer as a process: figures on stdout as one line of JSON when it ends, progress on stderr."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from observer.kubeconfig import KubeconfigError
from observer.ledger import Ledger, LedgerFile, LedgerHttp, LedgerUnreadableError
from observer.observe import Observer, ObserverNotReadyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from observer.figures import Figures

EXIT_UNABLE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Observe until SIGTERM, Ctrl-C or ``--seconds``; 0 whatever was found, 2 if it could not observe."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_observe(options))
    except (KubeconfigError, LedgerUnreadableError, ObserverNotReadyError) as error:
        print(f"observer: {error}", file=sys.stderr)
        return EXIT_UNABLE


async def _observe(options: argparse.Namespace) -> int:
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    observer = Observer(
        kubeconfig=options.kubeconfig,
        namespaces=options.namespace,
        ledger=_ledger(options.ledger),
        clock_offset=options.provider_clock_offset,
    )
    async with observer:
        progress = asyncio.create_task(_progress(observer, options.progress, as_json=options.json))
        try:
            async with asyncio.timeout(options.seconds):
                await end.wait()
        except TimeoutError:
            pass
        finally:
            progress.cancel()
    for finding in observer.findings():
        print(f"observer: {finding}", file=sys.stderr)
    print(json.dumps(observer.figures().as_dict()), flush=True)
    return 0


async def _progress(observer: Observer, period: float, *, as_json: bool) -> None:
    print("observer: watching", file=sys.stderr, flush=True)
    while True:
        await asyncio.sleep(period)
        figures = observer.figures()
        line = json.dumps(figures.as_dict()) if as_json else _line(figures, observer.trouble())
        print(line, file=sys.stderr, flush=True)


def _line(figures: Figures, trouble: str | None) -> str:
    parts = (
        f"{figures.sessions} sessions, {figures.rotations} rotations",
        f"expired {figures.expired_seconds:.3f} s, missing {figures.missing_seconds:.3f} s",
        f"undue {figures.undue_mints}, orphan {figures.orphan_mints}, torn {figures.torn}",
    )
    return "observer: " + "; ".join(parts) + (f"; watch: {trouble}" if trouble else "")


def _ledger(source: str | None) -> Ledger | None:
    if source is None:
        return None
    is_url = source.startswith(("http://", "https://"))
    return LedgerHttp(source) if is_url else LedgerFile(Path(source))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m observer", description=__doc__)
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        default=os.environ.get("KUBECONFIG"),
        required="KUBECONFIG" not in os.environ,
        help="file with server and credentials; default: KUBECONFIG",
    )
    scope = parser.add_mutually_exclusive_group(required=True)
    scope.add_argument("--namespace", action="append", help="watch this one; may be repeated")
    scope.add_argument("--all-namespaces", action="store_true", help="watch the whole cluster")
    parser.add_argument("--ledger", help="file of JSON Lines, or URL of a stand-in provider")
    parser.add_argument(
        "--provider-clock-offset",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how far the provider's clock is ahead; a stand-in by URL tells itself",
    )
    parser.add_argument("--seconds", type=float, help="observe so long; default: until SIGTERM or Ctrl-C")
    parser.add_argument(
        "--progress", type=float, default=5.0, metavar="SECONDS", help="between lines on stderr"
    )
    parser.add_argument("--json", action="store_true", help="write the progress as JSON, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())

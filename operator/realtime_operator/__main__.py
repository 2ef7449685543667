"""Runs the operator: ``python -m realtime_operator``."""

from __future__ import annotations

import asyncio
import asyncio.sslproto
import gc
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pydantic import ValidationError
from pydantic_settings import CliApp, SettingsError

from realtime_operator.adapters.cluster_access import ClusterAccessInvalid
from realtime_operator.adapters.find_cluster import find_cluster
from realtime_operator.adapters.probe_server import CannotListen
from realtime_operator.adapters.telemetry import configure_logging
from realtime_operator.assembly import LAST_STATUS_S
from realtime_operator.deadline import exit_within
from realtime_operator.settings import LogFormat, Settings
from realtime_operator.unhurried import ENGINE_S, Hurry, unhurried_loop
from realtime_operator.wiring import Operator

_log = logging.getLogger("realtime_operator")

USAGE_ERROR = 2

LOOK_UPS: Final = 64
"""Names looked up at once: where a few hang, as they do for half a minute, others must still be found. Threads start when needed."""

CLOSING_S: Final = 1.0
"""For connections and threads, once there is nothing more to write."""

NESTED: Final = 30_000
"""How deeply calls may nest. The API server takes objects of 10,000 levels, and one that cannot be read keeps the watch, which reads all,
from reading any. (CPython 3.12 has a limit of its own, of some 1,500 levels, that nothing moves.)"""

STACK_BYTES: Final = 16 * 2**20
"""Of a thread: four times what it took to read and write 10,000 levels. Only what is used takes memory."""

COLLECT_AFTER: Final = 20_000
"""Objects made and not freed until cycles are looked for: some megabytes at most."""


READ_AT_ONCE: Final = 16 * 2**10
"""Bytes of TLS. Python keeps a buffer for each connection, of 256 KiB unless told otherwise: 50 MiB for the 64 connections to the
API server and the 128 to a provider that a burst opens."""


def main() -> None:
    """Read the settings, run until SIGTERM or Ctrl-C, exit 0; 2 where settings or credentials cannot be used."""
    try:
        settings = CliApp.run(Settings)
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"realtime-operator: {_said(error)}\n")
        sys.exit(USAGE_ERROR)
    configure_logging(
        level=getattr(logging, settings.log_level.upper()), plain=settings.log_format is LogFormat.PLAIN
    )
    try:
        access = find_cluster(os.environ)
    except ClusterAccessInvalid as error:
        _log.error("no access to a cluster: %s", error)
        sys.exit(USAGE_ERROR)

    hurry = Hurry()
    loop = unhurried_loop(ENGINE_S, hurry)

    async def until_stopped() -> None:
        instance = os.environ.get("POD_NAME", f"pid-{os.getpid()}")
        operator = Operator(settings, access, instance=instance, hurry=hurry)
        stop = asyncio.Event()

        def end() -> None:
            stop.set()
            exit_within(settings.grace_seconds + LAST_STATUS_S + CLOSING_S)

        loop.set_default_executor(ThreadPoolExecutor(LOOK_UPS, thread_name_prefix="look-up"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        try:
            await operator.run(stop)
        except BaseException:
            exit_within(CLOSING_S, code=1)  # the same threads may hang
            raise
        exit_within(CLOSING_S)

    _collect_seldom()
    read_sparingly()
    _read_deeply()
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(until_stopped())
    except CannotListen as error:
        _log.error("%s", error)
        sys.exit(USAGE_ERROR)
    except Exception:  # noqa: BLE001 - the last place where it can be told without its text
        _log.exception("ended by an error of its own")
        sys.exit(1)


def _collect_seldom() -> None:
    """What lives by now lives for ever; and a tick allocates as much as would start the collector twenty times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def read_sparingly() -> None:
    """Let connections that are made from now on keep small buffers."""
    asyncio.sslproto.SSLProtocol.max_size = READ_AT_ONCE


def _read_deeply() -> None:
    """Nobody can be kept from nesting an object deeply, and nobody else is to suffer from it."""
    sys.setrecursionlimit(NESTED)
    threading.stack_size(STACK_BYTES)


def _said(error: ValidationError | SettingsError) -> str:
    if isinstance(error, SettingsError):
        return str(error)
    problems = (
        f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False)
    )
    return "; ".join(problems) + " (see --help)"


if __name__ == "__main__":
    main()

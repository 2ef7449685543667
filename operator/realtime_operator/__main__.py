"""Runs the operator: ``python -m realtime_operator``."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from functools import partial
from typing import Final

from pydantic import ValidationError
from pydantic_settings import CliApp, SettingsError

from realtime_operator.adapters.cluster_access import ClusterAccessInvalid
from realtime_operator.adapters.find_cluster import find_cluster
from realtime_operator.adapters.probe_server import CannotListen
from realtime_operator.adapters.telemetry import configure_logging
from realtime_operator.settings import LogFormat, Settings
from realtime_operator.unhurried import ENGINE_S, unhurried_loop
from realtime_operator.wiring import Operator

_log = logging.getLogger("realtime_operator")

USAGE_ERROR = 2

COLLECT_AFTER: Final = 20_000
"""Objects made and not freed until cycles are looked for: some megabytes at most."""


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

    async def until_stopped() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        instance = os.environ.get("POD_NAME", f"pid-{os.getpid()}")
        await Operator(settings, access, instance=instance).run(stop)

    _collect_seldom()
    try:
        with asyncio.Runner(loop_factory=partial(unhurried_loop, ENGINE_S)) as runner:
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


def _said(error: ValidationError | SettingsError) -> str:
    if isinstance(error, SettingsError):
        return str(error)
    problems = (
        f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False)
    )
    return "; ".join(problems) + " (see --help)"


if __name__ == "__main__":
    main()

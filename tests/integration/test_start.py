"""The program hears SIGTERM from its first moment on."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from hack.controlplane import end, spawn
from tests.support.operator import DEADLINE, wait_for

if TYPE_CHECKING:
    from pathlib import Path

SLOW = "import pathlib, time\npathlib.Path(__file__).with_name('importing').touch()\ntime.sleep(60)\n"
START = "from realtime_operator.start import main; main()"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_imports_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """While a library is still being imported: exit code 0, as later, and not the death by a signal that process 1 cannot die."""
    (tmp_path / "kopf.py").write_text(SLOW)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    process = spawn([sys.executable, "-c", START], log_file=tmp_path / "log", env=environment)
    try:
        wait_for((tmp_path / "importing").exists, "the import has begun")
        process.send_signal(number)
        assert process.wait(DEADLINE) == 0
    finally:
        end(process, grace_seconds=0)

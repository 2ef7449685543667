"""The end of a process that nothing can put off."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

CHATTING = """
import logging, sys, threading, time
from realtime_operator.deadline import exit_within

logging.basicConfig(stream=sys.stderr)
exit_within(0.5, code=3)

def chat():
    while True:
        logging.warning("x" * 4000)

if "chat" in sys.argv:
    threading.Thread(target=chat, daemon=True).start()
time.sleep(30)
"""


@pytest.mark.parametrize("what", ["is silent", "chat"])
def test_a_process_ends_at_its_deadline(what: str) -> None:
    """Also where another thread hangs in the log, because nobody reads it and its pipe is full."""
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", CHATTING, what], stderr=subprocess.PIPE) as process:
        try:
            code = process.wait(timeout=20)
        finally:
            process.kill()
    assert code == 3
    assert time.monotonic() - began < 15

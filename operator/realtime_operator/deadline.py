"""The end of the process that nothing can put off.

Python waits for its threads, and a look-up of a name that hangs in one of them cannot be cancelled; the kubelet would end the pod by
SIGKILL in the end, and Ctrl-C would seem to do nothing.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

_log = logging.getLogger(__name__)

TELLING_S = 0.5
"""How long it may take to say so: where nobody reads the log any more, and its pipe is full, saying anything hangs, too."""


def exit_within(seconds: float, *, code: int = 0) -> None:
    """End this process with ``code`` after ``seconds``, unless it has ended by then; of several deadlines the first one counts."""
    for timer in (
        threading.Timer(seconds, _exit_now, (seconds, code)),
        threading.Timer(seconds + TELLING_S, os._exit, (code,)),
    ):
        timer.daemon = True  # it is not waited for itself
        timer.start()


def _exit_now(seconds: float, code: int) -> None:
    _log.warning("not at its end after %g s; what is left is not waited for", seconds)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)

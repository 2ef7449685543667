"""Finds a port for a server that takes a number and cannot be handed an open socket."""

from __future__ import annotations

import contextlib
import random
import socket

PORTS = range(20_000, 32_000)  # below those that the system hands out to outgoing connections


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on."""
    while True:
        port = random.choice(PORTS)  # noqa: S311 - no secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port

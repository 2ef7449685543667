"""What the engine's state means to probes and metrics."""

from __future__ import annotations

from collections.abc import Iterator

from realtime_operator.adapters.probe_server import Check
from realtime_operator.adapters.prometheus import SessionSample
from realtime_operator.engine.table import Table

STALE_AFTER_S = 30.0
"""A tick that is this late means that the loop is stuck, and a restart is the only help."""


def ticking(*, now: float, last_tick: float, leading: bool) -> Check:
    """Whether work is looked for; a replica that does not lead has none."""
    late = now - last_tick
    return Check("ticks", late < STALE_AFTER_S or not leading, f"the last tick was {late:.0f} s ago")


def samples(table: Table, now: float) -> Iterator[SessionSample]:
    """One sample for each session that lives, made from the table, so that a deleted one leaves nothing behind."""
    for entry in table:
        memory = entry.memory
        known = memory.expires_at > 0
        conditions = memory.status.get("conditions") or ()
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        yield SessionSample(
            namespace=memory.ref.namespace or "",
            name=memory.ref.name,
            expiration_timestamp=memory.expires_at if known else None,
            rotation_timestamp=memory.rotation_at if known else None,
            ready=ready and memory.expires_at > now,
        )

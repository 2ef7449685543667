"""What the engine's state means to probes and metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from realtime_operator.adapters.probe_server import Check
from realtime_operator.adapters.prometheus import SessionSample
from realtime_operator.adapters.provider_metrics import ProviderSample
from realtime_operator.api.conditions import is_shown_ready
from realtime_operator.core.capacity import Shares
from realtime_operator.engine.lanes import ProviderKey
from realtime_operator.engine.provider_entry import ProviderEntry
from realtime_operator.engine.table import Table

STALE_AFTER_S = 30.0
"""A tick that is this late means that the loop is stuck, and a restart is the only help."""


def ticking(*, now: float, last_tick: float, leading: bool) -> Check:
    """Whether work is looked for; a replica that does not lead has none."""
    late = now - last_tick
    return Check("ticks", late < STALE_AFTER_S or not leading, f"the last tick was {late:.0f} s ago")


def access(is_watching: bool, trouble: str | None) -> list[Check]:  # noqa: FBT001 - named at its one call
    """Whether our kinds are watched, and may be read at all."""
    return [
        Check("watch", is_watching, "not watching the API server"),
        Check("access", trouble is None, f"cannot read what is to be served: {trouble}"),
    ]


def samples(table: Table, now: float) -> Iterator[SessionSample]:
    """One sample for each session that lives, made from the table, so that a deleted one leaves nothing behind."""
    for entry in table:
        memory = entry.memory
        known = memory.expires_at > 0
        ready = is_shown_ready(memory.status)
        yield SessionSample(
            namespace=memory.ref.namespace or "",
            name=memory.ref.name,
            expiration_timestamp=memory.expires_at if known else None,
            rotation_timestamp=memory.rotation_at if known else None,
            ready=ready and memory.expires_at > now,
        )


def provider_samples(
    entries: Iterable[ProviderEntry], shares: Mapping[ProviderKey, Shares], now: float
) -> Iterator[ProviderSample]:
    """One sample for each provider that is known, with what its sessions need of it."""
    for entry in entries:
        standing = entry.standing
        needed = shares.get((entry.ref.kind, entry.ref.namespace or "", entry.ref.name))
        yield ProviderSample(
            kind=entry.ref.kind,
            namespace=entry.ref.namespace or "",
            name=entry.ref.name,
            ready=entry.trouble is None and standing.down is None,
            down=standing.down is not None,
            throttled=standing.paused_until > now,
            requests_per_minute=standing.per_minute,
            clock_offset=standing.clock_offset,
            clock_uncertainty=standing.clock.uncertainty if standing.clock.seen_at is not None else None,
            needed_per_minute=needed.needed_per_minute if needed is not None else None,
            rate_share=needed.rate if needed is not None else None,
            places_share=needed.places if needed is not None else None,
        )

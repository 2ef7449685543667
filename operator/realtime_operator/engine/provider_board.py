"""Shows how it stands with the providers: their status, with few writes, and an event where one falls or is back."""

from __future__ import annotations

from collections.abc import Callable

from realtime_operator.core.provider_report import pause_before, provider_status
from realtime_operator.core.report import changed_fields, news
from realtime_operator.engine.provider_entry import ProviderEntry
from realtime_operator.ports import Clock, Notice, ObjectStore


class ProviderBoard:
    """Writes the statuses of providers."""

    def __init__(self, clock: Clock, objects: ObjectStore, announce: Callable[[Notice], None]) -> None:
        self._clock = clock
        self._objects = objects
        self._announce = announce

    async def show(self, entry: ProviderEntry) -> None:
        """Write what changed of a provider's status, unless it was written just now.

        Raises:
            ClusterError: it could not be written.
        """
        now = self._clock.now()
        status = provider_status(
            generation=entry.generation,
            trouble=entry.trouble,
            standing=entry.standing,
            before=entry.status,
            now=now,
        )
        changes = changed_fields(entry.status, status)
        if not changes or now - entry.shown_at < pause_before(entry.status, status):
            return
        entry.shown_at = now
        await self._objects.patch_status(entry.ref, changes)
        was_in_trouble = any(c["status"] == "False" for c in entry.status.get("conditions") or ())
        for warning, reason, message in news(entry.status, status):
            if warning or was_in_trouble:  # that a new provider is ready is no news
                self._announce(Notice(entry.ref, warning, reason, message))
        entry.status = status

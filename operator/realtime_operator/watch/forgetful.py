"""What kopf keeps of each object, which is nothing: a handler that only hands events on needs no memo, no daemon, no throttle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory

if TYPE_CHECKING:
    from kopf._cogs.structs.bodies import RawBody
    from kopf._cogs.structs.ephemera import AnyMemo


class Forgetful(ResourceMemories):
    """Makes a memory for each event and keeps none: over 2 KB an object otherwise."""

    async def recall(
        self,
        raw_body: RawBody,
        *,
        memobase: AnyMemo | None = None,
        noticed_by_listing: bool = False,
        ephemeral: bool = False,  # noqa: ARG002 - asked for by kopf where an object may never exist
    ) -> ResourceMemory:
        """A new memory."""
        return await super().recall(
            raw_body, memobase=memobase, noticed_by_listing=noticed_by_listing, ephemeral=True
        )

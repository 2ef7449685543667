"""Whether the API server lets us read what we are to serve: without it the process is of no use, and should not count as available."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence

from realtime_operator.core.errors import ClusterError, ClusterForbidden
from realtime_operator.ports import Clock, ObjectStore

WELL_FOR_S = 60.0
"""How long what was found out is believed; a right that is taken away later is noticed so late at most."""


class Reach:
    """Asks for one object of each kind, and for whatever else is needed, again and again.

    An API server that was reached once and is away is no trouble of ours: tokens are rotated as soon as it is back, and no other replica
    could do better meanwhile.

    Attributes:
        trouble: why the kinds cannot be read, or None.
    """

    def __init__(
        self, clock: Clock, objects: ObjectStore, kinds: Sequence[str], *others: Callable[[], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._objects = objects
        self._kinds = kinds
        self._others = others
        self._look_at = -math.inf
        self.trouble: str | None = "not asked yet"

    async def look(self) -> None:
        """Find out, unless it was found out lately."""
        now = self._clock.now()
        if now < self._look_at:
            return
        try:
            for kind in self._kinds:
                await self._objects.can_list(kind)
            for ask in self._others:
                await ask()
        except ClusterForbidden as error:
            self.trouble = str(error)
        except ClusterError as error:
            if self.trouble is not None:
                self.trouble = str(error)
        else:
            self.trouble, self._look_at = None, now + WELL_FOR_S

"""A look at a session at rest: whether its Secret still is the version known. All else that a pass finds out is known to be as it was."""

from __future__ import annotations

from collections.abc import Callable

from realtime_operator.core.errors import ClusterError
from realtime_operator.core.rest import is_at_rest
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.pass_report import next_wake_up
from realtime_operator.ports import Clock, ProviderDirectory, SecretStore
from realtime_operator.secret_writer import is_believed


class Glancer:
    """Seven looks come between two rotations of a token of ten minutes, and a whole pass costs five times as much as this."""

    def __init__(
        self,
        *,
        clock: Clock,
        providers: ProviderDirectory,
        secrets: SecretStore,
        word_on: Callable[[SessionMemory], bool | None] = lambda _: None,
    ) -> None:
        """Begin with nothing.

        Args:
            clock: local time.
            providers: where a session's provider is found.
            secrets: where its token is.
            word_on: whether a session's Secret is the version in memory, where that is known without a look; else None.
        """
        self._clock = clock
        self._word_on = word_on
        self._providers = providers
        self._secrets = secrets

    async def glance(self, memory: SessionMemory, *, horizon: float) -> float | None:
        """Look at one session; gives the local time of the next look, or None where it needs a pass.

        Args:
            memory: of the session.
            horizon: rotations due by this local time need a pass now.
        """
        now, rest, wanted = self._clock.now(), memory.rest, memory.wanted
        if rest is None or not is_at_rest(memory, horizon=max(now, horizon)):
            return None
        if not self._providers.gives(memory, rest.view):
            return None
        if not is_believed(memory, self._word_on(memory), now=now):
            try:
                stamp = await self._secrets.look(memory.ref.namespace or "", wanted.secret_name)
            except ClusterError:
                return None  # the pass will find the same, and say so
            if stamp != memory.stamp or memory.rest is not rest or memory.wanted is not wanted:
                return None
            memory.checked_at = now
        return next_wake_up(memory, wanted, now=self._clock.now())

"""What tells of Secrets in memory, obeying ``realtime_operator.secret_watch_ports``; tests/contracts proves it."""

from __future__ import annotations

import asyncio
from typing import Any

from realtime_operator.api.group import LABEL_MANAGED_BY, MANAGED_BY
from realtime_operator.core.errors import ClusterError
from realtime_operator.core.secret_view import stamp_of
from realtime_operator.secret_watch_ports import SecretName, SecretsHeard
from sim.secrets import InMemorySecrets, unavailable


class InMemorySecretFeed:
    """Tells at once of what is done to the Secrets in memory.

    Attributes:
        lists: how often they were listed.
        trouble: raised instead of a list until it is None again.
    """

    def __init__(self, secrets: InMemorySecrets) -> None:
        self._secrets = secrets
        self._listening: list[tuple[str | None, SecretsHeard]] = []
        self._broken = asyncio.Event()
        self.lists = 0
        self.trouble: ClusterError | None = None
        secrets.told.append(self._told)
        secrets.forgotten.append(self._gone)

    async def follow(self, namespace: str | None, heard: SecretsHeard) -> None:
        """See ``secret_watch_ports.SecretFeed``."""
        if self.trouble is not None:
            raise self.trouble.with_traceback(None)
        self.lists += 1
        there = [name for name, document in self._secrets.stored.items() if _is_labelled(document)]
        heard.listed(
            {name: stamp_of(self._secrets.stored[name]) for name in there if namespace in {None, name[0]}}
        )
        listener = (namespace, heard)
        self._listening.append(listener)
        try:
            await self._broken.wait()
        finally:
            self._listening.remove(listener)
        raise unavailable()

    def break_off(self) -> None:
        """End what is followed now."""
        self._broken.set()
        self._broken = asyncio.Event()

    def _told(self, document: dict[str, Any]) -> None:
        metadata = document["metadata"]
        stamp = stamp_of(document) if _is_labelled(document) else None
        self._tell((metadata["namespace"], metadata["name"]), stamp)

    def _gone(self, name: SecretName) -> None:
        self._tell(name, None)

    def _tell(self, name: SecretName, stamp: Any) -> None:
        for namespace, heard in self._listening:
            if namespace in {None, name[0]}:
                heard.changed(name, stamp)


def _is_labelled(document: dict[str, Any]) -> bool:
    return bool((document["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY) == MANAGED_BY)

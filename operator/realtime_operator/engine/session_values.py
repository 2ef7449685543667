"""Values of requests that come from Secrets: read by name, looked at again in the background, never listed or watched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from realtime_operator.api.group import LABEL_SESSION_VALUE
from realtime_operator.core.errors import ClusterError
from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.secret_values import missing_secret_of, read_value, with_values
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.table import Entry, Table
from realtime_operator.ports import Clock
from realtime_operator.reference_ports import KeyDocument, ReferenceStore

_log = logging.getLogger(__name__)

LOOK_AT_VALUES_S = 10.0
"""How old a Secret may be, as long as there are few: a value that was replaced is in use after this at the latest."""

LOOKS_AT_ONCE = 10
"""A hundred Secrets are looked at every 10 s with this many a second; more of them wait longer, and the API server hears no more of it."""

FORGOTTEN_AFTER_S = 180.0
"""A session has a pass every 60 s, so a Secret that none asked for in three of them is used no longer, and its values need not be kept."""

SecretName = tuple[str, str]
"""Namespace and name."""


@dataclass(slots=True)
class _Kept:
    document: KeyDocument | None
    read_at: float
    used_at: float


class SessionValues:
    """Fulfils ``reference_ports.ValueSource``."""

    def __init__(
        self, *, clock: Clock, references: ReferenceStore, table: Table, wake: Callable[[Entry], None]
    ) -> None:
        """Know no value yet.

        Args:
            clock: time.
            references: Secrets, by name.
            table: of sessions, to find those that use a Secret that changed.
            wake: has a session looked at now.
        """
        self._clock = clock
        self._references = references
        self._table = table
        self._wake = wake
        self._kept: dict[SecretName, _Kept] = {}  # in the order in which they were looked at
        self._reading: dict[SecretName, asyncio.Lock] = {}

    def __len__(self) -> int:
        """How many Secrets are kept in memory."""
        return len(self._kept)

    async def filled(self, memory: SessionMemory, template: MintTemplate) -> MintTemplate:
        """See ``reference_ports.ValueSource``."""
        namespace = memory.ref.namespace or ""
        values = {}
        for mark in template.marks:
            document = await self._document((namespace, mark.secret))
            if document is None:
                raise missing_secret_of(mark, namespace)
            values[mark.path] = read_value(mark, namespace, document.labels, document.data)
        return with_values(template, values)

    async def refresh(self) -> None:
        """Look at the Secrets that were not looked at for longest, and wake the sessions of those that changed."""
        due: list[SecretName] = []
        now = self._clock.now()
        for name, kept in list(self._kept.items()):
            if now - kept.read_at < LOOK_AT_VALUES_S or len(due) == LOOKS_AT_ONCE:
                break
            if now - kept.used_at > FORGOTTEN_AFTER_S:
                del self._kept[name]
            else:
                due.append(name)
        troubles = [trouble for trouble in await asyncio.gather(*map(self._look, due)) if trouble is not None]
        if troubles:
            _log.warning(
                "%d Secrets with values of sessions not looked at, the first: %s", len(troubles), troubles[0]
            )

    async def _document(self, name: SecretName) -> KeyDocument | None:
        kept = self._kept.get(name)
        if kept is None:
            try:
                async with self._reading.setdefault(name, asyncio.Lock()):
                    kept = self._kept.get(name) or await self._read(name)
            finally:
                self._reading.pop(name, None)  # who waits for it still holds it, and finds the answer
        kept.used_at = self._clock.now()
        return kept.document

    async def _read(self, name: SecretName) -> _Kept:
        document = await self._references.key_secret(*name)
        now = self._clock.now()
        self._kept[name] = kept = _Kept(document, now, now)
        return kept

    async def _look(self, name: SecretName) -> ClusterError | None:
        """Look at a Secret; one that cannot be read stays as it was known."""
        kept = self._kept.pop(name)
        self._kept[name], kept.read_at = kept, self._clock.now()  # now the last in order
        try:
            document = await self._references.key_secret(*name)
        except ClusterError as trouble:
            return trouble
        before, kept.document = kept.document, document
        if _said(before) != _said(document):
            self._tell(*name)
        return None

    def _tell(self, namespace: str, secret: str) -> None:
        """What the session asks for is another request now: what failed with the one before says nothing of it."""
        for entry in self._table:
            memory, template = entry.memory, entry.memory.wanted.template
            if (memory.ref.namespace or "") != namespace or not isinstance(template, MintTemplate):
                continue
            if any(mark.secret == secret for mark in template.marks):
                memory.failure = None
                memory.values_changed += 1
                self._wake(entry)


def _said(document: KeyDocument | None) -> tuple[object, ...] | None:
    """What of a Secret matters to a request: its owner's consent, and its values."""
    return (document.labels.get(LABEL_SESSION_VALUE), document.data) if document is not None else None

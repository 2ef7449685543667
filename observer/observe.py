"""The observer in a process: its connection, its two watches, its ledger, one account."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final, Self

import aiohttp

from observer.account import Account
from observer.content import secret_content, session_facts
from observer.kubeconfig import read_kubeconfig
from observer.mints import ORPHAN_GRACE_S
from observer.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path
    from types import TracebackType

    from observer.figures import Figures, SessionRow
    from observer.ledger import Ledger
    from observer.watch import Document, Listener

SECRETS: Final = ("/api/v1", "secrets", "app.kubernetes.io/managed-by=realtime-operator")
SESSIONS: Final = ("/apis/realtime-operator.io/v1alpha1", "realtimesessions", None)
LEDGER_PERIOD_S: Final = 0.5
READY_WITHIN_S: Final = 60.0


class ObserverNotReadyError(Exception):
    """The first lists did not come; the message says what the API answered last."""


class Observer:
    """Watches from entering the context until leaving it; afterwards its figures stand still.

    Args:
        kubeconfig: file with the server and the observer's own credentials (get, list, watch of both kinds).
        namespaces: those to watch, None for all.
        ledger: where mints are read, for the same sessions; None: expiry as the Secrets tell it, no orphans.
        clock_offset: seconds by which the provider's clock is ahead, unless the ledger tells.
        orphan_grace: seconds that a token may take from its mint to its Secret.
        ready_within: seconds that the first lists may take.
        clock: the observer's clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        kubeconfig: Path,
        namespaces: Sequence[str] | None = None,
        ledger: Ledger | None = None,
        clock_offset: float = 0.0,
        orphan_grace: float = ORPHAN_GRACE_S,
        ready_within: float = READY_WITHIN_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access = read_kubeconfig(kubeconfig)
        self._namespaces, self._ledger, self._clock = namespaces, ledger, clock
        self._account = Account(
            began_at=clock(),
            clock_offset=clock_offset,
            has_ledger=ledger is not None,
            orphan_grace=orphan_grace,
        )
        self._ready_within = ready_within
        self._tasks: list[asyncio.Task[None]] = []
        self._watches: list[Watch] = []
        self._ended_at: float | None = None
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect, and wait until all that is there was seen.

        Raises:
            ObserverNotReadyError: the first lists did not come in time.
            LedgerUnreadableError: the ledger's answer is none.
        """
        self._client = await self._open.enter_async_context(aiohttp.ClientSession())
        try:
            if self._ledger is not None:
                await self._read_ledger(self._ledger)
                self._start(self._follow_ledger(self._ledger))
            # Secrets first: a session that is seen before its Secret would look as if it had none.
            await self._watch(SECRETS, SecretsTold(self._account))
            await self._watch(SESSIONS, SessionsTold(self._account))
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Read the ledger's last lines, end the account, disconnect."""
        try:
            self._ended_at = self._clock()
            if self._ledger is not None:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    await self._read_ledger(self._ledger)
        finally:
            await self._close()

    def figures(self) -> Figures:
        """The figures up to now, or up to the end.

        Raises:
            Exception: whatever ended one of the observer's own tasks; a blind witness must not testify.
        """
        self._raise_what_failed()
        return self._account.figures(self._now())

    def lateness_quantiles(self) -> list[tuple[float, float]]:
        """Share of the rotations, and seconds of lateness that so many of them do not exceed; for a plot."""
        return self._account.lateness_quantiles()

    def rows(self) -> list[SessionRow]:
        """The sessions that are there, for a live table."""
        return list(self._account.rows(self._now()))

    def findings(self) -> list[str]:
        """Sentences on what was wrong: sessions with expired or missing time, undue mints; the latest twenty."""
        rows = (row for row in self.rows() if row.expired_seconds or row.missing_seconds)
        costs = [
            f"{row.namespace}/{row.name}: {row.expired_seconds:.3f} s expired, {row.missing_seconds:.3f} s missing"
            for row in rows
        ]
        return [*costs[-20:], *self._account.findings()]

    def trouble(self) -> str | None:
        """What keeps a watch from being connected now, None while all are."""
        return next((watch.trouble for watch in self._watches if watch.trouble), None)

    def _now(self) -> float:
        return self._clock() if self._ended_at is None else self._ended_at

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def _raise_what_failed(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _watch(self, what: tuple[str, str, str | None], listener: Listener) -> None:
        """Start one watch per namespace, or one for all, and wait for their first lists."""
        root, plural, label = what
        scopes = [""] if self._namespaces is None else [f"/namespaces/{name}" for name in self._namespaces]
        started = [
            Watch(
                self._client,
                self._access,
                f"{root}{scope}/{plural}",
                listener,
                clock=self._clock,
                label_selector=label,
            )
            for scope in scopes
        ]
        self._watches += started
        for watch in started:
            self._start(watch.run())
        try:
            async with asyncio.timeout(self._ready_within):
                for watch in started:
                    await watch.synced.wait()
        except TimeoutError:
            raise ObserverNotReadyError(f"listing {plural}: {self.trouble() or 'no answer'}") from None

    async def _follow_ledger(self, ledger: Ledger) -> None:
        while True:
            await asyncio.sleep(LEDGER_PERIOD_S)
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                await self._read_ledger(ledger)

    async def _read_ledger(self, ledger: Ledger) -> None:
        offset = await ledger.clock_offset(self._client)
        if offset is not None:
            self._account.clock_offset_changed(self._clock(), offset)
        for mint in await ledger.read(self._client):
            self._account.minted(mint)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._open.aclose()


class SecretsTold:
    """Tells the account of Secrets."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def seen(self, at: float, document: Document) -> None:
        """A Secret is there, new or changed."""
        self._account.secret_seen(at, secret_content(document))

    def gone(self, at: float, namespace: str, name: str, uid: str) -> None:  # noqa: ARG002 - known by its name
        """A Secret is there no longer."""
        self._account.secret_gone(at, (namespace, name))

    def blind(self, begin: float, end: float) -> None:
        """Secrets may have been written unseen."""
        self._account.blind(begin, end)


class SessionsTold:
    """Tells the account of sessions."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def seen(self, at: float, document: Document) -> None:
        """A session is there, new or changed."""
        self._account.session_seen(at, session_facts(document))

    def gone(self, at: float, namespace: str, name: str, uid: str) -> None:  # noqa: ARG002 - known by its UID
        """A session is there no longer."""
        self._account.session_gone(at, uid)

    def blind(self, begin: float, end: float) -> None:
        """What a session said meanwhile changes nothing that is counted."""

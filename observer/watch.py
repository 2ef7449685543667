"""A list and a watch that never give up: resumed where they broke off, listed anew when that is too old.

While the API is away nothing is told, so what was seen last goes on being judged. Afterwards a document's own
times say when it was written at the latest, so that the time until it could be seen again is not held against
it: ``moment`` of a write that came while nobody watched is the end of the second that ``managedFields`` names,
but not before the watch broke off, nor after it is seen.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, Protocol

import aiohttp

from observer.content import moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from observer.kubeconfig import ApiAccess

PAGE: Final = 500
"""Objects in one answer of a list: a megabyte or two."""

WATCH_S: Final = 290
"""The server ends a watch after so long; it is resumed at once."""

SILENCE_S: Final = 100.0
"""Bookmarks come about once a minute; a connection that is silent for longer is dead."""

PAUSE_FIRST_S, PAUSE_LONGEST_S = 0.05, 0.4
"""Between attempts while the API is away, doubling."""

Document = dict[str, Any]


class Listener(Protocol):
    """Who is told what a watch sees. Moments are on the observer's clock."""

    def seen(self, at: float, document: Document) -> None:
        """An object is there, new or changed."""
        ...

    def gone(self, at: float, namespace: str, name: str, uid: str) -> None:
        """An object is there no longer."""
        ...

    def blind(self, begin: float, end: float) -> None:
        """What was written and overwritten between these moments was not seen."""
        ...


class WatchExpiredError(Exception):
    """The server no longer has the changes since the version asked for."""


class Watch:
    """Watches the objects of one kind under one path.

    Attributes:
        synced: set once the first list is complete.
        trouble: what went wrong last, None while all is well.
    """

    def __init__(
        self,
        client: aiohttp.ClientSession,
        access: ApiAccess,
        path: str,
        listener: Listener,
        *,
        clock: Callable[[], float],
        label_selector: str | None = None,
    ) -> None:
        self.synced = asyncio.Event()
        self.trouble: str | None = None
        self._client, self._access, self._url = client, access, access.server + path
        self._listener, self._clock = listener, clock
        self._select = {"labelSelector": label_selector} if label_selector else {}
        self._version: str | None = None
        self._known: dict[tuple[str, str], str] = {}
        self._following = False
        self._broken_at: float | None = None
        self._opened_at = 0.0

    async def run(self) -> None:
        """List and watch until cancelled."""
        pause = PAUSE_FIRST_S
        while True:
            try:
                if self._version is None:
                    await self._list()
                await self._follow()
                trouble = None
            except WatchExpiredError:
                self._version = trouble = None
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                trouble = _named(error)
            pause = PAUSE_FIRST_S if self._following else min(2 * pause, PAUSE_LONGEST_S)
            self._break(trouble)
            await asyncio.sleep(pause)

    def _break(self, trouble: str | None) -> None:
        self.trouble = trouble
        if self._following:
            self._following, self._broken_at = False, self._clock()

    async def _list(self) -> None:
        """Tell of everything that is there, and of what no longer is."""
        self._opened_at = self._clock()
        listed: dict[tuple[str, str], str] = {}
        async for document in self._pages():
            listed[_key(document)] = document["metadata"]["uid"]
            self._tell(document)
        now = self._clock()
        for key in [key for key, uid in self._known.items() if key not in listed]:
            self._listener.gone(now, *key, self._known[key])
        if self._broken_at is not None:
            self._listener.blind(self._broken_at, now)
        self._known = listed
        self.synced.set()

    async def _pages(self) -> AsyncIterator[Document]:
        more = ""
        while True:
            query = {"limit": str(PAGE), **self._select, **({"continue": more} if more else {})}
            async with self._get(query, aiohttp.ClientTimeout(total=30)) as answer:
                page = json.loads(await answer.read())
            for document in page["items"]:
                yield document
            more = page["metadata"].get("continue", "")
            if not more:
                self._version = page["metadata"]["resourceVersion"]
                return

    async def _follow(self) -> None:
        """Tell of changes until the server ends the watch."""
        query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(WATCH_S), **self._select}
        query["resourceVersion"] = self._version or ""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=SILENCE_S)
        async with self._get(query, timeout) as answer:
            self._opened_at, self._following, self.trouble = self._clock(), True, None
            rest = b""
            async for chunk in answer.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._event(json.loads(line))

    def _event(self, event: Document) -> None:
        document = event["object"]
        if event["type"] == "ERROR":
            if document.get("code") == 410:  # noqa: PLR2004 - Gone
                raise WatchExpiredError
            raise ValueError(f"the watch ended with status {document.get('code')}")
        if event["type"] == "DELETED":
            namespace, name = _key(document)
            self._known.pop((namespace, name), None)
            self._listener.gone(self._clock(), namespace, name, document["metadata"]["uid"])
        elif event["type"] != "BOOKMARK":
            self._tell(document)
        self._version = document["metadata"]["resourceVersion"]

    def _tell(self, document: Document) -> None:
        key, uid = _key(document), document["metadata"]["uid"]
        at = self._moment(document)
        former = self._known.get(key)
        if former is not None and former != uid:
            self._listener.gone(at, *key, former)
        self._known[key] = uid
        self._listener.seen(at, document)

    def _moment(self, document: Document) -> float:
        now = self._clock()
        if self._broken_at is None:
            return now
        written = _written_by(document)
        if written is None or written >= self._opened_at:
            return now
        return min(max(written, self._broken_at), now)

    def _get(self, query: dict[str, str], timeout: aiohttp.ClientTimeout) -> _Answer:
        return _Answer(
            self._client.get(
                self._url,
                params=query,
                headers=self._access.headers,
                ssl=self._access.tls or True,
                timeout=timeout,
                allow_redirects=False,
            )
        )


class _Answer:
    """An answer that is used only if it is a success."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._answer: aiohttp.ClientResponse

    async def __aenter__(self) -> aiohttp.ClientResponse:
        self._answer = await self._request.__aenter__()
        if self._answer.status == 200:  # noqa: PLR2004 - OK
            return self._answer
        self._drop()
        if self._answer.status == 410:  # noqa: PLR2004 - Gone
            raise WatchExpiredError
        raise ValueError(f"status {self._answer.status}")

    async def __aexit__(self, *failure: object) -> None:
        self._drop()
        await self._request.__aexit__(*failure)

    def _drop(self) -> None:
        """End the connection of an answer that was not read to its end.

        A polite farewell over TLS would wait for the server's, and outlive the loop.
        """
        connection = self._answer.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()


def _key(document: Document) -> tuple[str, str]:
    return document["metadata"]["namespace"], document["metadata"]["name"]


def _written_by(document: Document) -> float | None:
    """The end of the second in which the object was last written, as far as it says so; an object without ``managedFields`` does not.

    When it was created says nothing of later writes: a Secret that is replaced as a whole keeps that time and may have no other.
    """
    kept = document["metadata"].get("managedFields") or ()
    written = [time for time in (moment(field.get("time")) for field in kept) if time is not None]
    return max(written) + 1.0 if written else None


def _named(error: Exception) -> str:
    """Name what went wrong, without anything that was received."""
    return str(error) if type(error) is ValueError else type(error).__name__

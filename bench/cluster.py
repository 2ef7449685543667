"""The API as its administrator: sessions are created fast, plans and metrics are read."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self

import aiohttp

from bench.settings import PROPAGATION
from observer.kubeconfig import read_kubeconfig

NAMESPACE: Final = "bench"
GROUP_VERSION: Final = "realtime-operator.io/v1alpha1"
IN_FLIGHT: Final = 32
PAGE: Final = 500
ANSWER_WITHIN: Final = aiohttp.ClientTimeout(total=60)

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"

INSTRUCTIONS: Final = (
    "You greet the guests of a small hotel by the sea, and you are glad that they called. Answer in the language that they "
    "speak, in one or two sentences, and never read out a list. When somebody wants a room, ask for the day of arrival, the"
    " number of nights and whether a child or a dog comes along; repeat what you heard before you book it. Breakfast is "
    "served from seven to half past ten, on Sundays until noon, and the kitchen can do without gluten, nuts or milk if it "
    "knows the evening before. The ferry leaves every forty minutes from the old quay, the last one at a quarter past "
    "eleven; a taxi from the station takes twelve minutes and should not cost more than twenty. You may offer a later "
    "check-out once, if the calendar shows no arrival for that room. Do not promise a view, a parking place or a refund: "
    "these are decided by Ms. Lindqvist, whom you can reach with the tool transfer_call between eight and six. If a caller "
    "is in danger, tell them to dial the emergency number first, then stay with them. If you did not understand, say so and"
    " ask again; guessing a name or a date has cost us friends. Before you end the call, say the booking number slowly, "
    "digit by digit, and wait until it was repeated. Whoever asks whether you are a person is told the truth. In winter the"
    " sauna is heated on Fridays only, bicycles can be hired from April on for fourteen a day, and towels for the beach lie"
    " beside the lift; what was forgotten is kept for ninety days and sent home against postage. "
)
"""What sessions say to the model: prose, so that it can be deflated as far as what people write, and no further."""

SESSION_BYTES: Final = 1500
"""Of `spec.session` as compact JSON, whatever the session's name."""


def sessions_in(namespace: str) -> str:
    """Give the path of the sessions of a namespace."""
    return f"/apis/{GROUP_VERSION}/namespaces/{namespace}/realtimesessions"


SESSIONS: Final = sessions_in(NAMESPACE)


class ApiError(RuntimeError):
    """The API refused what the bench asked for; the message has the status."""


def session_name(index: int) -> str:
    """Name a session; the model in its request is named the same, so that the ledger tells sessions apart."""
    return f"s-{index:05}"


def instructions(size: int, beginning: str = "") -> str:
    """So many characters of instructions, after a beginning that others do not have."""
    text = beginning + INSTRUCTIONS
    return (text * (size // len(text) + 1))[:size]


def session_document(index: int, lifetime: int) -> dict[str, Any]:
    """Make a session whose request to the provider has 1.5 KB."""
    name = session_name(index)
    session = {"type": "realtime", "model": name, "instructions": ""}
    size = len(json.dumps(session, separators=(",", ":")))
    session["instructions"] = instructions(SESSION_BYTES - size)
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "RealtimeSession",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "lifetimeSeconds": lifetime,
            "session": session,
            "delivery": {"propagation": PROPAGATION},
        },
    }


class Api:
    """Speaks to the API. Use it as an asynchronous context manager.

    Args:
        kubeconfig: the administrator's.
    """

    def __init__(self, kubeconfig: Path) -> None:
        self._access = read_kubeconfig(kubeconfig)

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(
            self._access.server,
            headers=self._access.headers,
            connector=aiohttp.TCPConnector(ssl=self._access.tls or True, limit=IN_FLIGHT + 2),
            timeout=ANSWER_WITHIN,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def create(
        self, sessions: int, lifetime: int, *, over: float, created: Callable[[str, float], None]
    ) -> None:
        """Create sessions evenly over so many seconds, 0 for as fast as 32 requests in flight allow.

        Args:
            sessions: how many.
            lifetime: of their tokens.
            over: seconds.
            created: told the name of each, and when the request was sent.

        Raises:
            ApiError: one was refused.
        """
        loop, slots = asyncio.get_running_loop(), asyncio.Semaphore(IN_FLIGHT)
        begin = loop.time()

        async def one(index: int) -> None:
            document = session_document(index, lifetime)
            async with slots:
                sent_at = time.time()
                await self.add(document)
            created(document["metadata"]["name"], sent_at)

        async with asyncio.TaskGroup() as group:
            for index in range(sessions):
                await asyncio.sleep(begin + index * over / sessions - loop.time())
                group.create_task(one(index))

    async def create_all(self, documents: Iterable[dict[str, Any]], path: str) -> None:
        """Create objects as fast as 32 requests in flight allow.

        Raises:
            ApiError: one was refused.
        """
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one(document: dict[str, Any]) -> None:
            async with slots:
                await self.add(document, path)

        async with asyncio.TaskGroup() as group:
            for document in documents:
                group.create_task(one(document))

    async def plans(self) -> list[tuple[float, float]]:
        """Give issue time and rotation time of each session that has them, in seconds since the epoch.

        Raises:
            ApiError: the list was refused.
        """
        statuses = [item.get("status") or {} async for item in self.items(SESSIONS)]
        return [
            (_moment(status["issuedTime"]), _moment(status["rotationTime"]))
            for status in statuses
            if "rotationTime" in status
        ]

    async def metrics(self) -> str:
        """Give kube-apiserver's own metrics.

        Raises:
            ApiError: they were refused.
        """
        async with self._client.get("/metrics") as answer:
            _expect(answer, HTTPStatus.OK)
            return await answer.text()

    async def add(self, document: dict[str, Any], path: str = SESSIONS) -> None:
        """Create an object, a session of the bench unless told otherwise.

        Raises:
            ApiError: it was refused.
        """
        async with self._client.post(path, json=document) as answer:
            _expect(answer, HTTPStatus.CREATED)
            await answer.read()

    async def change(self, path: str, patch: dict[str, Any]) -> None:
        """Change one object by a merge patch.

        Raises:
            ApiError: that was refused.
        """
        async with self._client.patch(path, json=patch, headers={"Content-Type": MERGE_PATCH}) as answer:
            _expect(answer, HTTPStatus.OK)
            await answer.read()

    async def delete(self, path: str) -> None:
        """Delete one object.

        Raises:
            ApiError: that was refused.
        """
        async with self._client.delete(path) as answer:
            _expect(answer, HTTPStatus.OK)
            await answer.read()

    async def exists(self, path: str) -> bool:
        """Tell whether there is an object.

        Raises:
            ApiError: the API does not say.
        """
        async with self._client.get(path) as answer:
            if answer.status != HTTPStatus.NOT_FOUND:
                _expect(answer, HTTPStatus.OK)
            await answer.read()
            return answer.status == HTTPStatus.OK

    async def items(self, path: str, *, accept: str = JSON) -> AsyncIterator[dict[str, Any]]:
        """Give all objects of a collection, read in pages.

        Raises:
            ApiError: the list was refused.
        """
        more = ""
        while True:
            query = {"limit": str(PAGE), **({"continue": more} if more else {})}
            async with self._client.get(path, params=query, headers={"Accept": accept}) as answer:
                _expect(answer, HTTPStatus.OK)
                page = json.loads(await answer.read())
            for item in page["items"] or ():  # null where nothing is listed
                yield item
            more = page["metadata"].get("continue", "")
            if not more:
                return


def _expect(answer: aiohttp.ClientResponse, status: HTTPStatus) -> None:
    if answer.status != status:
        raise ApiError(f"{answer.method} {answer.url.path} was answered with status {answer.status}")


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

"""The operator's watch of its own kinds, as it is heard through kopf: a list, then news, with gaps that end in a new list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from realtime_operator.api.group import KIND_CLUSTER_PROVIDER
from realtime_operator.assembly import Assembly
from realtime_operator.watch.news import News
from sim.api_server import ApiServer, Manner

SLICE: Final = 200
"""Objects of a list that are told before the loop turns, as the product's feed does."""

LIST_AGAIN_S: Final = 1.0
"""Pause before a list that was refused is asked for again."""

_NO_TYPE: Final = None
"""What kopf says of an object that was listed."""


class ModelledWatch:
    """Tells one operator of what changes, while it is open."""

    def __init__(self, api: ApiServer, assembly: Assembly) -> None:
        """Watch nothing yet."""
        self._api = api
        self._assembly = assembly
        self._loop = asyncio.get_running_loop()
        self._news: dict[str, News] = {}
        self._is_open = False
        self._lists = 0

    def open(self) -> None:
        """List everything, then tell of what changes; a second time, as after a gap."""
        if self._lists == 0:
            self._api.told.append(self._told)
        self._is_open = True
        self._lists += 1
        kinds = sorted(self._assembly.kinds, key=lambda kind: kind != KIND_CLUSTER_PROVIDER)
        for kind in kinds:
            self._list(kind, self._api.all_of(kind), again=self._lists > 1)

    def lose(self) -> None:
        """Tell of nothing, until it is opened again."""
        self._is_open = False

    def close(self) -> None:
        """Nobody listens any more."""
        self._is_open = False
        self._api.told.remove(self._told)

    def _list(self, kind: str, documents: list[Mapping[str, Any]], *, again: bool) -> None:
        """Tell of objects as they were when they were listed, a slice at a time."""
        if not self._is_open:
            return
        if self._api.manner is Manner.IS_AWAY:
            self._loop.call_later(LIST_AGAIN_S, self._list_anew, kind, again)
            return
        for document in documents[:SLICE]:
            self._hear(kind, _NO_TYPE, document, again=again)
        if documents[SLICE:]:
            self._loop.call_soon(lambda: self._list(kind, documents[SLICE:], again=again))

    def _list_anew(self, kind: str, again: bool) -> None:  # noqa: FBT001 - a timer passes by position
        self._list(kind, self._api.all_of(kind), again=again)

    def _told(self, kind: str, event: str, document: Mapping[str, Any]) -> None:
        if self._is_open and self._news_of(kind).is_news(event, document):
            self._loop.call_soon(self._arrived, kind, event, document)

    def _arrived(self, kind: str, event: str, document: Mapping[str, Any]) -> None:
        if self._is_open:
            self._hear(kind, event, document, again=False)

    def _hear(self, kind: str, event: str | None, document: Mapping[str, Any], *, again: bool) -> None:
        self._news_of(kind).heard(event, document)
        self._assembly.heard(kind, event, document, again=again)

    def _news_of(self, kind: str) -> News:
        return self._news.setdefault(kind, News())

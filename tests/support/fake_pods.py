"""Pods as an API server keeps them, obeying ``realtime_operator.pod_ports``; tests/contracts proves them."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.api.group import ANNOTATION_TOKEN_ID
from realtime_operator.core.errors import OperatorError
from realtime_operator.core.pod_view import ObservedPod, Sought, observed_pod
from realtime_operator.pod_ports import PodPage


@dataclass(slots=True)
class InMemoryPods:
    """Pods of one namespace; a selector chooses by the labels that it says to be equal.

    Attributes:
        stored: documents by name.
        page_size: how many pods a page holds at most.
        calls: how often each call was made.
        tellings: name, token and time of each pod that was told.
        away: raised by every call until it is None again.
        refused: by name, raised when that pod is to be told.
        slow: by name, awaited before that pod is told.
        latency: seconds that it takes to tell a pod.
        list_latency: seconds that a page takes.
        running: how many are being told at this moment.
        most_running: the most that ever were.
    """

    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    page_size: int = 250
    calls: Counter[str] = field(default_factory=Counter)
    tellings: list[tuple[str, str, float]] = field(default_factory=list)
    away: OperatorError | None = None
    refused: dict[str, OperatorError] = field(default_factory=dict)
    slow: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    latency: float = 0.0
    list_latency: float = 0.0
    running: int = 0
    most_running: int = 0
    _made: int = 0

    def put(self, manifest: Mapping[str, Any]) -> str:
        """Store a pod in the place of any other of its name; gives its uid."""
        self._made += 1
        document = copy.deepcopy(dict(manifest))
        document["metadata"]["uid"] = f"pod-uid-{self._made}"
        document["metadata"]["namespace"] = "hotel"
        self.stored[document["metadata"]["name"]] = document
        return str(document["metadata"]["uid"])

    def told(self) -> dict[str, str]:
        """By name, the token that each pod was told of."""
        return {name: _annotations(pod).get(ANNOTATION_TOKEN_ID, "") for name, pod in self.stored.items()}

    async def page(
        self,
        namespace: str,  # noqa: ARG002 - as the port says
        selector: str,
        sought: Sought,
        *,
        page: str = "",
    ) -> PodPage:
        """See ``pod_ports.PodStore``."""
        await self._enter("page")
        await asyncio.sleep(self.list_latency)
        names = [name for name in sorted(self.stored) if _is_chosen(self.stored[name], selector)]
        start = int(page or 0)
        part = names[start : start + self.page_size]
        more = start + self.page_size < len(names)
        pods = [observed_pod(self.stored[name], sought) for name in part]
        return PodPage(pods, str(start + self.page_size) if more else "")

    async def tell(self, namespace: str, pod: ObservedPod, value: str) -> bool:  # noqa: ARG002 - as the port says
        """See ``pod_ports.PodStore``."""
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.latency)
            if pod.name in self.slow:
                await self.slow[pod.name]()
        finally:
            self.running -= 1
        await self._enter("tell")
        if pod.name in self.refused:
            raise self.refused[pod.name].with_traceback(None)
        document = self.stored.get(pod.name)
        if document is None or document["metadata"]["uid"] != pod.uid:
            return False
        document["metadata"]["annotations"] = _annotations(document) | {ANNOTATION_TOKEN_ID: value}
        self.tellings.append((pod.name, value, asyncio.get_running_loop().time()))
        return True

    async def can_list(self) -> None:
        """See ``pod_ports.PodStore``."""
        await self._enter("can_list")

    async def _enter(self, call: str) -> None:
        self.calls[call] += 1
        await asyncio.sleep(0)  # as a request would, this lets others run
        if self.away is not None:
            raise self.away.with_traceback(None)


def _annotations(document: Mapping[str, Any]) -> dict[str, str]:
    return dict(document["metadata"].get("annotations") or {})


def _is_chosen(document: Mapping[str, Any], selector: str) -> bool:
    wanted = dict(part.split("=") for part in selector.split(","))
    return wanted.items() <= (document["metadata"].get("labels") or {}).items()

"""What the sessions say of themselves, read from the API about twice a second."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp

from demo.samples import NAMESPACE
from observer.kubeconfig import read_kubeconfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATH: Final = f"/apis/realtime-operator.io/v1alpha1/namespaces/{NAMESPACE}/realtimesessions"
ANSWER_WITHIN: Final = aiohttp.ClientTimeout(total=5)
PENDING: Final = "Pending"


@dataclass(frozen=True, slots=True)
class SessionState:
    """One session's own words.

    Attributes:
        name: of the session.
        ready: status of condition Ready: True, False or Unknown.
        stalled: whether condition Stalled is True.
        reason: the last word: why it is not ready, or why rotations fail, else why it is ready.
        message: the sentence that goes with it.
        lead: seconds of life left when a token is rotated; None before the first.
    """

    name: str
    ready: str
    stalled: bool
    reason: str
    message: str
    lead: float | None


def session_state(document: Mapping[str, Any]) -> SessionState:
    """Read a RealtimeSession's JSON document."""
    status = document.get("status") or {}
    conditions = {condition["type"]: condition for condition in status.get("conditions") or ()}
    ready, rotation = conditions.get("Ready", {}), conditions.get("RotationHealthy", {})
    telling = rotation if ready.get("status") == "True" and rotation.get("status") == "False" else ready
    return SessionState(
        name=document["metadata"]["name"],
        ready=ready.get("status", "Unknown"),
        stalled=conditions.get("Stalled", {}).get("status") == "True",
        reason=telling.get("reason", PENDING),
        message=telling.get("message", ""),
        lead=_lead(status),
    )


def _lead(status: Mapping[str, Any]) -> float | None:
    try:
        expiry, rotation = (
            datetime.fromisoformat(status[name]) for name in ("expirationTime", "rotationTime")
        )
    except KeyError:
        return None
    return (expiry - rotation).total_seconds()


class Sessions:
    """Reads the sessions of the demo's namespace. Use it as an asynchronous context manager.

    Args:
        kubeconfig: with the right to list them.

    Attributes:
        known: what was read last, by name.
    """

    def __init__(self, kubeconfig: Path) -> None:
        self._access = read_kubeconfig(kubeconfig)
        self.known: dict[str, SessionState] = {}

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def read(self) -> dict[str, SessionState]:
        """Give the sessions by name, in their order; what was known before while the API does not answer."""
        try:
            async with self._client.get(
                self._access.server + PATH,
                headers=self._access.headers,
                ssl=self._access.tls or True,
                timeout=ANSWER_WITHIN,
            ) as answer:
                answer.raise_for_status()
                items = json.loads(await answer.read())["items"]
        except (aiohttp.ClientError, TimeoutError):
            return self.known
        states = map(session_state, items)
        self.known = {state.name: state for state in states}
        return self.known

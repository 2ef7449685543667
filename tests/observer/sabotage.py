"""An operator of thirty lines, with the rule of rotation off by as much as a test wants."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from observer.rule import life_left_asked

if TYPE_CHECKING:
    from tests.observer.cluster import Cluster, LedgerWriter

LIFE = 10.0
LEAD = 5.0
"""2 s of propagation, 1 s of clock, 2 s of reserve: what must be left of 10 s of life."""


class TinyOperator:
    """Keeps one session's Secret filled.

    Args:
        cluster: where the session is.
        ledger: where its mints are entered.
        shift: seconds by which it rotates earlier than the rule asks; negative is later.
        latency: seconds that a mint takes.
    """

    def __init__(self, cluster: Cluster, ledger: LedgerWriter, *, shift: float, latency: float = 0.5) -> None:
        self._cluster, self._ledger = cluster, ledger
        self._left = life_left_asked(LIFE, "None") + shift
        self._latency, self._mints = latency, 0
        self.exposed = 0.0
        self.rotations = 0

    async def run(self, name: str, end: float) -> None:
        """Mint and rotate until ``end``, starting with a token that was issued 4 s ago."""
        expires = await self._mint(name, issued=int(time.time()) - 4.0)
        while time.time() < end:
            await asyncio.sleep(max(0.0, min(expires - self._left, end) - time.time()))
            if time.time() < end:
                await asyncio.sleep(self._latency)
                former, expires = expires, await self._mint(name, issued=float(int(time.time())))
                self.exposed += max(0.0, time.time() - former)
                self.rotations += 1

    async def _mint(self, name: str, *, issued: float) -> float:
        self._mints += 1
        token, expires = f"{name}-{self._mints}", int(issued + LIFE)
        self._ledger.mint(token, issued=issued, expires=expires)
        await self._cluster.token(name, token, expires=expires, life=LIFE)
        return expires

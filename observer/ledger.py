"""Where the observer reads what was minted: a file of JSON Lines, or the stand-in provider's control API.

A line has at least `token_sha256` (hex), `issued_at` and `expires_at` (seconds since the epoch on the
provider's clock); `answered_at` is null where the provider never told the token to anybody, `model` what was asked for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Protocol

import aiohttp
from yarl import URL

from observer.content import Mint

ANSWER_WITHIN: Final = aiohttp.ClientTimeout(total=10)


class LedgerUnreadableError(Exception):
    """The ledger gave an answer that is none, or has forgotten mints: its figures would be wrong."""


class Ledger(Protocol):
    """A source of mints."""

    async def clock_offset(self, client: aiohttp.ClientSession) -> float | None:
        """Seconds by which the provider's clock is ahead of this machine's; None if it does not tell."""
        ...

    async def read(self, client: aiohttp.ClientSession) -> list[Mint]:
        """Read the mints entered since the last call.

        Raises:
            LedgerUnreadableError: entries are malformed or lost.
            aiohttp.ClientError: it cannot be reached now.
        """
        ...


class LedgerFile:
    """A ledger in a file that grows by whole lines; it need not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path, self._read_up_to = path, 0

    async def clock_offset(self, client: aiohttp.ClientSession) -> float | None:  # noqa: ARG002 - a file has no clock
        """A file does not tell: None."""
        return None

    async def read(self, client: aiohttp.ClientSession) -> list[Mint]:  # noqa: ARG002 - a file is read without
        """Read the complete lines added since the last call.

        Raises:
            LedgerUnreadableError: a line is malformed.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_up_to)
                added = file.read()
        except FileNotFoundError:
            return []
        whole = added[: added.rfind(b"\n") + 1]
        self._read_up_to += len(whole)
        return [_parsed(line) for line in whole.splitlines()]


class LedgerHttp:
    """The ledger of a stand-in provider; of its base URL only the origin matters."""

    def __init__(self, url: str) -> None:
        self._control, self._last = URL(url).origin() / "_standin", 0

    async def clock_offset(self, client: aiohttp.ClientSession) -> float | None:
        """Ask how far ahead the provider's clock is set.

        Raises:
            LedgerUnreadableError: the answer is none.
            aiohttp.ClientError: it cannot be reached now.
        """
        return float((await self._get(client, "settings", {}))["clock_offset"])

    async def read(self, client: aiohttp.ClientSession) -> list[Mint]:
        """Read all mints entered since the last call, page by page.

        Raises:
            LedgerUnreadableError: the answer is none, or the provider has forgotten mints.
            aiohttp.ClientError: it cannot be reached now.
        """
        mints: list[Mint] = []
        while True:
            page = await self._get(client, "ledger", {"after": self._last})
            if page.get("forgotten"):
                raise LedgerUnreadableError(f"the ledger has forgotten {page['forgotten']} mints")
            mints += [_mint(entry) for entry in page["mints"]]
            if not page["mints"]:
                return mints
            self._last = page["mints"][-1]["n"]
            if self._last >= page["last"]:
                return mints

    async def _get(self, client: aiohttp.ClientSession, what: str, query: dict[str, int]) -> dict[str, Any]:
        async with client.get(self._control / what, params=query, timeout=ANSWER_WITHIN) as answer:
            if answer.status != 200:  # noqa: PLR2004 - OK
                raise LedgerUnreadableError(f"the ledger answers with status {answer.status}")
            read = await answer.json()
        return dict(read)


def _parsed(line: bytes) -> Mint:
    try:
        return _mint(json.loads(line))
    except ValueError as error:
        raise LedgerUnreadableError("a line of the ledger is not JSON") from error


def _mint(entry: dict[str, Any]) -> Mint:
    try:
        return Mint(
            digest=bytes.fromhex(entry["token_sha256"]),
            issued_at=float(entry["issued_at"]),
            expires_at=float(entry["expires_at"]),
            answered=entry.get("answered_at", True) is not None,
            model=str(entry.get("model") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerUnreadableError("an entry of the ledger lacks a hash or a time") from error

"""One request under way, as the actions of faults see it."""

from __future__ import annotations

from typing import Protocol

from demo.provider.answers import Answer, Refused
from demo.provider.endpoint import Part


class Exchange(Protocol):
    """One request under way, as an action sees it."""

    def now(self) -> float:
        """Give the stand-in's time."""
        ...

    def usual_answer(self, *, lifetime: int | None = None) -> Answer:
        """Do what is done without a fault, up to the answer; `lifetime` overrides the token's seconds."""
        ...

    def refusal(self, refused: Refused, headers: dict[str, str | None] | None = None) -> Answer:
        """Lay out a refusal as the endpoint does."""
        ...

    def blanked(self, answer: Answer, part: Part) -> Answer:
        """Give a success with null in place of its token or its expiry."""
        ...

    def mint_unanswered(self) -> None:
        """Make a token as usual and enter it in the ledger as never answered."""
        ...

    async def latency(self) -> None:
        """Wait as long as a usual answer takes."""
        ...

    async def send(self, answer: Answer) -> None:
        """Send an answer."""
        ...

    async def drip(self, answer: Answer, *, size: int, pause: float, stop_after: int | None = None) -> None:
        """Send an answer in pieces of `size` bytes, `pause` seconds apart; stop early without ending it."""
        ...

    async def drop(self) -> None:
        """Close the connection without a word more."""
        ...

    async def client_left(self, within: float | None) -> None:
        """Wait until the client has gone, at most `within` seconds; None waits forever."""
        ...

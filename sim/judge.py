"""The promise, judged from what is stored and from the provider's ledger alone, by the observer's account.

The models tell of every version at the moment it is stored, so nothing goes unseen. Expired and missing seconds are violations unless they
lie in a stretch in which nobody could have kept the promise; a mint that reached no Secret is one unless a fault explains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from observer.account import Account
from observer.content import Mint, secret_content, session_facts
from observer.figures import Figures
from observer.subject import Exposure
from realtime_operator.api.group import KIND_SESSION
from realtime_operator.ports import Clock

TOLERANCE_S: Final = 0.001
"""What sums of so many seconds may be off by."""


class Judge:
    """Hears everything, and sums up."""

    def __init__(self, clock: Clock) -> None:
        """Have heard nothing."""
        self._clock = clock
        self._account = Account(began_at=clock.now(), has_ledger=True)
        self._excused = Exposure()
        self._before: Exposure | None = None

    def minted(self, mint: Mint) -> None:
        """A line of the ledger."""
        self._account.minted(mint)

    def secret_told(self, document: Mapping[str, Any]) -> None:
        """A Secret was stored."""
        self._account.secret_seen(self._clock.now(), secret_content(document))

    def secret_gone(self, name: tuple[str, str]) -> None:
        """A Secret was deleted; its namespace and name."""
        self._account.secret_gone(self._clock.now(), name)

    def forgive(self, name: tuple[str, str], until: float) -> None:
        """Somebody is about to take the token of a Secret away, which need not be there again before ``until``."""
        self._account.forgive(name, until)

    def object_told(self, kind: str, event: str, document: Mapping[str, Any]) -> None:
        """An object of ours was stored, or deleted."""
        if kind != KIND_SESSION:
            return
        if event == "DELETED":
            self._account.session_gone(self._clock.now(), document["metadata"]["uid"])
        else:
            self._account.session_seen(self._clock.now(), session_facts(document))

    def clock_set(self, offset: float) -> None:
        """The provider's clock is ahead by so many seconds now."""
        self._account.clock_offset_changed(self._clock.now(), offset)

    def explain_orphans(self, spans: Sequence[tuple[float, float]]) -> None:
        """What is minted in these stretches may fail to reach its Secret."""
        for begin, end in spans:
            self._account.blind(begin, end)

    def excuse_begins(self) -> None:
        """From now on the promise cannot be kept."""
        self._before = self._account.exposure(self._clock.now())

    def excuse_ends(self) -> None:
        """From now on it can, if it could not."""
        if self._before is not None:
            now = self._account.exposure(self._clock.now())
            self._excused += Exposure(now.expired - self._before.expired, now.missing - self._before.missing)
        self._before = None

    @property
    def excused(self) -> Exposure:
        """What was suffered while the promise could not be kept."""
        return self._excused

    def figures(self) -> Figures:
        """All figures of the observer's account."""
        return self._account.figures(self._clock.now())

    def violations(self, sessions: Sequence[Mapping[str, Any]]) -> list[str]:
        """What must not have happened, a sentence each.

        Args:
            sessions: those that there are at the end, which has been quiet for a while.
        """
        figures = self.figures()
        expired = figures.expired_seconds - self._excused.expired
        missing = figures.missing_seconds - self._excused.missing
        found = [f"{expired:.1f} s with an expired token"] * (expired > TOLERANCE_S)
        found += [f"{missing:.1f} s without a token"] * (missing > TOLERANCE_S)
        found += [f"{figures.undue_mints} undue mints"] * bool(figures.undue_mints)
        found += self._account.findings()[:3]
        found += [f"{figures.orphan_mints} orphans that no fault explains"] * bool(figures.orphan_mints)
        found += [f"{figures.torn} torn Secrets"] * bool(figures.torn)
        found += [f"{figures.unfresh} sessions without a living token"] * bool(figures.unfresh)
        return found + self._unserved(sessions)

    def _unserved(self, sessions: Sequence[Mapping[str, Any]]) -> list[str]:
        facts = {one.name: one for one in map(session_facts, sessions)}
        now, found = self._clock.now(), []
        for row in self._account.rows(now):
            one = facts[row.name]
            if one.suspended:
                continue
            if row.first_token_at is None:
                found.append(f"{row.name} never had a token")
            elif not one.ready:
                found.append(f"{row.name} has a token and does not say so")
        return found[:5]

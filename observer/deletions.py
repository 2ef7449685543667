"""Which mints that never reached a Secret are explained by the deletion of their session.

Pure in what is asked: no answer changes the next one, and a mint whose Secret comes after all leaves its explanation
to another.
"""

from __future__ import annotations

from collections import defaultdict, deque
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from observer.content import Mint

CUT_SHORT_WITHIN_S: Final = 2.0
"""A mint that was begun before its session's deletion was heard of has its token so long after the deletion at most."""

LEDGER_LATE_S: Final = 5.0
"""How long after a mint the ledger has told of it."""

ALL_TOLD_S: Final = CUT_SHORT_WITHIN_S + LEDGER_LATE_S
"""How long after a deletion the ledger has told of all mints that it may explain."""


class Deletions:
    """Deletions of sessions, each of which explains one mint of its model at most.

    Remembers those of the last seconds, and those that may explain a mint which no Secret has shown yet.

    Args:
        reach: how long before the deletion the mint may have been, in seconds: as long as a token may take to its Secret.
    """

    def __init__(self, reach: float) -> None:
        self._reach = reach
        self._known: list[tuple[float, str]] = []
        self._tidied_at = 0.0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def add(self, at: float, model: str, unseen: Collection[tuple[Mint, float]]) -> None:
        """A session that asks for this model is being deleted; where the model is not told it explains nothing.

        Args:
            at: when, on the observer's clock.
            model: that it asks for; empty where that is not known.
            unseen: all mints that no Secret was seen to hold, and their moments on the observer's clock.
        """
        if model:
            self._known.append((at, model))
        if at - self._tidied_at > ALL_TOLD_S:  # not each time: many may go at once
            self._known = [
                one for one in self._known if at - one[0] <= ALL_TOLD_S or self._may_explain(one, unseen)
            ]
            self._tidied_at = at

    def unexplained(self, mints: Collection[tuple[Mint, float]]) -> list[Mint]:
        """Give the mints that are left when as many as possible are explained.

        The earliest mint takes the earliest deletion that explains it: all reach equally far, so none does better.
        """
        free: defaultdict[str, deque[float]] = defaultdict(deque)
        for deleted_at, model in sorted(self._known):
            free[model].append(deleted_at)
        left = []
        for mint, issued_at in sorted(mints, key=itemgetter(1)):
            deletions = free[mint.model]
            while deletions and deletions[0] + CUT_SHORT_WITHIN_S < issued_at:
                deletions.popleft()
            if deletions and deletions[0] - self._reach <= issued_at:
                deletions.popleft()
            else:
                left.append(mint)
        return left

    def _may_explain(self, deletion: tuple[float, str], mints: Collection[tuple[Mint, float]]) -> bool:
        at, model = deletion
        begin, end = at - self._reach, at + CUT_SHORT_WITHIN_S
        return any(mint.model == model and begin <= issued_at <= end for mint, issued_at in mints)

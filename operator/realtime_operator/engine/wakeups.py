"""When each session is looked at next: a heap by deadline, with lazy deletion."""

from __future__ import annotations

import heapq


class WakeUps:
    """One deadline for each uid; setting another replaces it."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._at: dict[str, float] = {}

    def __len__(self) -> int:
        """How many sessions have a deadline."""
        return len(self._at)

    def set(self, uid: str, at: float) -> None:
        """Wake ``uid`` at local time ``at``."""
        self._at[uid] = at
        heapq.heappush(self._heap, (at, uid))
        if len(self._heap) > 64 + 1.25 * len(self._at):
            self._rebuild()

    def set_earlier(self, uid: str, at: float) -> None:
        """Wake ``uid`` at ``at``, unless it is woken before."""
        if at < self._at.get(uid, float("inf")):
            self.set(uid, at)

    def drop(self, uid: str) -> None:
        """Forget ``uid``."""
        self._at.pop(uid, None)

    def pop_due(self, until: float) -> list[str]:
        """Take out all whose deadline is at or before ``until``, earliest first."""
        due = []
        while self._heap and self._heap[0][0] <= until:
            at, uid = heapq.heappop(self._heap)
            if self._at.get(uid) == at:
                del self._at[uid]
                due.append(uid)
        return due

    def next_at(self) -> float | None:
        """The earliest deadline, or None."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _rebuild(self) -> None:
        """Drop what was replaced, so that the heap stays as large as the table."""
        self._heap = [(at, uid) for uid, at in self._at.items()]
        heapq.heapify(self._heap)

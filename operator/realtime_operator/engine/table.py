"""The table of sessions: everything that is known to exist, and who wants the same Secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory, Wanted
from realtime_operator.engine.lanes import Work


@dataclass(slots=True)
class Entry:
    """One session in the table.

    Attributes:
        memory: what is known of it.
        queued: whether it waits in a lane or runs.
        work: what waits for it in a lane; None where nothing does. What else is still there is out of date.
        again: whether something changed meanwhile, so that another pass must follow at once.
    """

    memory: SessionMemory
    queued: bool = False
    work: Work | None = None
    again: bool = False

    @property
    def is_fine(self) -> bool:
        """Whether the session goes on as it should, or would if it had its turn."""
        failure, wanted = self.memory.failure, self.memory.wanted
        return not wanted.suspended and (failure is None or failure.reason == Reason.CAPACITY_EXCEEDED)


class Table:
    """Sessions by uid, by name, and by the Secret that they want."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._uids: dict[tuple[str, str], str] = {}
        # Of those alone whose Secret is not named as they are: the others are found by their name.
        self._claims: dict[tuple[str, str], tuple[str, ...]] = {}

    def __len__(self) -> int:
        """How many sessions there are."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """All entries; the table may change while they are gone through."""
        return iter(list(self._entries.values()))

    def get(self, uid: str) -> Entry | None:
        """The entry of ``uid``, or None."""
        return self._entries.get(uid)

    def named(self, namespace: str, name: str) -> Entry | None:
        """The entry of that name, or None."""
        return self._entries.get(self._uids.get((namespace, name), ""))

    def add(self, memory: SessionMemory) -> Entry:
        """Add a session; one of the same name with another uid must be removed before."""
        entry = self._entries[memory.ref.uid] = Entry(memory)
        self._uids[_name(memory)] = memory.ref.uid
        self._claim(memory)
        return entry

    def remove(self, uid: str) -> Entry | None:
        """Take a session out and mark it gone, so that a pass in flight writes nothing more."""
        entry = self._entries.pop(uid, None)
        if entry is None:
            return None
        entry.memory.gone = True
        if self._uids.get(_name(entry.memory)) == uid:
            del self._uids[_name(entry.memory)]
        self._unclaim(entry.memory)
        return entry

    def change(self, entry: Entry, wanted: Wanted) -> None:
        """Let a session want something else."""
        self._unclaim(entry.memory)
        entry.memory.wanted = wanted
        self._claim(entry.memory)

    def _claim(self, memory: SessionMemory) -> None:
        claim = claimed_by(memory)
        if claim != _name(memory):
            self._claims[claim] = (*self._claims.get(claim, ()), memory.ref.uid)

    def _unclaim(self, memory: SessionMemory) -> None:
        claim = claimed_by(memory)
        others = tuple(uid for uid in self._claims.pop(claim, ()) if uid != memory.ref.uid)
        if others:
            self._claims[claim] = others

    def claimants(self, namespace: str, secret_name: str) -> Iterator[Entry]:
        """The sessions that want a Secret of that name."""
        claim, namesake = (namespace, secret_name), self.named(namespace, secret_name)
        if namesake is not None and claimed_by(namesake.memory) == claim:
            yield namesake
        for uid in self._claims.get(claim, ()):
            yield self._entries[uid]

    def rivals(self, memory: SessionMemory) -> list[Entry]:
        """The other sessions that want the same Secret."""
        return [entry for entry in self.claimants(*claimed_by(memory)) if entry.memory is not memory]

    def older_claimant(self, memory: SessionMemory) -> str:
        """The name of the oldest other session that wants the same Secret and is older than this one; empty for none."""
        older = [entry.memory for entry in self.rivals(memory) if _age(entry.memory) < _age(memory)]
        return min(older, key=_age).ref.name if older else ""


def _name(memory: SessionMemory) -> tuple[str, str]:
    return memory.ref.namespace or "", memory.ref.name


def claimed_by(memory: SessionMemory) -> tuple[str, str]:
    """Namespace and name of the Secret that a session wants."""
    return memory.ref.namespace or "", memory.wanted.secret_name


def _age(memory: SessionMemory) -> tuple[float, str]:
    """Older is smaller; within the API's one second, by name, so that every replica says the same."""
    return memory.wanted.created_at, memory.ref.name

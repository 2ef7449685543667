"""Who probes a provider that is down: the heaps choose as somebody would who goes through all that wait, each time anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.core.called import COMES_WITHIN_S, still_waits
from realtime_operator.core.errors import ProviderDown, ProviderError, ProviderRejected, ProviderUnavailable
from realtime_operator.core.failure import failure_after, held_back
from realtime_operator.core.outage import Outage
from realtime_operator.core.probe_queue import ROOM, ProbeQueue
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory
from tests.support.builders import NOW, a_memory, a_session

SESSIONS = 4

ANSWERS: dict[str, Callable[[int], ProviderError]] = {
    "fails": lambda _: ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "It is away."),
    "is told to wait": lambda wish: ProviderUnavailable(
        Reason.PROVIDER_UNAVAILABLE, "It is away.", retry_after=3 * wish
    ),
    "is refused": lambda _: ProviderRejected(Reason.PROVIDER_REJECTED, "no"),
}
"""What becomes of a probe, by a number."""


def a_waiting(number: int) -> SessionMemory:
    """A session that waits for the end of an outage."""
    memory = a_memory(a_session(name=f"s{number}", uid=str(number)))
    memory.expires_at = NOW - 1
    remember(memory, ProviderDown(Reason.PROVIDER_UNAVAILABLE, "It is away."), NOW)
    return memory


def remember(memory: SessionMemory, error: ProviderError, now: float) -> None:
    """Remember a failure as the reconciler does."""
    generation = memory.wanted.generation
    if isinstance(error, ProviderDown):
        memory.failure = held_back(memory.failure, error, now=now, generation=generation, rotate="")
        return
    memory.failure = failure_after(
        memory.failure, error, now=now, life_left=0, uid=memory.ref.uid, generation=generation, rotate=""
    )


@dataclass
class Clerk:
    """Goes through all, and so needs no heap.

    Attributes:
        probes: by uid of those that wait: how often they were chosen.
        not_before: until when who was told to wait may not be chosen.
        called: when who was chosen and has not come yet was chosen.
        asking: who came, and whose answer is awaited.
    """

    probes: dict[str, int] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)
    called: dict[str, float] = field(default_factory=dict)
    asking: set[str] = field(default_factory=set)

    def forget(self, uid: str) -> None:
        """A session does not wait any more."""
        self.probes.pop(uid, None)
        self.not_before.pop(uid, None)
        self.called.pop(uid, None)

    def choose(self, sessions: list[SessionMemory], now: float) -> str:
        """Who is next; empty for nobody."""
        for each in sessions:
            if not still_waits(each):
                self.forget(each.ref.uid)
        if any(at > now - COMES_WITHIN_S for at in self.called.values()):
            return ""
        ranks = [self.rank(each) for each in sessions if self.is_able(each.ref.uid, now)]
        chosen = min(ranks, default=(0, 0, 0.0, ""))[-1]
        if chosen:
            self.probes[chosen] += 1
            self.called[chosen] = now
        return chosen

    def is_able(self, uid: str, now: float) -> bool:
        """Whether a session may be chosen."""
        is_away = uid in self.called or uid in self.asking
        return uid in self.probes and not is_away and self.not_before.get(uid, now) <= now

    def rank(self, memory: SessionMemory) -> tuple[int, int, float, str]:
        """Smaller comes first."""
        assert memory.failure is not None
        return memory.failure.count, self.probes[memory.ref.uid], -memory.expires_at, memory.ref.uid


class Play:
    """An outage and a clerk, who are told of the same."""

    def __init__(self) -> None:
        self.now, self.outage, self.clerk = NOW, Outage(), Clerk()
        self.sessions = [a_waiting(number) for number in range(SESSIONS)]
        self.outage.resume(ProviderDown(Reason.PROVIDER_UNAVAILABLE, "It is away."), now=NOW)
        for each in self.sessions:
            self.comes(each)

    def step(self, what: str, who: int, number: int) -> None:
        """Let one thing happen, where it can, to one of those to whom it can."""
        clerk, memory = self.clerk, self.sessions[who]
        away = {*clerk.called, *clerk.asking}
        if what in ANSWERS:
            if clerk.asking:
                uid = sorted(clerk.asking)[who % len(clerk.asking)]
                self.fails(self.sessions[int(uid)], ANSWERS[what](number))
        elif what == "slot":
            self.slot(number / 4)
        elif what == "come":
            for uid in list(clerk.called):
                self.comes(self.sessions[int(uid)])
        elif what == "was asking":
            self.comes_from_a_queue(memory)
        elif memory.ref.uid not in away:
            self.changes(what, memory, number)

    def changes(self, what: str, memory: SessionMemory, number: int) -> None:
        """Something else than before is so of a session, and a pass finds it, or will."""
        wanted = memory.wanted
        match what:
            case "well":
                memory.failure = None
                return
            case "suspended":
                memory.wanted, memory.failure = replace(wanted, suspended=not wanted.suspended), None
            case "new spec":
                memory.wanted = replace(wanted, generation=wanted.generation + 1)
            case "another token":
                memory.expires_at = self.now + number
        self.comes(memory)

    def slot(self, pause: float) -> None:
        """Both choose, after a while."""
        self.now += pause
        chosen = self.outage.choose(now=self.now)
        assert (chosen.ref.uid if chosen is not None else "") == self.clerk.choose(self.sessions, self.now)

    def comes(self, memory: SessionMemory) -> None:
        """A pass of the session comes to ask; no session has two at a time."""
        uid, clerk = memory.ref.uid, self.clerk
        if uid in clerk.asking or memory.wanted.suspended:
            return
        if clerk.called.pop(uid, None) is not None:
            self.outage.admit(memory, now=self.now)
            clerk.asking.add(uid)
            return
        if not still_waits(memory):
            clerk.forget(uid)
        clerk.probes.setdefault(uid, 0)
        with pytest.raises(ProviderDown) as caught:
            self.outage.admit(memory, now=self.now)
        remember(memory, caught.value, self.now)

    def comes_from_a_queue(self, memory: SessionMemory) -> None:
        """A pass that was let in before the outage, and waited for its moment, hears of it; the session may have been called since."""
        if memory.ref.uid in self.clerk.called:
            with pytest.raises(ProviderDown) as caught:
                self.outage.may_still(memory, now=self.now)
            remember(memory, caught.value, self.now)

    def fails(self, memory: SessionMemory, error: ProviderError) -> None:
        """It was answered, and so."""
        uid, clerk = memory.ref.uid, self.clerk
        clerk.asking.discard(uid)
        remember(memory, error, self.now)
        self.outage.failed(memory, error, now=self.now, all_in_trouble=lambda: True)
        if isinstance(error, ProviderRejected):
            clerk.forget(uid)
        else:
            clerk.not_before[uid] = self.now + (error.retry_after or 0.0)


STEPS = ["slot", "come"] * 3 + ["was asking", "well", "suspended", "new spec", "another token", *ANSWERS]


@pytest.mark.parametrize("seed", range(40))
def test_the_probe_is_who_would_be_found_by_going_through_all(seed: int) -> None:
    """Whatever befalls those who wait, and however they come and go: a story is told by its seed."""
    play, chance = Play(), Random(seed)
    for _ in range(300):
        play.step(chance.choice(STEPS), chance.randrange(SESSIONS), chance.randrange(10))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, SESSIONS - 1), st.integers(0, 5)), max_size=60))
def test_the_first_to_expire(steps: list[tuple[bool, int, int]]) -> None:
    """Found among those that wait, whatever tokens they get meanwhile, and whoever leaves."""
    queue, sessions = ProbeQueue(), [a_waiting(number) for number in range(SESSIONS)]
    for stays, who, life in steps:
        sessions[who].expires_at, sessions[who].gone = NOW + life, not stays
        if stays:
            queue.add(sessions[who])
        waiting = [each.expires_at for each in queue.everybody() if still_waits(each)]
        first = queue.first_to_expire()
        assert (first.expires_at if first is not None else None) == min(waiting, default=None)


def test_who_is_gone_is_not_kept() -> None:
    """Sessions that come and go during a long outage leave nothing behind, though their turn never comes."""
    queue = ProbeQueue()
    queue.add(a_waiting(0))
    for number in range(1, 20 * ROOM):
        new = a_waiting(number)
        new.failure = new.failure and replace(new.failure, count=1)
        queue.add(new)
        new.gone = True
        chosen = queue.choose(now=NOW, is_on_its_way=lambda _: False)
        assert chosen is not None
        assert chosen.ref.uid == "0"
        queue.add(chosen)
    assert len(queue.everybody()) <= 2 * ROOM


def test_who_is_told_to_wait_is_not_gone_through_until_then() -> None:
    """A provider may ask some for an hour, and they would be the best probes, as the others fail again and again meanwhile."""
    queue, looked_at, now = ProbeQueue(), list[str](), NOW

    def is_on_its_way(uid: str) -> bool:
        looked_at.append(uid)
        return False

    for number in range(60):
        queue.add(a_waiting(number), not_before=NOW + 3600 if number % 3 else None)
    for _ in range(80):
        now += 0.25
        chosen = queue.choose(now=now, is_on_its_way=is_on_its_way)
        assert chosen is not None
        assert looked_at.pop() == chosen.ref.uid
        assert not looked_at
        assert int(chosen.ref.uid) % 3 == 0
        chosen.failure = chosen.failure and replace(chosen.failure, count=chosen.failure.count + 1)
        queue.add(chosen, not_before=now)


def test_each_comes_when_its_time_has_come() -> None:
    """However many others were told to wait for longer, and before it."""
    queue = ProbeQueue()
    for number in range(ROOM):
        queue.add(a_waiting(number), not_before=NOW + ROOM - number)
    for number in reversed(range(ROOM)):
        due = NOW + ROOM - number
        assert queue.choose(now=due - 0.5, is_on_its_way=lambda _: False) is None
        chosen = queue.choose(now=due, is_on_its_way=lambda _: False)
        assert chosen is not None
        assert chosen.ref.uid == str(number)


def test_who_is_told_to_wait_and_goes_is_not_kept() -> None:
    """However long a pause it was asked for."""
    queue = ProbeQueue()
    for number in range(20 * ROOM):
        queue.add(new := a_waiting(number), not_before=NOW + 3600)
        new.gone = True
        assert queue.choose(now=NOW, is_on_its_way=lambda _: False) is None
    assert len(queue.everybody()) <= 2 * ROOM


@pytest.mark.parametrize("not_before", [None, NOW])
def test_a_session_is_what_came_last_under_its_uid(not_before: float | None) -> None:
    """Nothing is asked of one that the process has forgotten, nor is one left waiting because that other one does not."""
    queue, old, new = ProbeQueue(), a_waiting(0), a_waiting(0)
    queue.add(old)
    old.gone, new.expires_at = True, NOW + 7
    queue.add(new, not_before=not_before)
    assert queue.everybody()[0] is new
    assert queue.first_to_expire() is new
    assert queue.choose(now=NOW, is_on_its_way=lambda _: False) is new

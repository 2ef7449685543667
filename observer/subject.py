"""The account of one session: which token its readers saw, from when to when, and what that cost in seconds.

Exact arithmetic on intervals, nothing is sampled. ``since`` is the moment up to which time is settled; the time
after it is judged by what is known now, and added when that changes. Not counted, each for its reason:

* missing time before the session had its first token: nothing was promised yet. Its first one is in a Secret that
  it controls, or was there when it said Ready. What its readers find of a dead namesake meanwhile is none, and
  the garbage collector takes that away; an expired one they do read, so that is counted even then;
* a session that is suspended, since nothing may be minted; and one that is resumed without a living token,
  until it has one: it starts anew;
* missing time while condition Stalled is True: only a person can help, and the object says so. Expired time is
  counted even then;
* missing time that ends in the session's own deletion within ``DELETION_GRACE_S``: the garbage collector, or
  the end of a namespace;
* missing time up to when a Secret that somebody took away must be back, where that is known;
* a Secret that is seen at most ``ORDER_GRACE_S`` after Ready: two watches have no common order.

The second, the third and what somebody took away are shown as excused.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from observer.content import Held, SecretContent, SessionFacts

ORDER_GRACE_S: Final = 2.0
"""How far apart two watches may tell of things that happened together."""

DELETION_GRACE_S: Final = 5.0
"""How long before its session a Secret may go when both are being deleted."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Seconds of one stretch of time, by what readers found in it."""

    expired: float = 0.0
    missing: float = 0.0
    excused: float = 0.0

    def __add__(self, other: Exposure) -> Exposure:
        return Exposure(
            self.expired + other.expired, self.missing + other.missing, self.excused + other.excused
        )


NOTHING: Final = Exposure()
"""What nearly every stretch costs."""


@dataclass(slots=True)
class Subject:
    """One session and the token its readers see.

    Attributes:
        facts: the session as last seen.
        since: time is settled up to here.
        held: the token in its Secret, None while there is none.
        minted: the last token that was the operator's, to know one that is only put back.
        unread: content without a token under the names known so far: the session may name them yet.
        served: it had a token of its own, or said so.
        awaited: it said so, and its Secret was not seen yet.
        forgiven_until: time up to then is nobody's fault while the token is missing that was taken away; ends when one is back.
        promised: whether its time counts; False from suspension until a living token.
        rotation_times: rotation time by token id, as status said it.
        asked: rotate values seen on the session, the latest few.
    """

    facts: SessionFacts
    since: float
    held: Held | None = None
    minted: Held | None = None
    unread: SecretContent | None = None
    served: bool = False
    awaited: bool = False
    forgiven_until: float = 0.0
    promised: bool = True
    ended: bool = False
    settled: Exposure = NOTHING
    rotations: int = 0
    first_token_at: float | None = None
    fresh_again_at: float | None = None
    rotation_times: dict[str, float] = field(default_factory=dict)
    asked: deque[str] = field(default_factory=lambda: deque(maxlen=4))

    def exposure(self, at: float, clock_offset: float) -> Exposure:
        """What the time from ``since`` to ``at`` cost, by what is known now."""
        if self.ended or at <= self.since:
            return NOTHING
        if self.held is not None:
            late = at - max(self.since, self.held.expires_at - clock_offset)
            if late <= 0.0:
                return NOTHING
            return Exposure(expired=late) if self.promised else Exposure(excused=late)
        gap = at - self.since
        if not self.served or (self.awaited and gap <= ORDER_GRACE_S):
            return NOTHING
        if not self.promised or self.facts.stalled:
            return Exposure(excused=gap)
        forgiven = min(gap, max(0.0, self.forgiven_until - self.since))
        return Exposure(missing=gap - forgiven, excused=forgiven)

    def total(self, at: float, clock_offset: float) -> Exposure:
        """What all of its time up to ``at`` cost."""
        return self.settled + self.exposure(at, clock_offset)

    def settle(self, at: float, clock_offset: float) -> None:
        """Judge the time up to ``at`` for good."""
        cost = self.exposure(at, clock_offset)
        if cost is not NOTHING:
            self.settled += cost
            if cost.expired or cost.missing:
                self.fresh_again_at = at
        self.since = max(self.since, at)

    def describe(self, at: float, facts: SessionFacts, clock_offset: float) -> None:
        """Take over what the session says now."""
        before = self.facts
        if (before.suspended, before.stalled) != (facts.suspended, facts.stalled):
            self.settle(at, clock_offset)
        if facts.ready and not self.served:
            self.settle(at, clock_offset)
            self.served = self.awaited = True
        self.facts = facts
        if facts.suspended:
            self.promised = False
        elif not self.promised:
            self._promise_again(at, clock_offset)
        if facts.rotate and facts.rotate not in self.asked:
            self.asked.append(facts.rotate)
        self._note_rotation_time(facts)
        if facts.deleting:
            self.end(at, clock_offset)

    def hold(self, at: float, held: Held, clock_offset: float) -> None:
        """Its Secret holds this token from now on."""
        if self.held is None or self.held.digest != held.digest or self.held.expires_at != held.expires_at:
            self.settle(at, clock_offset)
        if self.held is None:
            self.forgiven_until = 0.0
        self.held, self.unread = held, None
        self.awaited = False
        if not held.alien:
            self.minted = held
        if held.owner_uid == self.facts.uid:
            self.served = True
            self.first_token_at = at if self.first_token_at is None else self.first_token_at
        if not self.promised and not self.facts.suspended:
            self._promise_again(at, clock_offset)

    def lose(self, at: float, unread: SecretContent | None, clock_offset: float) -> None:
        """Its readers find no token from now on; ``unread`` is the Secret that has none, if there is one."""
        if self.held is not None:
            self.settle(at, clock_offset)
        self.held, self.unread = None, unread

    def end(self, at: float, clock_offset: float) -> None:
        """The session is deleted, or about to be: its time ends."""
        going = self.held is None and at - self.since <= DELETION_GRACE_S
        if not going:
            self.settle(at, clock_offset)
        self.ended = True

    def _promise_again(self, at: float, clock_offset: float) -> None:
        if self.held is not None and self.held.expires_at - clock_offset > at:
            self.settle(at, clock_offset)
            self.promised = True

    def _note_rotation_time(self, facts: SessionFacts) -> None:
        if facts.token_id is None or facts.rotation_time is None:
            return
        if facts.token_id not in self.rotation_times and len(self.rotation_times) > 1:
            self.rotation_times.pop(next(iter(self.rotation_times)))
        self.rotation_times[facts.token_id] = facts.rotation_time

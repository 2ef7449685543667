"""Which mints had no reason, and which came to nothing: the ledger against the Secrets.

A mint is undue when it replaced a token that had more life left than the rule asks (plus the spread, plus a
lenience), although the request was the same and nobody asked. It is judged a little later than it is seen,
when both watches and the ledger have told. A mint is an orphan when no Secret was ever seen to hold its token.
It was cut short, and nobody's fault, where its session was deleted while it was made or written: a request that is
under way cannot be called back. What was minted while the watch was blind cannot be judged.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from observer.deletions import Deletions
from observer.rule import undue_above
from observer.subject import ORDER_GRACE_S

if TYPE_CHECKING:
    from observer.content import Held, Mint
    from observer.subject import Subject

ORPHAN_GRACE_S: Final = 10.0
"""How long after its mint a token may reach its Secret."""

JUDGE_AFTER_S: Final = 2 * ORDER_GRACE_S
"""When the ledger and the other watch have certainly told what belongs to a replacement."""

BLIND_MARGIN_S: Final = 5.0
"""A token seen only by others may have been minted so long before the watch went blind."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A write that replaced a token for the same request.

    Attributes:
        subject: the session.
        old: the token replaced.
        new: the token that replaced it.
        seen_at: when the write was seen, on the observer's clock.
        propagation: the way of delivery known at that moment.
    """

    subject: Subject
    old: Held
    new: Held
    seen_at: float
    propagation: str

    def life_left(self, clock_offset: float) -> float:
        """Seconds the old token had left when the new one was minted, or seen if the ledger does not tell."""
        minted_at = self.new.mint.issued_at if self.new.mint else self.seen_at + clock_offset
        return self.old.expires_at - minted_at

    def allowed(self) -> float:
        """Seconds of life left up to which the mint was due, by the slower of the ways of delivery around it."""
        lifetime = self.old.lifetime or 0.0
        ways = (self.propagation, self.subject.facts.propagation)
        return max(undue_above(lifetime, way) for way in ways)

    def is_undue(self, clock_offset: float) -> bool:
        """Whether there was no reason to mint."""
        if self.new.rotate != self.old.rotate and self.new.rotate in self.subject.asked:
            return False
        return self.life_left(clock_offset) > self.allowed()


@dataclass(frozen=True, slots=True)
class Lost:
    """Mints that no Secret was seen to hold.

    Attributes:
        orphans: of which nothing tells why.
        unanswered: the part of the orphans that the provider never told to anybody.
        cut_short: that the deletion of their session explains.
        unjudged: made while the watch was blind.
    """

    orphans: int
    unanswered: int
    cut_short: int
    unjudged: int


class Mints:
    """The ledger's side of the account. Remembers a token until both the ledger and a Secret have told of it."""

    def __init__(self, *, has_ledger: bool, began_at: float, orphan_grace: float) -> None:
        self.count = 0
        self.undue = 0
        self.findings: deque[str] = deque(maxlen=20)
        self._has_ledger = has_ledger
        self._began_at = began_at
        self._orphan_grace = orphan_grace
        # With the moment on the observer's clock: the provider's may be set before it is judged.
        self._unseen: dict[bytes, tuple[Mint, float]] = {}
        self._awaiting: dict[bytes, Held | None] = {}
        self._replaced: deque[Replacement] = deque()
        self._blind: list[tuple[float, float]] = []
        self._deletions = Deletions(reach=orphan_grace)

    def enter(self, mint: Mint, clock_offset: float) -> Held | None:
        """Take a line of the ledger; give the token it belongs to, if a Secret was seen with it already."""
        issued_at = mint.issued_at - clock_offset
        self.count += issued_at >= self._began_at
        if mint.digest not in self._awaiting:
            if mint.expires_at - clock_offset >= self._began_at or issued_at >= self._began_at:
                self._unseen[mint.digest] = mint, issued_at
            return None
        held = self._awaiting.pop(mint.digest)
        if held is not None:
            held.mint = mint
        return held

    def seen(self, held: Held) -> None:
        """A Secret holds this token: find its line, now or when it comes."""
        held.mint, _ = self._unseen.pop(held.digest, (None, 0.0))
        if held.mint is None and self._has_ledger:
            self._awaiting[held.digest] = held

    def skipped(self, digest: bytes) -> None:
        """A Secret once held this token, while nobody looked."""
        if self._unseen.pop(digest, None) is None and self._has_ledger:
            self._awaiting.setdefault(digest, None)

    def replaced(self, replacement: Replacement, clock_offset: float) -> None:
        """Remember a replacement until it can be judged."""
        self._replaced.append(replacement)
        self._judge(replacement.seen_at, clock_offset)

    def blind(self, begin: float, end: float) -> None:
        """Between these moments, on the observer's clock, writes may have gone unseen."""
        self._blind.append((begin - BLIND_MARGIN_S, end))

    def session_deleted(self, at: float, model: str) -> None:
        """A session that asks for this model is being deleted; that explains one mint of the model at most."""
        self._deletions.add(at, model, self._unseen.values())

    def undue_by(self, at: float, clock_offset: float) -> int:
        """Undue mints up to now, those included that are not judged for good."""
        self._judge(at, clock_offset)
        return self.undue + sum(one.is_undue(clock_offset) for one in self._replaced)

    def lost_by(self, at: float) -> Lost:
        """What no Secret was seen to hold up to now, once it has had time to come."""
        judged, unjudged = [], 0
        for mint, issued_at in self._unseen.values():
            if not self._began_at <= issued_at <= at - self._orphan_grace:
                continue
            if any(begin <= issued_at <= end for begin, end in self._blind):
                unjudged += 1
            else:
                judged.append((mint, issued_at))
        orphans = self._deletions.unexplained(judged)
        return Lost(
            orphans=len(orphans),
            unanswered=sum(not mint.answered for mint in orphans),
            cut_short=len(judged) - len(orphans),
            unjudged=unjudged,
        )

    def unmatched(self) -> int:
        """How many tokens only one side has told of."""
        return len(self._unseen) + len(self._awaiting)

    def _judge(self, at: float, clock_offset: float) -> None:
        while self._replaced and at - self._replaced[0].seen_at > JUDGE_AFTER_S:
            one = self._replaced.popleft()
            if one.is_undue(clock_offset):
                self.undue += 1
                self.findings.append(_finding(one, clock_offset))


def _finding(one: Replacement, clock_offset: float) -> str:
    facts = one.subject.facts
    return (
        f"undue mint: {facts.namespace}/{facts.name} replaced {one.old.token_id} with"
        f" {one.life_left(clock_offset):.1f} s left, {one.allowed():.1f} s allowed"
    )

"""The account: fed with events and their moments, it gives the figures.

Pure: no clock, no I/O, and no order presumed between what its two watches tell. All moments are seconds
since the epoch on the observer's clock; times inside tokens and the ledger are on the provider's clock, which
is ``clock_offset`` ahead. A session's Secret is found by its owner's UID, else by the name the session gives it.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from observer.content import Held, Mint, SecretContent, SessionFacts, held_in
from observer.figures import SHARES, Figures, SessionRow, percentile
from observer.mints import ORPHAN_GRACE_S, Mints, Replacement
from observer.subject import Exposure, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

Name = tuple[str, str]
"""Namespace and name."""


class Account:
    """What happened to all sessions.

    Memory: constant per session, plus tokens that only one side has told of, and the deletions that may explain them.
    """

    def __init__(
        self,
        *,
        began_at: float,
        clock_offset: float = 0.0,
        has_ledger: bool = False,
        orphan_grace: float = ORPHAN_GRACE_S,
    ) -> None:
        self._mints = Mints(has_ledger=has_ledger, began_at=began_at, orphan_grace=orphan_grace)
        self._offset = clock_offset
        self._subjects: dict[str, Subject] = {}
        self._by_secret: dict[Name, list[str]] = {}
        self._holder: dict[Name, str] = {}
        self._unclaimed: dict[Name, tuple[float, SecretContent]] = {}
        self._ended = Exposure()
        self._ended_sessions = self._observations = self._rotations = self._torn = 0
        self._fresh_again_at: float | None = None
        self._life_used, self._lives = 0.0, 0
        self._lateness = array("d")

    def session_seen(self, at: float, facts: SessionFacts) -> None:
        """A session is there, with these facts."""
        name = (facts.namespace, facts.secret_name)
        subject = self._subjects.get(facts.uid)
        if subject is None:
            if facts.deleting:
                return
            subject = self._subjects[facts.uid] = Subject(facts, at)
            self._by_secret.setdefault(name, []).append(facts.uid)
            self._claim(subject, name)
        if facts.deleting and not subject.ended:
            self._mints.session_deleted(at, facts.model)
        keys_before = subject.facts.keys
        subject.describe(at, facts, self._offset)
        if subject.unread is not None and facts.keys != keys_before:
            held = held_in(subject.unread, facts.keys)
            if held is not None:
                self._hold(subject, subject.since, held)

    def session_gone(self, at: float, uid: str) -> None:
        """A session is deleted."""
        subject = self._subjects.pop(uid, None)
        if subject is None:
            return
        name = (subject.facts.namespace, subject.facts.secret_name)
        if not subject.ended:
            self._mints.session_deleted(at, subject.facts.model)
            subject.end(at, self._offset)
        self._ended += subject.settled
        self._ended_sessions += 1
        self._note_fresh(subject.fresh_again_at)
        self._by_secret[name].remove(uid)
        if not self._by_secret[name]:
            del self._by_secret[name]
        if self._holder.get(name) == uid:
            del self._holder[name]

    def secret_seen(self, at: float, content: SecretContent) -> None:
        """A Secret is there, with this content."""
        self._observations += 1
        name = (content.namespace, content.name)
        uid = self._whose(name, content)
        before = self._holder.get(name)
        if before is not None and before != uid:
            self._subjects[before].lose(at, None, self._offset)
            del self._holder[name]
        if content.owner_uid == uid:
            self._unclaimed.pop(name, None)
        else:
            self._unclaimed[name] = (at, content)
        if uid is not None:
            self._holder[name] = uid
            self._read(self._subjects[uid], at, content)

    def secret_gone(self, at: float, name: Name) -> None:
        """A Secret is deleted, or no longer labelled as ours."""
        self._unclaimed.pop(name, None)
        uid = self._holder.pop(name, None)
        if uid is not None:
            self._subjects[uid].lose(at, None, self._offset)

    def forgive(self, name: Name, until: float) -> None:
        """Somebody is about to take the token of a Secret away; it need not be there again before ``until``.

        Where there is none already nothing is taken, and nothing forgiven.
        """
        uid = self._holder.get(name)
        if uid is not None and self._subjects[uid].held is not None:
            self._subjects[uid].forgiven_until = until

    def minted(self, mint: Mint) -> None:
        """The ledger tells of a mint."""
        held = self._mints.enter(mint, self._offset)
        if held is not None and not held.torn and not held.matches_ledger():
            self._torn += 1

    def blind(self, begin: float, end: float) -> None:
        """Between these moments writes of Secrets may have gone unseen."""
        self._mints.blind(begin, end)

    def clock_offset_changed(self, at: float, clock_offset: float) -> None:
        """The provider's clock was set; what was judged until now stays judged."""
        if clock_offset != self._offset:
            for subject in self._subjects.values():
                subject.settle(at, self._offset)
            self._offset = clock_offset

    def exposure(self, at: float) -> Exposure:
        """What all sessions suffered up to ``at``."""
        return sum((one.total(at, self._offset) for one in self._subjects.values()), self._ended)

    def figures(self, at: float) -> Figures:
        """The figures up to ``at``."""
        total, unfresh, fresh_again_at = self._ended, 0, self._fresh_again_at or 0.0
        for subject in self._subjects.values():
            running = subject.exposure(at, self._offset)
            total = total + subject.settled + running
            unfresh += bool(running.expired or running.missing)
            fresh_again_at = max(fresh_again_at, subject.fresh_again_at or 0.0)
        lost = self._mints.lost_by(at)
        ordered = sorted(self._lateness)
        return Figures(
            sessions=len(self._subjects) + self._ended_sessions,
            observations=self._observations,
            rotations=self._rotations,
            expired_seconds=total.expired,
            missing_seconds=total.missing,
            excused_seconds=total.excused,
            fresh_again_at=(fresh_again_at or None) if not unfresh else None,
            unfresh=unfresh,
            torn=self._torn,
            mints=self._mints.count,
            undue_mints=self._mints.undue_by(at, self._offset),
            orphan_mints=lost.orphans,
            cut_short_mints=lost.cut_short,
            unanswered_mints=lost.unanswered,
            unjudged_mints=lost.unjudged,
            life_used_mean=self._life_used / self._lives if self._lives else None,
            lateness_p50_s=percentile(ordered, 0.5),
            lateness_p99_s=percentile(ordered, 0.99),
            lateness_max_s=percentile(ordered, 1.0),
        )

    def lateness_quantiles(self) -> list[tuple[float, float]]:
        """Share of the rotations and the lateness in seconds that so many of them do not exceed; empty without rotations."""
        ordered = sorted(self._lateness)
        return [(share, value) for share in SHARES if (value := percentile(ordered, share)) is not None]

    def rows(self, at: float) -> Iterator[SessionRow]:
        """The sessions that are there, in the order they were first seen."""
        for subject in self._subjects.values():
            cost, held, facts = subject.total(at, self._offset), subject.held, subject.facts
            yield SessionRow(
                namespace=facts.namespace,
                name=facts.name,
                first_token_at=subject.first_token_at,
                issued_at=held.issued_at if held else None,
                expires_at=held.expires_at if held else None,
                rotations=subject.rotations,
                expired_seconds=cost.expired,
                missing_seconds=cost.missing,
            )

    def findings(self) -> list[str]:
        """The latest undue mints, a sentence each."""
        return list(self._mints.findings)

    def unmatched(self) -> int:
        """How many tokens are remembered because only the ledger or only a Secret has told of them."""
        return self._mints.unmatched()

    def _whose(self, name: Name, content: SecretContent) -> str | None:
        """The session whose readers find this Secret, None if it is not known, or not known yet."""
        if content.owner_uid in self._subjects:
            return content.owner_uid
        named = next(iter(self._by_secret.get(name, ())), None)
        if named is None or content.owner_uid is None:
            return named
        # An unknown owner is dead, or not seen yet: then what the namesake holds is not replaced.
        return named if self._subjects[named].held is None else None

    def _claim(self, subject: Subject, name: Name) -> None:
        """Give a new session the Secret that was seen before it."""
        at, content = self._unclaimed.get(name, (0.0, None))
        holder = self._holder.get(name)
        if content is None or (holder is not None and content.owner_uid != subject.facts.uid):
            return
        if holder is not None:
            self._subjects[holder].lose(at, None, self._offset)
        if content.owner_uid == subject.facts.uid:
            del self._unclaimed[name]
        subject.since = min(subject.since, at)
        self._holder[name] = subject.facts.uid
        self._read(subject, at, content)

    def _read(self, subject: Subject, at: float, content: SecretContent) -> None:
        held = held_in(content, subject.facts.keys)
        if held is None:
            subject.lose(at, content if content.data else None, self._offset)
        else:
            self._hold(subject, at, held)

    def _hold(self, subject: Subject, at: float, held: Held) -> None:
        """Compare the token with the one before, then let the session hold it."""
        at = max(at, subject.since)
        before, minted = subject.held, subject.minted
        known = next((one for one in (before, minted) if one and one.digest == held.digest), None)
        if known is not None:
            held.mint = known.mint
        if held.mint is None and not held.alien:
            self._mints.seen(held)
        if held.torn or not held.matches_ledger():
            self._torn += 1
        if before is not None and known is None and not held.alien:
            self._rotated(subject, at, before, held)
        if held.previous and minted and held.previous not in (minted.digest, held.digest) and known is None:
            self._mints.skipped(held.previous)
        subject.hold(at, held, self._offset)

    def _rotated(self, subject: Subject, at: float, old: Held, new: Held) -> None:
        self._rotations += 1
        subject.rotations += 1
        if old.lifetime:
            self._life_used += 1 - (old.expires_at - self._offset - at) / old.lifetime
            self._lives += 1
        same = old.request_hash == new.request_hash and old.rotate == new.rotate
        due_at = subject.rotation_times.get(old.token_id)
        if same and due_at is not None:
            self._lateness.append(at - due_at)
        comparable = old.secret_uid == new.secret_uid and not old.torn and old.lifetime
        if comparable and old.request_hash == new.request_hash:
            replacement = Replacement(subject, old, new, at, subject.facts.propagation)
            self._mints.replaced(replacement, self._offset)

    def _note_fresh(self, at: float | None) -> None:
        if at is not None:
            self._fresh_again_at = max(at, self._fresh_again_at or at)

"""Seconds in which readers found an expired token, or none: exact, and only where something was promised."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observer.story import EPOCH, NAME, NAMESPACE, Story


@dataclass(frozen=True)
class Case:
    """A story, the moment it is looked at, and what it costs."""

    says: str
    story: Story
    at: float
    expired: float = 0.0
    missing: float = 0.0
    excused: float = 0.0


CASES = [
    Case(
        "a token replaced before its expiry costs nothing",
        Story().session(0).token(1, "a", expires=60).token(40, "b", expires=100),
        at=99,
    ),
    Case(
        "a token that is not replaced costs from its expiry on, while it goes on",
        Story().session(0).token(1, "a", expires=60),
        at=72.5,
        expired=12.5,
    ),
    Case(
        "a token replaced late costs from its expiry to the write",
        Story().session(0).token(1, "a", expires=60).token(63.25, "b", expires=120),
        at=110,
        expired=3.25,
    ),
    Case(
        "a token that was expired when it was first seen costs from then on only",
        Story().session(0).token(10, "a", expires=4),
        at=12,
        expired=2,
    ),
    Case(
        "each late rotation costs for itself",
        Story().session(0).token(0, "a", expires=10).token(12, "b", expires=22).token(23, "c", expires=33),
        at=34,
        expired=2 + 1 + 1,
    ),
    Case(
        "expiry is on the provider's clock: one that is ahead takes life away",
        Story(clock_offset=5).session(0).token(0, "a", expires=60),
        at=60,
        expired=5,
    ),
    Case(
        "a clock of the provider that is behind gives life",
        Story(clock_offset=-5).session(0).token(0, "a", expires=60),
        at=64,
    ),
    Case(
        "the deletion of the session ends the account of its token",
        Story().session(0).token(0, "a", expires=10).session_gone(11),
        at=100,
        expired=1,
    ),
    Case(
        "a session with a deletion time is promised nothing more",
        Story().session(0).token(0, "a", expires=10).session(8, deleting=True),
        at=100,
    ),
    Case(
        "a suspended session's expired token is excused, not counted",
        Story().session(0).token(0, "a", expires=10).session(5, suspended=True),
        at=14,
        excused=4,
    ),
    Case(
        "a session suspended after its token expired is counted until then",
        Story().session(0).token(0, "a", expires=10).session(13, suspended=True),
        at=20,
        expired=3,
        excused=7,
    ),
    Case(
        "a session resumed with a dead token is excused until it has a living one",
        Story()
        .session(0)
        .token(0, "a", expires=10)
        .session(5, suspended=True)
        .session(20)
        .token(21, "b", expires=30),
        at=32,
        excused=11,
        expired=2,
    ),
    Case(
        "a session resumed while its token lives is promised again at once",
        Story().session(0).token(0, "a", expires=10).session(5, suspended=True).session(6),
        at=12,
        expired=2,
    ),
    Case(
        "a token whose request was refused is counted when it expires, stalled or not",
        Story().session(0).token(0, "a", expires=10).session(5, stalled=True),
        at=12,
        expired=2,
    ),
    Case("a session that never had a token misses nothing", Story().session(0), at=100),
    Case(
        "a deleted Secret is missing until it is back",
        Story().session(0).token(0, "a", expires=60).secret_gone(10).token(13.5, "b", expires=73.5),
        at=20,
        missing=3.5,
    ),
    Case(
        "a Secret without the token's entry is missing, while it goes on",
        Story().session(0).token(0, "a", expires=60).raw(10, {"model": "gpt-realtime"}),
        at=12,
        missing=2,
    ),
    Case(
        "an empty token is no token",
        Story().session(0).token(0, "a", expires=60).raw(10, {"token": ""}),
        at=11,
        missing=1,
    ),
    Case(
        "a missing Secret does not expire as well",
        Story().session(0).token(0, "a", expires=60).secret_gone(50),
        at=70,
        missing=20,
    ),
    Case(
        "missing while only a person can help is excused",
        Story().session(0).token(0, "a", expires=60).session(5, stalled=True).secret_gone(10),
        at=30,
        excused=20,
    ),
    Case(
        "missing while suspended is excused",
        Story().session(0).token(0, "a", expires=60).session(5, suspended=True).secret_gone(10),
        at=30,
        excused=20,
    ),
    Case(
        "Ready without any Secret is missing from the moment it was said",
        Story().session(0).session(5, ready=True),
        at=15,
        missing=10,
    ),
    Case(
        "a Secret seen a little after Ready was there: two watches have no common order",
        Story().session(0).session(5, ready=True).token(6.5, "a", expires=60),
        at=50,
    ),
    Case(
        "a Secret seen long after Ready was missing until then",
        Story().session(0).session(5, ready=True).token(9, "a", expires=60),
        at=50,
        missing=4,
    ),
    Case(
        "a Secret that goes just before its session went with it",
        Story().session(0).token(0, "a", expires=60).secret_gone(10).session_gone(12),
        at=50,
    ),
    Case(
        "a Secret that goes long before its session was missing",
        Story().session(0).token(0, "a", expires=60).secret_gone(10).session_gone(22),
        at=50,
        missing=12,
    ),
    Case(
        "a Secret seen before its session is judged from when it was seen",
        Story().token(0, "a", expires=10).session(12),
        at=13,
        expired=3,
    ),
    Case(
        "a renamed entry is where the token is looked for",
        Story().session(0, keys={"token": "KEY"}).raw(1, {"KEY": "a"}).raw(5, {"token": "a"}),
        at=8,
        missing=3,
    ),
    Case(
        "an entry renamed in the session, seen after the Secret that has it, was never missing",
        Story()
        .session(0)
        .token(1, "a", expires=60)
        .raw(5, {"KEY": "b", "expires-at": "2100-01-01T00:00:00Z"})
        .session(5.1, keys={"token": "KEY"}),
        at=30,
    ),
    Case(
        "an entry renamed in the session only does not make the token in the old one missing",
        Story().session(0).token(1, "a", expires=60).session(5, keys={"token": "KEY"}),
        at=30,
    ),
    Case(
        "a Secret whose dead owner nobody knows is still the one that readers find by its name",
        Story().session(0).token(0, "a", expires=60).secret_gone(5).token(6, "a", expires=60, owner="dead"),
        at=50,
        missing=1,
    ),
    Case(
        "a dead namesake's token that goes before the session has one of its own is not missing",
        Story().session(0).token(1, "a", expires=60, owner="dead").secret_gone(5).token(8, "b", expires=68),
        at=20,
    ),
    Case(
        "a dead namesake's token that expires while readers find it is counted",
        Story().session(0).token(1, "a", expires=10, owner="dead").token(13, "b", expires=73),
        at=20,
        expired=3,
    ),
    Case(
        "a dead namesake's token that the session has taken over is missing when it goes",
        Story()
        .session(0)
        .token(1, "a", expires=60, owner="dead")
        .token(2, "a", expires=60)
        .secret_gone(5)
        .token(8, "b", expires=68),
        at=20,
        missing=3,
    ),
    Case(
        "a dead namesake's token that made the session say Ready is missing when it goes",
        Story()
        .session(0)
        .token(1, "a", expires=60, owner="dead")
        .session(2, ready=True)
        .secret_gone(5)
        .token(8, "b", expires=68),
        at=20,
        missing=3,
    ),
    Case(
        "the Secret of the next session of that name is not this one's",
        Story().session(0).token(0, "a", expires=60).token(5, "b", expires=65, owner="next").session_gone(6),
        at=50,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_what_readers_found(case: Case) -> None:
    """The seconds of each story are exact."""
    figures = case.story.figures(case.at)
    found = (figures.expired_seconds, figures.missing_seconds, figures.excused_seconds)
    assert found == pytest.approx((case.expired, case.missing, case.excused))


def test_the_younger_of_two_sessions_that_name_one_secret_has_no_account_of_it() -> None:
    """The Secret's owner is judged by it, once; the other one was never served."""
    story = Story().session(0).token(0, "a", expires=10).session(1, uid="younger", name="younger")
    figures = story.token(2, "b", expires=20).figures(25)
    assert (figures.sessions, figures.rotations) == (2, 1)
    assert (figures.expired_seconds, figures.missing_seconds) == pytest.approx((5, 0))


def test_a_secret_that_another_session_takes_is_missing_for_the_first() -> None:
    """When the owner changes while both sessions are there, one has lost its token and the other has one."""
    story = Story().session(0).token(0, "a", expires=60).session(1, uid="other", name="other")
    story.token(5, "b", expires=10, owner="other")
    figures = story.figures(12)
    assert (figures.expired_seconds, figures.missing_seconds) == pytest.approx((2, 7))
    assert figures.rotations == 0


def test_a_new_session_takes_the_secret_that_was_its_own_before_it_was_seen() -> None:
    """A Secret that a namesake held for want of its owner goes to the owner when that is seen."""
    story = Story().session(0).token(0, "a", expires=60).secret_gone(5)
    story.token(6, "b", expires=10, owner="next").session(7, uid="next").session_gone(16)
    figures = story.figures(18)
    assert (figures.expired_seconds, figures.missing_seconds) == pytest.approx((8, 1 + 10))


def test_a_new_session_does_not_take_a_secret_that_is_not_its_own() -> None:
    """A Secret with a dead owner stays with the session whose readers have it, whoever else names it."""
    story = Story().session(0).token(0, "a", expires=60).secret_gone(5)
    story.token(6, "b", expires=10, owner="dead").session(7, uid="third", name="third")
    figures = story.figures(12)
    assert (figures.expired_seconds, figures.missing_seconds) == pytest.approx((2, 1))


def test_a_secret_without_an_owner_belongs_to_the_session_that_names_it_now() -> None:
    """Orphaned by deletion, a Secret is read by whoever reads that name: the next session's readers."""
    story = Story().session(0).token(0, "a", expires=60).session_gone(1).session(2, uid="next")
    assert story.token(3, "b", expires=10, owner=None).figures(12).expired_seconds == pytest.approx(2)


@pytest.mark.parametrize(("until", "missing"), [(20, 0), (14, 3), (9, 7), (0, 7)])
def test_what_somebody_takes_away_is_forgiven_for_a_while(until: float, missing: float) -> None:
    """Its time counts from when it had to be back."""
    story = Story().session(0).token(0, "a", expires=60)
    story.account.forgive((NAMESPACE, NAME), EPOCH + until)
    figures = story.secret_gone(10).token(17, "a", expires=60).figures(30)
    assert (figures.missing_seconds, figures.excused_seconds) == pytest.approx((missing, 7 - missing))
    story.account.forgive((NAMESPACE, "nobody's"), EPOCH + until)


def test_what_is_missing_already_is_not_forgiven_when_somebody_takes_the_rest() -> None:
    """A second loss takes no token, so the time since the first one's grace goes on to count."""
    story = Story().session(0).token(0, "a", expires=300)
    story.account.forgive((NAMESPACE, NAME), EPOCH + 15)
    story.raw(10, {"model": "gpt-realtime"})
    story.account.forgive((NAMESPACE, NAME), EPOCH + 95)
    figures = story.secret_gone(90).token(94, "a", expires=300).figures(100)
    assert (figures.missing_seconds, figures.excused_seconds) == pytest.approx((79, 5))


def test_what_is_lost_once_more_is_not_forgiven_for_the_first_time_s_sake() -> None:
    """Forgiveness ends when the token is back, however long it might have taken."""
    story = Story().session(0).token(0, "a", expires=300)
    story.account.forgive((NAMESPACE, NAME), EPOCH + 75)
    story.secret_gone(10).token(12, "a", expires=300).secret_gone(30).token(70, "a", expires=300)
    figures = story.figures(100)
    assert (figures.missing_seconds, figures.excused_seconds) == pytest.approx((40, 2))


def test_the_first_token_is_the_first_of_its_own() -> None:
    """How long a session waited for its token is not told by what a dead namesake left."""
    story = Story().session(0).token(1, "a", expires=60, owner="dead")
    assert [row.first_token_at for row in story.account.rows(EPOCH + 2)] == [None]
    story.token(3, "b", expires=63).token(40, "c", expires=100)
    assert [row.first_token_at for row in story.account.rows(EPOCH + 50)] == [EPOCH + 3]


def test_looking_does_not_change_the_account() -> None:
    """Figures taken while time is running are not added to those taken later."""
    story = Story().session(0).token(0, "a", expires=10)
    assert [story.figures(at).expired_seconds for at in (11, 12, 13)] == pytest.approx([1, 2, 3])


def test_the_end_of_the_last_exposure_is_told_once_all_is_fresh() -> None:
    """After an outage the figures say when the last token was fresh again."""
    story = Story().session(0).token(0, "a", expires=10)
    assert (story.figures(11).unfresh, story.figures(11).fresh_again_at) == (1, None)
    figures = story.token(12.5, "b", expires=72).figures(20)
    assert figures.unfresh == 0
    assert figures.fresh_again_at == EPOCH + 12.5


def test_a_missing_token_ends_like_an_expired_one() -> None:
    """The moment at which all is fresh again counts missing tokens, too."""
    story = Story().session(0).token(0, "a", expires=60).secret_gone(10).token(12.5, "b", expires=72)
    assert story.figures(20).fresh_again_at == EPOCH + 12.5


def test_a_clock_that_is_set_judges_only_what_comes_after() -> None:
    """When the provider's clock jumps past an expiry, the token is expired from the jump on."""
    story = Story().session(0).token(0, "a", expires=60)
    story.account.clock_offset_changed(EPOCH + 30, 100.0)
    assert story.figures(33).expired_seconds == pytest.approx(3)


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.sampled_from(["token", "gone", "empty", "suspend", "resume"]),
        st.integers(1, 30),
    ),
    max_size=25,
)


@given(EVENTS)
def test_intervals_equal_what_a_clerk_counts_second_by_second(events: list[tuple[int, str, int]]) -> None:
    """The interval arithmetic equals a naive count of whole seconds, whatever happens."""
    story, clerk, now = Story().session(0), Clerk(), 0
    for number, (pause, what, life) in enumerate(events):
        clerk.count(now, now + pause)
        now += pause
        clerk.happens(what, now + life, now)
        match what:
            case "token":
                story.token(now, f"token-{number}", expires=now + life, life=life)
            case "gone":
                story.secret_gone(now)
            case "empty":
                story.raw(now, {"token": ""})
            case _:
                story.session(now, suspended=what == "suspend")
    clerk.count(now, now + 7)
    figures = story.figures(now + 7)
    counted = (figures.expired_seconds, figures.missing_seconds, figures.excused_seconds)
    assert counted == pytest.approx((clerk.expired, clerk.missing, clerk.excused))


class Clerk:
    """Looks at the Secret once in every second and makes a mark."""

    def __init__(self) -> None:
        self.expired = self.missing = self.excused = 0
        self._expiry: int | None = None
        self._served = self._suspended = False
        self._promised = True

    def happens(self, what: str, expiry: int, now: int) -> None:
        """Take note of an event."""
        if what in {"gone", "empty"}:
            self._expiry = None
        elif what == "token":
            self._expiry, self._served = expiry, True
        else:
            self._suspended = what == "suspend"
        alive = self._expiry is not None and self._expiry > now
        self._promised = not self._suspended and (self._promised or alive)

    def count(self, begin: int, end: int) -> None:
        """Make a mark for every second in which there is something to mark."""
        for second in range(begin, end):
            if self._expiry is None and self._served:
                self.missing += self._promised
                self.excused += not self._promised
            elif self._expiry is not None and second >= self._expiry:
                self.expired += self._promised
                self.excused += not self._promised

"""Which mints were not due, which came to nothing, and what the rotations were like."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest

from observer.rule import life_left_asked
from tests.observer.story import EPOCH, Story, secret_parts


@pytest.mark.parametrize(
    ("lifetime", "propagation", "left"),
    [
        pytest.param(600, "Kubelet", 200, id="a third of 600 s is more than the lead of 151 s"),
        pytest.param(300, "Kubelet", 151, id="the lead of 151 s is more than a third of 300 s"),
        pytest.param(60, "PodAnnotation", 20, id="a third of 60 s is more than the lead of 18 s"),
        pytest.param(10, "None", 5, id="10 s of life: 3 s of propagation and clock, 2 s of reserve"),
        pytest.param(60, "Kubelet", 30, id="a life too short for the kubelet is rotated at its half"),
        pytest.param(115, "Kubelet", 92, id="never more than 80 % of the life is left"),
        pytest.param(7200, "None", 2400, id="a long life is rotated at two thirds"),
        pytest.param(7200, "Carrier pigeon", 2400, id="an unknown way counts as the slowest"),
    ],
)
def test_life_left_when_rotation_begins(lifetime: float, propagation: str, left: float) -> None:
    """The rule as it is defined, in examples."""
    assert life_left_asked(lifetime, propagation) == pytest.approx(left)


@dataclass(frozen=True)
class Case:
    """A story and the undue mints in it; looked at right after it, and long after it."""

    says: str
    story: Story
    undue: int = 0
    rotations: int = 1


def first() -> Story:
    """A session with a token of 60 s; the rule asks for 20 s left, 25 s are allowed."""
    return Story().session(0).token(0, "a", expires=60)


CASES = [
    Case("a first token is neither undue nor a rotation", first(), rotations=0),
    Case("a token replaced when the rule asks is due", first().token(40, "b", expires=100)),
    Case("earlier by the spread and the lenience is due", first().token(35.2, "b", expires=95)),
    Case("earlier than that is undue", first().token(34.8, "b", expires=95), undue=1),
    Case(
        "two mints in a row make the second undue",
        first().token(40, "b", expires=100).token(41, "c", expires=101),
        undue=1,
        rotations=2,
    ),
    Case("another request is a reason to mint", first().token(10, "b", expires=70, request_hash="other")),
    Case(
        "a rotate value of the session is a reason to mint",
        first().session(9, rotate="now").token(10, "b", expires=70, rotate="now"),
    ),
    Case(
        "a rotate value may be seen after the Secret that acknowledges it",
        first().token(10, "b", expires=70, rotate="now").session(10.1, rotate="now"),
    ),
    Case(
        "a rotate value that no session ever had is no reason",
        first().token(10, "b", expires=70, rotate="forged"),
        undue=1,
    ),
    Case(
        "a rotate value is a reason only once",
        first()
        .session(9, rotate="now")
        .token(10, "b", expires=70, rotate="now")
        .token(12, "c", expires=72, rotate="now"),
        undue=1,
        rotations=2,
    ),
    Case(
        "a slower way of delivery asks for more life",
        first().session(9, propagation="Kubelet").token(26, "b", expires=86),
    ),
    Case(
        "a slower way of delivery may be seen after the Secret that is rotated for it",
        first().token(26, "b", expires=86).session(26.1, propagation="Kubelet"),
    ),
    Case(
        "a slower way of delivery counts for a mint that was under way when it was given up",
        first().session(9, propagation="Kubelet").token(26, "b", expires=86).session(26.1),
    ),
    Case(
        "the first token of the next session of that name replaces nothing",
        first().token(5, "b", expires=65, owner="next", request_hash="next's").session_gone(6),
        rotations=0,
    ),
    Case(
        "a Secret that was deleted is a reason to mint, and no rotation",
        first().secret_gone(5).token(6, "b", expires=66, secret_uid="new"),
        rotations=0,
    ),
    Case(
        "a Secret that was replaced unseen is a reason to mint",
        first().token(6, "b", expires=66, secret_uid="new"),
    ),
    Case(
        "a token put back is no mint and no rotation",
        first().raw(5, {"token": "x"}, {"realtime-operator.io/token-id": "0"}).token(6, "a", expires=60),
        rotations=0,
    ),
    Case("the same token written again is no rotation", first().token(6, "a", expires=60), rotations=0),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_undue_mints(case: Case) -> None:
    """A mint is undue when nothing asked for it, soon and for good."""
    for at in (41, 60, 600):
        figures = case.story.figures(at)
        assert (figures.undue_mints, figures.rotations) == (case.undue, case.rotations)


def test_an_undue_mint_is_told_in_a_sentence() -> None:
    """The finding names the session and the arithmetic, and never the token."""
    story = first().token(10, "secret-token", expires=70)
    assert story.figures(60).undue_mints == 1
    (finding,) = story.account.findings()
    assert "hotel/concierge" in finding
    assert "50.0 s left, 25.0 s allowed" in finding
    assert "secret-token" not in finding


def test_the_ledger_says_when_a_mint_was() -> None:
    """A mint is judged by the ledger's moment, not by the later one at which its Secret was seen."""
    story = Story(has_ledger=True).session(0).token(0, "a", expires=60).mint("a", issued=0, expires=60)
    story.token(38, "b", expires=95).mint("b", issued=30, expires=95)
    assert story.figures(60).undue_mints == 1


@pytest.mark.parametrize("ledger_first", [True, False], ids=["ledger first", "Secret first"])
def test_the_ledgers_expiry_counts(ledger_first: bool) -> None:  # noqa: FBT001 - a parameter
    """A Secret that tells a later expiry than the ledger is torn, and its seconds are the ledger's."""
    story = Story(has_ledger=True).session(0)
    if ledger_first:
        story.mint("a", issued=0, expires=40).token(0, "a", expires=60)
    else:
        story.token(0, "a", expires=60).mint("a", issued=0, expires=40)
    figures = story.figures(45)
    assert figures.torn == 1
    assert figures.expired_seconds == pytest.approx(5)


def test_what_the_ledger_said_of_a_token_holds_when_it_is_written_again() -> None:
    """A Secret that is written again with the same token keeps the ledger's expiry, in place or put back."""
    story = Story(has_ledger=True).session(0).token(0, "a", expires=60).mint("a", issued=0, expires=40)
    story.token(5, "a", expires=60).secret_gone(10).token(10, "a", expires=60, secret_uid="new")
    assert story.figures(45).expired_seconds == pytest.approx(5)


def test_a_mint_that_no_secret_ever_held_is_an_orphan_after_a_grace() -> None:
    """An orphan is counted only once its Secret has had time to come, and no longer when it comes."""
    story = Story(has_ledger=True).session(0).mint("a", issued=0, expires=60)
    assert story.figures(9).orphan_mints == 0
    assert story.figures(11).orphan_mints == 1
    assert story.token(12, "a", expires=60).figures(13).orphan_mints == 0


@dataclass(frozen=True)
class Farewell:
    """A session of the model ``lobby`` that is deleted at 100, and mints that no Secret ever held."""

    says: str
    minted_at: tuple[float, ...]
    cut_short: int
    model: str = "lobby"


FAREWELLS = [
    Farewell("a mint that was under way", (100.3,), 1),
    Farewell("a token that was being written", (99.0,), 1),
    Farewell("a token that had ten seconds to be written", (89.0,), 0),
    Farewell("a mint for a session that was known to be gone", (102.5,), 0),
    Farewell("a deletion explains one mint alone", (99.9, 100.1), 1),
    Farewell("a mint for somebody else", (100.3,), 0, model="lounge"),
    Farewell("a mint of which nobody knows for whom it was", (100.3,), 0, model=""),
]


@pytest.mark.parametrize("case", FAREWELLS, ids=lambda case: case.says)
@pytest.mark.parametrize("lingers", [False, True], ids=["gone at once", "being deleted for a while"])
def test_a_mint_that_its_sessions_deletion_cut_short(case: Farewell, *, lingers: bool) -> None:
    """It is told apart from orphans, once its Secret has had time to come; early and late looks find the same."""
    for looks in ([200.0], [100.0, 105.0, 111.0, 113.0, 200.0]):
        story = Story(has_ledger=True).session(0, model=case.model and "lobby")
        if lingers:
            story.session(100, model="lobby", deleting=True).session_gone(130)
        else:
            story.session_gone(100)
        for number, at in enumerate(case.minted_at):
            story.mint(f"t{number}", issued=at, expires=at + 60, model=case.model)
        figures = [story.figures(at) for at in looks][-1]
        orphans = len(case.minted_at) - case.cut_short
        assert (figures.orphan_mints, figures.cut_short_mints) == (orphans, case.cut_short)


def test_a_mint_in_a_secret_is_not_cut_short() -> None:
    """A deletion that comes right after a rotation took nothing away."""
    story = Story(has_ledger=True).session(0, model="lobby").token(99, "a", expires=159)
    story.mint("a", issued=99, expires=159, model="lobby").session_gone(100)
    assert (story.figures(120).orphan_mints, story.figures(120).cut_short_mints) == (0, 0)


def test_a_session_that_is_being_deleted_may_still_get_a_token() -> None:
    """What is seen in a Secret within the grace was not cut short."""
    story = Story(has_ledger=True).session(0, model="lobby").mint("a", issued=99, expires=159, model="lobby")
    assert story.session(100, model="lobby", deleting=True).figures(100.5).cut_short_mints == 0
    story.token(101, "a", expires=159)
    assert (story.figures(120).cut_short_mints, story.account.unmatched()) == (0, 0)


@pytest.mark.parametrize("looks", [(), (51.0, 54.0)], ids=["nobody looked before", "somebody did"])
def test_a_token_that_reaches_its_secret_late_was_not_cut_short(looks: tuple[float, ...]) -> None:
    """The deletion that seemed to explain it explains another mint, whoever asked meanwhile."""
    story = Story(has_ledger=True).session(0, model="lobby").session(0, uid="other", model="lobby")
    story.mint("late", issued=40, expires=100, model="lobby")
    story.session(41, uid="other", model="lobby", deleting=True)
    story.mint("lost", issued=41.5, expires=101.5, model="lobby")
    for at in looks:
        story.figures(at)
    before, after = story.figures(54), story.token(55, "late", expires=100).figures(90)
    assert (before.orphan_mints, before.cut_short_mints) == (1, 1)
    assert (after.orphan_mints, after.cut_short_mints) == (0, 1)
    assert story.account.unmatched() == 1


def test_a_mint_that_cannot_be_judged_takes_no_explanation() -> None:
    """What was minted while the watch was blind is unjudged anyway; the deletion explains another mint."""
    story = Story(has_ledger=True).session(0, model="lobby")
    story.mint("unseen", issued=30, expires=90, model="lobby").mint(
        "lost", issued=36, expires=96, model="lobby"
    )
    story.session_gone(36).account.blind(EPOCH + 20, EPOCH + 31)
    figures = story.figures(90)
    assert (figures.orphan_mints, figures.cut_short_mints, figures.unjudged_mints) == (0, 1, 1)


def test_an_orphan_that_nobody_was_told_is_shown_apart() -> None:
    """A mint that the provider made and never answered is an orphan, and is named unanswered."""
    figures = Story(has_ledger=True).mint("a", issued=0, expires=60, answered=False).figures(11)
    assert (figures.mints, figures.orphan_mints, figures.unanswered_mints) == (1, 1, 1)


def test_mints_before_the_observation_are_no_orphans() -> None:
    """What was minted before anybody looked may have been in any Secret, and still tells its expiry."""
    story = Story(has_ledger=True).mint("a", issued=-30, expires=30).mint("b", issued=-90, expires=-30)
    assert (story.figures(20).mints, story.figures(20).orphan_mints) == (0, 0)
    assert story.session(0).token(0, "a", expires=45).figures(32).expired_seconds == pytest.approx(2)


def test_mints_while_the_watch_was_blind_are_not_judged() -> None:
    """A token that may have been written and replaced unseen is no orphan."""
    story = Story(has_ledger=True).session(0).mint("a", issued=20, expires=80)
    story.account.blind(1_800_000_019.0, 1_800_000_025.0)
    figures = story.figures(60)
    assert (figures.orphan_mints, figures.unjudged_mints) == (0, 1)


def test_an_orphan_stays_where_it_was_when_the_clock_is_set() -> None:
    """What was minted while the watch was blind was so by the clock of that moment, whatever the provider's is set to later."""
    story = Story(has_ledger=True).session(0).mint("a", issued=20, expires=80)
    story.account.blind(1_800_000_019.0, 1_800_000_025.0)
    story.account.clock_offset_changed(1_800_000_030.0, 8.0)
    figures = story.figures(60)
    assert (figures.orphan_mints, figures.unjudged_mints) == (0, 1)


def test_a_token_known_only_as_the_previous_one_is_no_orphan() -> None:
    """What a Secret names as its previous token was in it."""
    story = Story(has_ledger=True).session(0).token(0, "a", expires=60).mint("a", issued=0, expires=60)
    story.mint("b", issued=40, expires=100).token(80, "c", expires=140, previous="b")
    story.mint("c", issued=80, expires=140)
    assert story.figures(200).orphan_mints == 0


TORN = [
    pytest.param({"expires-at": "soon"}, {}, id="an expiry that is none"),
    pytest.param({"realtime.json": "{}"}, {}, id="a document without the token"),
    pytest.param(
        {"realtime.json": '{"token":"b","expires-at":"2027-01-15T08:01:00Z"}'},
        {},
        id="a document with the token of another time",
    ),
    pytest.param({"realtime.json": "half of"}, {}, id="a document that is no JSON"),
    pytest.param({"token": "other"}, {}, id="a token that the document does not have"),
    pytest.param({}, {"realtime-operator.io/token-id": "0123456789ab"}, id="annotations of another token"),
    pytest.param(
        {}, {"realtime-operator.io/expires-at": "2030-01-01T00:00:00Z"}, id="annotations of another expiry"
    ),
]


@pytest.mark.parametrize(("data", "annotations"), TORN)
def test_contents_that_contradict_themselves(data: dict[str, str], annotations: dict[str, str]) -> None:
    """A Secret whose parts tell of different tokens is torn; the same one untouched is not."""
    whole = secret_parts("a", EPOCH, EPOCH + 60)
    assert Story().session(0).raw(1, *whole).figures(2).torn == 0
    assert Story().session(0).raw(1, whole[0] | data, whole[1] | annotations).figures(2).torn == 1


def test_lateness_is_the_write_minus_the_rotation_time_of_the_token_replaced() -> None:
    """Lateness is taken from status as it was said of that very token; early is negative."""
    story = first()
    for number, (due, seen) in enumerate([(40, 40.5), (80, 79.0), (120, 123.0)]):
        old, new = "abcd"[number], "abcd"[number + 1]
        token_id = hashlib.sha256(old.encode()).hexdigest()[:12]
        story.session(seen - 10, token_id=token_id, rotation_time=1_800_000_000.0 + due)
        story.token(seen, new, expires=seen + 60)
    figures = story.figures(125)
    assert figures.lateness_p50_s == pytest.approx(0.5)
    assert figures.lateness_p99_s == figures.lateness_max_s == pytest.approx(3.0)


def test_a_rotation_that_was_asked_for_is_neither_early_nor_late() -> None:
    """Rotate-now and a changed request have no rotation time to be measured by."""
    story = first().session(1, token_id=hashlib.sha256(b"a").hexdigest()[:12], rotation_time=EPOCH + 40)
    story.session(9, rotate="now").token(10, "b", expires=70, rotate="now")
    assert story.figures(11).lateness_p50_s is None


def test_life_used_is_the_mean_share_at_replacement() -> None:
    """Rotating at 40 s and at 50 s of 60 s uses three quarters on average."""
    figures = first().token(40, "b", expires=100).token(90, "c", expires=150).figures(91)
    assert figures.life_used_mean == pytest.approx(0.75)


def test_ten_thousand_mints_leave_no_trace_in_memory() -> None:
    """Tokens that ledger and Secret have both told of are forgotten: the account stays constant in size."""
    story = Story(has_ledger=True).session(0)
    for number in range(10_000):
        at = number * 40.0
        story.token(at, f"t{number}", expires=at + 60).mint(f"t{number}", issued=at, expires=at + 60)
    assert story.account.unmatched() == 0
    assert story.figures(400_000).rotations == 9_999

"""Whom a 429 is about."""

from __future__ import annotations

from realtime_operator.core.blame import Blame, Blamed
from tests.support.builders import NOW


def refused(
    blame: Blame,
    model: str,
    now: float = NOW,
    *,
    apart: bool = False,
    in_trial: bool = False,
    in_use: bool = False,
) -> Blamed:
    """The verdict on one refusal."""
    return blame.refused(model, now, apart=apart, in_trial=in_trial, in_use=in_use)


def well(*models: str, at: float = NOW) -> Blame:
    """What is known after these models were granted a request each."""
    blame = Blame()
    for model in models:
        assert blame.granted(model, at) is None
    return blame


def test_where_there_is_one_model_its_refusal_is_the_providers() -> None:
    """Nothing shows that another would be granted, however often it was granted before."""
    blame = well("a", "a")
    assert [refused(blame, "a"), refused(blame, "a")] == [Blamed.ALL] * 2
    assert refused(Blame(), "a") is Blamed.ALL


def test_who_is_refused_again_while_others_are_granted_has_a_limit_of_its_own() -> None:
    """The first time it may be anybody's; and apart it stays, whatever the others do."""
    blame = well("a", "b")
    assert refused(blame, "slow") is Blamed.NOBODY_YET
    assert blame.granted("a", NOW + 1) is None
    assert refused(blame, "slow", NOW + 2) is Blamed.MODEL
    assert refused(blame, "slow", NOW + 900, apart=True) is Blamed.MODEL


def test_two_models_in_a_row_tell_of_the_provider() -> None:
    """With a grant in between they do not."""
    blame = well("a", "b")
    assert [refused(blame, "x"), refused(blame, "y")] == [Blamed.NOBODY_YET, Blamed.ALL]
    blame = well("a", "b")
    assert refused(blame, "x") is Blamed.NOBODY_YET
    assert blame.granted("a", NOW) is None
    assert refused(blame, "y") is Blamed.NOBODY_YET


def test_at_a_rate_that_is_used_up_one_refusal_is_enough() -> None:
    """The limit is known to be near; and after a pause as well, until something is granted."""
    assert refused(well("a", "b"), "c", in_use=True) is Blamed.ALL
    assert refused(well("a", "b"), "c", in_trial=True) is Blamed.ALL


def test_where_more_models_are_refused_than_granted_it_is_the_provider() -> None:
    """A limit of five among forty models refuses each of them again and again, while others are granted."""
    blame = well("a", "b")
    for model in "uvwxyz":
        refused(blame, model)
    assert blame.granted("a", NOW + 1) is None
    assert refused(blame, "u", NOW + 1) is Blamed.ALL


def test_those_who_were_refused_long_ago_and_never_came_again_count_no_more() -> None:
    """Sessions that were deleted while a limit refused them would else stand against every verdict, as long as the process lives."""
    blame = Blame()
    for number in range(30):
        refused(blame, f"deleted-{number}", in_trial=True)
    later = NOW + 1000
    for number in range(20):
        blame.granted(f"well-{number}", later)
    assert refused(blame, "slow", later + 1) is Blamed.NOBODY_YET
    assert blame.granted("well-0", later + 2) is None
    assert refused(blame, "slow", later + 3) is Blamed.MODEL


def test_a_guess_that_was_wrong() -> None:
    """Only one model was in use when it was refused: the next answer to another one tells that it was its own limit."""
    blame = well("slow", at=NOW - 100)
    assert refused(blame, "slow") is Blamed.ALL
    assert blame.granted("other", NOW + 1) == "slow"
    assert blame.granted("third", NOW + 2) is None
    blame = well("slow", at=NOW - 100)
    assert refused(blame, "slow") is Blamed.ALL
    assert blame.granted("slow", NOW + 1) is None
    blame = well("slow", at=NOW - 100)
    assert [refused(blame, "slow"), refused(blame, "other", in_trial=True)] == [Blamed.ALL] * 2
    assert blame.granted("third", NOW + 1) is None


def test_what_was_granted_lately() -> None:
    """By seconds, for that model alone, and not for ever."""
    blame = well("a", "a", "b")
    blame.granted("a", NOW + 30)
    assert blame.granted_lately("a") == [(int(NOW), 2), (int(NOW) + 30, 1)]
    blame.granted("b", NOW + 61)
    assert blame.granted_lately("a") == [(int(NOW) + 30, 1)]

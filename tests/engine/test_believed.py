"""Answers that are believed for a while."""

from __future__ import annotations

from realtime_operator.engine.believed import Believed
from tests.support.fakes import SettableClock


def test_an_answer_is_believed_for_its_time() -> None:
    """Until then it is given, and after it there is none."""
    clock = SettableClock()
    answers: Believed[str, bool] = Believed(clock, seconds=60)
    answers.keep("hotel", found=True)
    clock.time += 59
    assert answers.get("hotel") is True
    clock.time += 1
    assert answers.get("hotel") is None
    assert answers.get("inn") is None


def test_a_newer_answer_and_one_that_is_dropped() -> None:
    """The newest counts, for its own time; what is dropped is asked for again."""
    clock = SettableClock()
    answers: Believed[str, int] = Believed(clock, seconds=60)
    answers.keep("hotel", 1)
    clock.time += 50
    answers.keep("hotel", 2)
    clock.time += 50
    assert answers.get("hotel") == 2
    answers.drop("hotel")
    answers.drop("hotel")
    assert answers.get("hotel") is None


def test_old_answers_do_not_gather() -> None:
    """However many names are asked for once, only those of the last two spans take up memory."""
    clock = SettableClock()
    answers: Believed[int, bool] = Believed(clock, seconds=60)
    for name in range(1000):
        answers.keep(name, found=True)
        clock.time += 1
    assert len(answers) <= 121

"""What of a watch is news, and what is the echo of our own writing."""

from __future__ import annotations

from typing import Any

import pytest

from realtime_operator.api.group import ANNOTATION_ROTATE
from realtime_operator.watch.news import News


def body(**metadata: Any) -> dict[str, Any]:
    """An object as the watch tells of it."""
    return {"metadata": {"uid": "uid-1", "name": "concierge", "generation": 1} | metadata, "status": {}}


@pytest.fixture
def news() -> News:
    """It has heard of one object."""
    made = News()
    made.heard("ADDED", body())
    return made


def test_a_change_of_status_labels_and_other_annotations_is_none(news: News) -> None:
    """Our own writing, and what others keep on the object."""
    changed = body(resourceVersion="8", labels={"team": "hotel"}, annotations={"note": "x"})
    assert not news.is_news("MODIFIED", changed)


def test_a_first_status_and_one_that_was_wiped_are_news(news: News) -> None:
    """Between them it may say what it likes."""
    looked_at = body() | {"status": {"observedGeneration": 1}}
    assert news.is_news("MODIFIED", looked_at)
    news.heard("MODIFIED", looked_at)
    assert not news.is_news("MODIFIED", body() | {"status": {"observedGeneration": 2}})
    assert news.is_news("MODIFIED", body() | {"status": {"observedGeneration": -1}})


@pytest.mark.parametrize(
    "change",
    [
        {"generation": 2},
        {"annotations": {ANNOTATION_ROTATE: "now"}},
        {"deletionTimestamp": "2026-11-23T00:00:00Z"},
        {"uid": "uid-2"},
    ],
)
def test_what_somebody_else_wants_is_news_once(news: News, change: dict[str, Any]) -> None:
    """And it is none any more once it was heard."""
    assert news.is_news("MODIFIED", body(**change))
    news.heard("MODIFIED", body(**change))
    assert not news.is_news("MODIFIED", body(**change))


def test_a_rotation_asked_for_and_taken_back_is_news_twice(news: News) -> None:
    """The annotation may be removed, and set again to the same words."""
    asked = body(annotations={ANNOTATION_ROTATE: "now"})
    news.heard("MODIFIED", asked)
    assert news.is_news("MODIFIED", body())
    news.heard("MODIFIED", body())
    assert news.is_news("MODIFIED", asked)


@pytest.mark.parametrize("event_type", [None, "ADDED", "DELETED"])
def test_what_is_listed_created_or_deleted_is_always_news(news: News, event_type: str | None) -> None:
    """A list after a gap tells that there was one."""
    assert news.is_news(event_type, body())


def test_a_deleted_object_is_forgotten(news: News) -> None:
    """Else the memory grew with every object there ever was."""
    news.heard("DELETED", body())
    assert news.is_news("MODIFIED", body())

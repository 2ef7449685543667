"""A watch that is resumed, listed anew, and tells what happened meanwhile with the right moments."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.observer.api_stub import GONE, StubApi, Told, event, secret, watched


async def test_a_list_comes_in_pages_and_the_watch_follows_it() -> None:
    """All pages are told before anything that changed after the list."""
    api, told = StubApi(), Told()
    api.lists = [([secret("a", 1)], "more", 7), ([secret("b", 2)], "", 7)]
    api.watches = [[event("ADDED", secret("c", 8)), event("DELETED", secret("a", 9))]]
    async with watched(api, told, until=4) as watch:
        assert watch.synced.is_set()
    assert told.words == ["a@1", "b@2", "c@8", "-a/a"]
    assert api.asked[:3] == [("list", ""), ("list", "more"), ("watch", "7")]


async def test_a_watch_that_ends_is_resumed_where_it_was() -> None:
    """Bookmarks move the place of resumption; nothing is told twice, nothing is called blind."""
    api, told = StubApi(), Told()
    api.lists = [([secret("a", 1)], "", 7)]
    api.watches = [
        [event("MODIFIED", secret("a", 8)), event("BOOKMARK", {"metadata": {"resourceVersion": "20"}})],
        [event("MODIFIED", secret("a", 21))],
    ]
    async with watched(api, told, until=3):
        pass
    assert told.words == ["a@1", "a@8", "a@21"]
    assert ("watch", "20") in api.asked
    assert told.blindness == []


@pytest.mark.parametrize("expired", [[GONE], 410], ids=["as an event", "as a status"])
async def test_a_version_that_is_too_old_leads_to_a_new_list(expired: list[dict[str, object]] | int) -> None:
    """After 410 everything is listed again; what is no longer there is told, and so is the blindness."""
    api, told = StubApi(), Told()
    api.lists = [
        ([secret("a", 1), secret("b", 2), secret("c", 3)], "", 7),
        ([secret("a", 9), secret("c", 10, uid="second")], "", 12),
    ]
    api.watches = [[], expired]  # type: ignore[list-item] # a list of one kind of line is a list of lines
    async with watched(api, told, until=7):
        pass
    assert told.words == ["a@1", "b@2", "c@3", "a@9", "-c/c", "c@10", "-b/b"]
    assert len(told.blindness) == 1


@pytest.mark.parametrize(
    "failure",
    [500, 403, 429, [b"{half a li"], [event("ERROR", {"code": 500})], [b"no JSON\n"]],
    ids=["500", "403", "429", "a line cut short", "an error event", "a line that is no JSON"],
)
async def test_a_watch_survives_whatever_an_api_answers(failure: int | list[bytes]) -> None:
    """The watch goes on after it, without a new list."""
    api, told = StubApi(), Told()
    api.lists = [([secret("a", 1)], "", 7)]
    api.watches = [failure, [event("MODIFIED", secret("a", 8))]]  # type: ignore[list-item] # as above
    async with watched(api, told, until=2):
        pass
    assert told.words == ["a@1", "a@8"]
    assert [request for request, _ in api.asked].count("list") == 1


async def test_a_list_is_tried_until_it_succeeds() -> None:
    """An API that is not there yet, or whose list expired between pages, is asked again."""
    api, told = StubApi(), Told()
    api.lists = [404, ([secret("a", 1)], "more", 7), 410, ([secret("a", 1)], "", 9)]
    async with watched(api, told, until=2):
        pass
    assert told.words == ["a@1", "a@1"]


async def test_a_line_may_come_in_pieces() -> None:
    """A document larger than one read, and one that shares a read with it, are both whole."""
    api, told = StubApi(), Told()
    api.lists = [([], "", 7)]
    large = secret("large", 8) | {"data": {"note": "x" * 1_000_000}}
    api.watches = [[event("ADDED", large), event("ADDED", secret("small", 9))]]
    async with watched(api, told, until=2):
        pass
    assert told.words == ["large@8", "small@9"]


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()


BROKEN, OPENED, SEEN = 40.0, 50.0, 60.0
"""Looks at the clock, each 10 s after the one before: a list's begin and end, a watch's begin and end, the
next watch's begin, a Secret in it."""


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        pytest.param("2026-01-01T12:00:44Z", 45.0, id="in the gap: the end of its second"),
        pytest.param(
            "2026-01-01T11:59:00Z", BROKEN, id="before the gap by its own words: when the watch broke"
        ),
        pytest.param("2026-01-01T12:00:51Z", SEEN, id="after the gap: when it was seen"),
        pytest.param(None, SEEN, id="without a time: when it was seen"),
    ],
)
async def test_a_write_that_came_while_nobody_watched_has_its_own_moment(
    written: str | None, moment: float
) -> None:
    """What is seen late was written in the gap, and is dated there as well as it can be."""
    api, told = StubApi(), Told()
    api.lists = [([], "", 7)]
    api.watches = [[], [event("ADDED", secret("a", 8, written=written))]]
    async with watched(api, told, until=1, start=NOON):
        pass
    assert [at - NOON for at in told.moments] == [moment]


async def test_a_watch_that_was_never_broken_dates_what_it_tells_when_it_sees_it() -> None:
    """However old an object says it is, at the first list it is seen now."""
    api, told = StubApi(), Told()
    api.lists = [([secret("a", 1, written="2020-01-01T00:00:00Z")], "", 7)]
    async with watched(api, told, until=1, start=NOON):
        pass
    assert [at - NOON for at in told.moments] == [20.0]

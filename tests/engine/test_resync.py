"""What a watch missed is found by comparing metadata; nothing is taken for gone on half a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from realtime_operator.core.errors import ClusterUnavailable
from realtime_operator.engine.resync import Kept, Known, resync, resync_all
from sim.secrets import unavailable
from tests.engine.cluster import InMemoryObjects
from tests.support.builders import a_session

KIND = "RealtimeSession"


class Keeper:
    """Keeps generations by uid, as the table does."""

    def __init__(self, objects: InMemoryObjects, **known: int) -> None:
        self.known = dict(known)
        self.kept = Kept(
            KIND,
            known=lambda: [Known(uid, generation) for uid, generation in self.known.items()],
            seen=self.sees,
            gone=self.misses,
        )
        self.objects = objects

    def sees(self, body: Mapping[str, Any]) -> None:
        """Take in an object."""
        self.known[body["metadata"]["uid"]] = body["metadata"]["generation"]

    def misses(self, uid: str) -> None:
        """Give up an object."""
        del self.known[uid]


def cluster(**generations: int) -> InMemoryObjects:
    """An API with these sessions."""
    objects = InMemoryObjects()
    for uid, generation in generations.items():
        objects.put(a_session(name=uid, uid=uid, generation=generation))
    return objects


async def test_nothing_missed_costs_one_list() -> None:
    """What agrees is not read."""
    objects = cluster(a=1, b=2)
    assert await resync(objects, Keeper(objects, a=1, b=2).kept) == (0, 0)
    assert objects.gets == []


async def test_what_was_missed_is_read() -> None:
    """A new object and a newer spec are read by name and taken in."""
    objects = cluster(a=1, b=5, c=1)
    keeper = Keeper(objects, a=1, b=4)
    assert await resync(objects, keeper.kept) == (2, 0)
    assert keeper.known == {"a": 1, "b": 5, "c": 1}


async def test_ghosts_are_given_up() -> None:
    """What does not exist any more is told as gone."""
    objects = cluster(a=1)
    keeper = Keeper(objects, a=1, b=4)
    assert await resync(objects, keeper.kept) == (0, 1)
    assert keeper.known == {"a": 1}


async def test_what_is_known_better_than_listed() -> None:
    """A list that is behind the watch brings nothing older back."""
    objects = cluster(a=1)
    keeper = Keeper(objects, a=3)
    assert await resync(objects, keeper.kept) == (0, 0)
    assert keeper.known == {"a": 3}


async def test_what_comes_while_the_list_is_read_is_no_ghost() -> None:
    """Only what was known before the list began can be missing from it."""
    objects = cluster(a=1, b=1)
    keeper = Keeper(objects, a=1)
    takes_in = keeper.sees

    def also_hears(body: Mapping[str, Any]) -> None:
        takes_in(body)
        keeper.known["heard-meanwhile"] = 1

    kept = Kept(KIND, known=keeper.kept.known, seen=also_hears, gone=keeper.kept.gone)
    assert await resync(objects, kept) == (1, 0)
    assert keeper.known == {"a": 1, "b": 1, "heard-meanwhile": 1}


async def test_what_goes_while_the_list_is_read() -> None:
    """An object that was listed and is gone when it is read is not missed."""
    objects = cluster(a=1)
    keeper = Keeper(objects)
    objects.documents = _Vanishing(objects.documents)
    assert await resync(objects, keeper.kept) == (0, 0)
    assert keeper.known == {}


class _Vanishing(dict[tuple[str, str, str], dict[str, Any]]):
    """Lists what it then does not have."""

    def get(self, _key: Any, default: Any = None) -> Any:
        """Have nothing."""
        return default


async def test_half_a_list_takes_nothing_for_gone() -> None:
    """A list that breaks off is an error, and what it did not come to stays known."""
    objects = cluster(a=1, b=2, c=1)
    objects.list_breaks_after = 2
    keeper = Keeper(objects, a=1, b=1, z=1)
    with pytest.raises(ClusterUnavailable):
        await resync(objects, keeper.kept)
    assert keeper.known == {"a": 1, "b": 2, "z": 1}


async def test_one_kind_that_cannot_be_listed_keeps_no_other_from_it() -> None:
    """All kinds are tried, and the answer says whether all were complete."""
    objects, away = cluster(a=1), cluster()
    away.away = unavailable()
    keeper = Keeper(objects)
    assert await resync_all(objects, [keeper.kept]) is True
    assert keeper.known == {"a": 1}
    assert await resync_all(away, [Keeper(away, z=1).kept]) is False


async def test_one_object_that_cannot_be_taken_in_keeps_no_other_from_it() -> None:
    """The others are compared, and it is tried again the next time."""
    objects = cluster(a=1, b=1, c=1)
    keeper = Keeper(objects)

    def sees(body: Mapping[str, Any]) -> None:
        if body["metadata"]["uid"] == "b":
            raise ZeroDivisionError
        keeper.sees(body)

    kept = Kept(KIND, known=keeper.kept.known, seen=sees, gone=keeper.misses)
    for _ in range(2):
        assert await resync_all(objects, [kept])
        assert set(keeper.known) == {"a", "c"}
    assert [name for *_, name in objects.gets].count("b") == 2

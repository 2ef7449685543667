"""kopf asks for a memory with each event; none is kept."""

from __future__ import annotations

from typing import Any

from realtime_operator.watch.forgetful import Forgetful


async def test_nothing_is_kept_of_an_object_that_was_seen() -> None:
    """Each event has a memory to work with, and after ten thousand objects there is none."""
    memories = Forgetful()
    for number in range(10_000):
        body: Any = {"metadata": {"uid": f"uid-{number}"}}
        memory = await memories.recall(body, noticed_by_listing=True)
        assert memory.noticed_by_listing
    assert list(memories.iter_all_memories()) == []


async def test_forgetting_what_was_not_kept_is_no_error() -> None:
    """That is what kopf does when an object is deleted."""
    await Forgetful().forget({"metadata": {"uid": "uid-1"}})

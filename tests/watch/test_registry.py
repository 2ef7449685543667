"""What kopf is asked to do, and what it is kept from."""

from __future__ import annotations

from itertools import islice
from typing import Any

import kopf
import pytest

from realtime_operator.watch.registry import (
    LONGEST_PAUSE_OF_A_REQUEST_S,
    LONGEST_PAUSE_OF_THE_WATCH_S,
    EndlessPauses,
    settings,
)
from realtime_operator.watch.storage import NoDiff, NoProgress


@pytest.mark.parametrize(
    ("longest", "pauses"),
    [
        (LONGEST_PAUSE_OF_A_REQUEST_S, [0.5, 1, 2, 4, 5, 5]),
        (LONGEST_PAUSE_OF_THE_WATCH_S, [0.5, 1, 2, 4, 8, 16, 30, 30]),
    ],
)
def test_pauses_double_up_to_the_longest_and_never_end(longest: float, pauses: list[float]) -> None:
    """An API server may be away for days; each use begins anew."""
    endless = EndlessPauses(longest)
    assert list(islice(endless, len(pauses))) == pauses
    assert list(islice(endless, 10_000))[-1] == longest


def test_kopf_sends_a_request_again_after_five_seconds_at_most() -> None:
    """Whatever the API server refused for long, new sessions are heard of soon after it does so no more."""
    backoffs = settings().networking.error_backoffs
    assert isinstance(backoffs, EndlessPauses)
    assert max(islice(backoffs, 100)) == 5


def test_kopf_neither_elects_nor_posts_nor_scans() -> None:
    """Peering, its own events and the watch of CRDs and namespaces are off: each would need rights, or be obeyed by mistake."""
    made = settings()
    assert made.peering.standalone
    assert not made.posting.enabled
    assert made.scanning.disabled


@pytest.mark.parametrize("storage", [NoProgress(), NoDiff()], ids=["progress", "diff"])
def test_the_storages_store_nothing(storage: Any) -> None:
    """Whatever kopf would note on an object, the patch stays empty."""
    patch = kopf.Patch()
    body = kopf.Body({"metadata": {"name": "concierge"}, "spec": {}})
    known: dict[str, Any] = {"body": body, "patch": patch, "key": "handler", "record": {}, "essence": {}}
    storage.store(**known)
    assert storage.fetch(**known) is None
    assert not patch

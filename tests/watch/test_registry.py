"""What kopf is asked to do, and what it is kept from."""

from __future__ import annotations

from itertools import islice
from typing import Any

import kopf
import pytest

from realtime_operator.watch.registry import LONGEST_PAUSE_S, EndlessPauses, settings
from realtime_operator.watch.storage import NoDiff, NoProgress


def test_pauses_double_up_to_half_a_minute_and_never_end() -> None:
    """An API server may be away for days; each use begins anew."""
    pauses = EndlessPauses()
    assert list(islice(pauses, 8)) == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert list(islice(pauses, 10_000))[-1] == LONGEST_PAUSE_S


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

"""Tells news from echoes, in kopf's thread, before kopf hears of them: nearly all that a watch tells is what we wrote ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from realtime_operator.api.conditions import has_status
from realtime_operator.api.group import ANNOTATION_ROTATE

Wish = tuple[int, str, bool, bool]
"""Generation, the annotation that asks for a rotation, whether it is being deleted, and whether it has a status."""


class News:
    """What was last heard of each object of a kind, by UID: as much of it as can change without us."""

    def __init__(self) -> None:
        self._heard: dict[str, Wish] = {}

    def is_news(self, event_type: str | None, body: Mapping[str, Any]) -> bool:
        """Whether to pass it on: everything but a change of what only status and metadata tell."""
        if event_type != "MODIFIED":
            return True  # what is listed again tells of a gap in the watch
        return self._heard.get(body["metadata"]["uid"]) != _wish(body)

    def heard(self, event_type: str | None, body: Mapping[str, Any]) -> None:
        """Remember what was passed on."""
        metadata = body["metadata"]
        if event_type == "DELETED":
            self._heard.pop(metadata["uid"], None)
        else:
            self._heard[metadata["uid"]] = _wish(body)


def _wish(body: Mapping[str, Any]) -> Wish:
    metadata = body["metadata"]
    annotations = metadata.get("annotations")
    rotate = annotations.get(ANNOTATION_ROTATE, "") if annotations else ""
    return _shared(metadata.get("generation", 0), rotate, "deletionTimestamp" in metadata, has_status(body))


@lru_cache(maxsize=256)  # nearly all objects have one of a few
def _shared(*wish: *Wish) -> Wish:
    return wish

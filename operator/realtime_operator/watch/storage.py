"""Storages that store nothing: kopf would copy every body to compare it, and write annotations to resume handlers that we do not have."""

from __future__ import annotations

from typing import Any

import kopf


class NoProgress(kopf.ProgressStorage):
    """Handlers that return at once have no progress."""

    def fetch(self, **_: Any) -> None:
        """Nothing was stored."""

    def store(self, **_: Any) -> None:
        """Store nothing."""

    def purge(self, **_: Any) -> None:
        """Nothing to remove."""

    def touch(self, **_: Any) -> None:
        """Nothing to mark."""

    def clear(self, *, essence: Any) -> Any:
        """Nothing of ours is in it."""
        return essence


class NoDiff(kopf.DiffBaseStorage):
    """What changed is told by the generation."""

    def build(self, **_: Any) -> Any:
        """Copy nothing."""
        return {}

    def fetch(self, **_: Any) -> None:
        """Nothing was stored."""

    def store(self, **_: Any) -> None:
        """Store nothing."""

"""Where the operator meets the world on a session's path. Each part can be wrapped from outside; the product wraps none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from realtime_operator.pod_ports import PodStore
from realtime_operator.ports import ObjectStore, Reconcile, SecretStore, TokenProvider
from realtime_operator.secret_watch_ports import SecretFeed

Part = TypeVar("Part")


def _bare(part: Part) -> Part:
    return part


@dataclass(frozen=True, slots=True)
class Seams:
    """Wrappers around the parts.

    Attributes:
        mints: around the provider's API.
        secrets: around the Secrets.
        objects: around our own kinds, whose status is written.
        pods: around the pods that are told.
        secret_feed: around what tells of Secrets, where they are watched.
        passes: around each pass over a session.
    """

    mints: Callable[[TokenProvider], TokenProvider] = _bare
    secrets: Callable[[SecretStore], SecretStore] = _bare
    objects: Callable[[ObjectStore], ObjectStore] = _bare
    pods: Callable[[PodStore], PodStore] = _bare
    secret_feed: Callable[[SecretFeed], SecretFeed] = _bare
    passes: Callable[[Reconcile], Reconcile] = _bare


BARE: Final = Seams()
"""The parts as they are."""

"""Names one object of ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """What status writes, events and lists speak of; ``namespace`` is None for cluster-scoped kinds."""

    kind: str
    namespace: str | None
    name: str
    uid: str

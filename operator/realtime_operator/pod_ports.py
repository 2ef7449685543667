"""What the engine needs from the world to tell pods of a new token.

As in ``ports``: every call is bounded in time by its adapter, errors are those of ``core.errors``, and ``ClusterUnavailable`` and
``ClusterForbidden`` may come from any call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from realtime_operator.core.pod_view import ObservedPod, Sought


@dataclass(frozen=True, slots=True)
class PodPage:
    """A part of a list of pods; ``next_page`` asks for the part after it, and is empty after the last."""

    pods: Sequence[ObservedPod]
    next_page: str = ""


class PodStore(Protocol):
    """Pods in the cluster: listed by their labels, told of a token by one annotation. Nothing else is ever done to them."""

    async def page(self, namespace: str, selector: str, sought: Sought, *, page: str = "") -> PodPage:
        """List a part of the pods of a namespace that a label selector chooses, and how they use the Secret that is sought."""
        ...

    async def tell(self, namespace: str, pod: ObservedPod, value: str) -> bool:
        """Set the annotation that names the token, by its id or as ``pod_view.told_again`` gives it.

        Says whether the pod, by uid, is still there. If not, nothing is done.
        """
        ...

    async def can_list(self) -> None:
        """Ask for one pod, wherever sessions are watched; ClusterForbidden says that the right is missing."""
        ...


class PodMetrics(Protocol):
    """What is counted of pods."""

    def pod_notified(self, *, outcome: str) -> None:
        """A pod was told of a token, or could not be: told, again (told once more), gone, refused or failed."""
        ...

    def notified_within(self, seconds: float) -> None:
        """The last pod of a session was told of a new token so long after the Secret's write."""
        ...

    def held_after(self, seconds: float) -> None:
        """A pod says that it held a new token so long after the Secret's write."""
        ...

"""The pod of examples/consumer, and what it says of the token in its file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from .commands import StepFailed, wait_for
from .release import ROOT

if TYPE_CHECKING:
    from .commands import Commands

EXAMPLE: Final = ROOT / "examples" / "consumer"
NAME: Final = "receptionist"
START_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pod has read so far.

    Attributes:
        token_ids: of all tokens, in the order in which they appeared in the file.
        reads: how often it read.
        expired_reads: how often what it read had expired, by the pod's own clock.
        failed_reads: how often there was nothing to read.
    """

    token_ids: list[str]
    reads: int
    expired_reads: int
    failed_reads: int


def seen_in(log: str) -> Seen:
    """Read the consumer's log."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    ids = [line["token_id"] for line in lines if line["event"] == "token"]
    last = lines[-1] if lines else {"reads": 0, "expired_reads": 0, "failed_reads": 0}
    return Seen(ids, last["reads"], last["expired_reads"], last["failed_reads"])


class ConsumerPod:
    """The example as it is, in another namespace, with another image and a shorter life of its tokens."""

    def __init__(self, commands: Commands, *, namespace: str, image: str, lifetime: int) -> None:
        """Say where it runs, in which image that has Python, and how many seconds its tokens live."""
        self._commands = commands
        self._namespace = namespace
        self._image = image
        self._lifetime = lifetime

    def apply(self) -> None:
        """Apply session and Deployment in one go, as `kubectl apply -k` does.

        Raises:
            StepFailed: one was refused.
        """
        rendered = yaml.safe_load_all(self._commands.kubectl("kustomize", EXAMPLE))
        self._commands.apply(
            [self._changed(document) for document in rendered], f"--namespace={self._namespace}"
        )

    def seen(self) -> Seen:
        """Give what the pod has read so far; nothing where it does not run yet."""
        try:
            log = self._commands.kubectl("logs", f"deployment/{NAME}", f"--namespace={self._namespace}")
        except StepFailed:
            return Seen([], 0, 0, 0)
        return seen_in(log)

    def wait_for_first(self) -> Seen:
        """Wait until there is a token in the pod's file.

        Raises:
            StepFailed: there is none in two minutes.
        """
        return wait_for(
            "a token in the pod's file",
            lambda: seen if (seen := self.seen()).token_ids else None,
            seconds=START_SECONDS,
        )

    def wait_for_another(self, before: Seen, *, seconds: float) -> Seen:
        """Wait until there is a token in the pod's file that was not there before.

        Raises:
            StepFailed: there is none in this time.
        """
        return wait_for(
            "another token in the pod's file",
            lambda: seen if len((seen := self.seen()).token_ids) > len(before.token_ids) else None,
            seconds=seconds,
        )

    def restarts(self) -> int:
        """How often its container was started anew, over all pods that there are of it; one more for each pod too many."""
        pods = self._commands.get("pods", f"--namespace={self._namespace}", f"--selector=app={NAME}")["items"]
        containers = [one for pod in pods for one in pod["status"].get("containerStatuses", [])]
        return sum(int(one["restartCount"]) for one in containers) + len(pods) - 1

    def _changed(self, document: dict[str, Any]) -> dict[str, Any]:
        if document["kind"] == "RealtimeSession":
            document["spec"]["lifetimeSeconds"] = self._lifetime
        if document["kind"] == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            container["image"] = self._image
        return document

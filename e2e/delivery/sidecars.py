"""The sidecars of examples/, as they are but for the image, on a real node: one starts a program anew, one reports what a pod holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from e2e import sessions
from e2e.commands import StepFailed, wait_for
from e2e.release import ROOT
from realtime_operator.api.group import GROUP

from .groups import NAMESPACE, POD_ANNOTATION

if TYPE_CHECKING:
    from e2e.commands import Commands

EXAMPLES: Final = ROOT / "examples"
SUPERVISED, REPORTING = "switchboard", "concierge"
"""Sessions, Deployments and values of the label `app` of examples/env-sidecar and examples/reporter."""

HELD: Final = f"{GROUP}/held-token-id"
WHERE: Final = f"--namespace={NAMESPACE}"
START_SECONDS: Final = 120.0
CONFIRMED_SECONDS: Final = 30.0  # the operator looks again 10 s after a Secret's write


@dataclass(frozen=True, slots=True)
class SidecarFigures:
    """What was seen of both.

    Attributes:
        starts: of the supervised program, before and after a rotation.
        restarts: of containers, of either pod.
        confirmed: pods that the reporter's session counts as holding its token.
    """

    starts: int
    restarts: int
    confirmed: int


def play(commands: Commands, image: str) -> SidecarFigures:
    """Apply both, rotate both tokens, and remove what is not the namespace's.

    Raises:
        StepFailed: a program is not started anew, or a token not reported.
    """
    fence = f"--filename={EXAMPLES / 'reporter' / 'fence.yaml'}"
    commands.kubectl("apply", fence)
    try:
        return _play(commands, image)
    finally:
        commands.kubectl("delete", fence)


def _play(commands: Commands, image: str) -> SidecarFigures:
    for folder in ("env-sidecar", "reporter"):
        commands.apply(_documents(commands, folder, image), WHERE)
    wait_for("the supervised program started", lambda: _starts(commands) == 1, seconds=START_SECONDS)
    wait_for("a token reported", lambda: _holds(commands), seconds=START_SECONDS)
    for name in (SUPERVISED, REPORTING):
        sessions.rotate(commands, NAMESPACE, name)
    wait_for("the supervised program started anew", lambda: _starts(commands) > 1, seconds=START_SECONDS)
    wait_for("the next token reported", lambda: _holds(commands), seconds=START_SECONDS)
    confirmed = wait_for("a pod confirmed", lambda: _confirmed(commands) or None, seconds=CONFIRMED_SECONDS)
    return SidecarFigures(_starts(commands), _restarts(commands), confirmed)


def _documents(commands: Commands, folder: str, image: str) -> list[dict[str, Any]]:
    """Render an example, with another image; its session tells the pods, so that nobody waits for the kubelet's own time."""
    documents = list(yaml.safe_load_all(commands.kubectl("kustomize", EXAMPLES / folder)))
    for document in documents:
        if document["kind"] == "RealtimeSession":
            name = document["metadata"]["name"]
            selector = {"matchLabels": {"app": name}}
            document["spec"]["delivery"] = {"propagation": POD_ANNOTATION, "podSelector": selector}
        if document["kind"] == "Deployment":
            spec = document["spec"]["template"]["spec"]
            for container in (*spec["initContainers"], *spec["containers"]):
                container["image"] = image
    return documents


def _pod(commands: Commands, name: str) -> dict[str, Any]:
    (pod,) = commands.get("pods", WHERE, f"--selector=app={name}")["items"]
    found: dict[str, Any] = pod
    return found


def _starts(commands: Commands) -> int:
    """Count the lines that the supervised program says at its start."""
    try:
        log = commands.kubectl("logs", f"deployment/{SUPERVISED}", WHERE, "--container=program")
    except StepFailed:
        return 0
    return sum(line.startswith("started ") for line in log.splitlines())


def _holds(commands: Commands) -> bool:
    """Tell whether the reporting pod says that it holds the token which its session shows."""
    held = _pod(commands, REPORTING)["metadata"].get("annotations", {}).get(HELD)
    standing = sessions.standings(commands, NAMESPACE).get(REPORTING)
    return standing is not None and held == standing.token_id


def _confirmed(commands: Commands) -> int:
    status = commands.get(sessions.KIND, REPORTING, WHERE)["status"]
    return int(status.get("pods", {}).get("confirmed", 0))


def _restarts(commands: Commands) -> int:
    statuses = [_pod(commands, name)["status"] for name in (SUPERVISED, REPORTING)]
    return sum(
        int(one["restartCount"])
        for status in statuses
        for one in (*status["initContainerStatuses"], *status["containerStatuses"])
    )

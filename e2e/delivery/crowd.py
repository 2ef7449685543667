"""Many pods of one session, which no kubelet runs: how soon all are told, and how many writes that takes."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from e2e import sessions
from e2e.commands import wait_for

from .groups import NAMESPACE, Group, mounted
from .told import Watching

if TYPE_CHECKING:
    from e2e.commands import Commands

SETTLE_SECONDS: Final = 12.0
"""Pods are listed again 2 s and 10 s after a Secret's write: what comes of it counts."""

TOLD_SECONDS: Final = 60.0  # until the run gives up; what is asserted is less
REQUESTS: Final = re.compile(r"^apiserver_request_total\{([^}]*)\} (\S+)$", re.MULTILINE)
LABEL: Final = re.compile(r'(\w+)="([^"]*)"')
WRITES: Final = frozenset({("secrets", ""), ("pods", ""), ("realtimesessions", "status")})
"""Resource and subresource of what a rotation writes. Nobody else changes these here."""

VERBS: Final = frozenset({"PATCH", "PUT"})
DONE: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class CrowdFigures:
    """What a rotation of one session with many pods took.

    Attributes:
        pods: how many.
        seconds: from the Secret's write until the last of them carried the token's id.
        writes: that the API server carried out for it.
    """

    pods: int
    seconds: float
    writes: int


def play(commands: Commands, pods: int) -> CrowdFigures:
    """Make the session and its pods, rotate once, and remove them. Nothing else may rotate meanwhile.

    Raises:
        StepFailed: the session does not get ready, or a pod is not told in a minute.
    """
    group = Group("crowd", sessions=1, pods=0, lifetime=600)
    (session,) = group.session_names()
    where = f"--namespace={NAMESPACE}"
    documents = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [_pod(number, session) for number in range(pods)],
    }
    commands.kubectl("create", "--filename=-", where, stdin=json.dumps(documents))
    ours = "app.kubernetes.io/managed-by=realtime-operator"
    with (
        Watching(commands, "secrets", NAMESPACE, ours) as secrets,
        Watching(commands, "pods", NAMESPACE, f"app={session}") as told,
    ):

        def all_told(token_id: str) -> float | None:
            moments = [told.first(f"crowd-{number}", token_id) for number in range(pods)]
            known = [moment for moment in moments if moment is not None]
            return max(known) if len(known) == pods else None

        commands.apply(group.documents(""), where)
        first = wait_for("the crowd's first token", lambda: _shown(commands, session), seconds=TOLD_SECONDS)
        wait_for("all pods told of the first token", lambda: all_told(first), seconds=TOLD_SECONDS)
        time.sleep(SETTLE_SECONDS)
        before = writes(commands)
        token_id = sessions.rotate(commands, NAMESPACE, session)
        last = wait_for("all pods told of the next token", lambda: all_told(token_id), seconds=TOLD_SECONDS)
        written = wait_for("the Secret told", lambda: secrets.first(session, token_id), seconds=TOLD_SECONDS)
        time.sleep(SETTLE_SECONDS)
        counted = writes(commands) - before
    commands.kubectl("delete", sessions.KIND, session, where)
    commands.kubectl("delete", "pods", where, f"--selector=app={session}", "--grace-period=0", "--force")
    return CrowdFigures(pods, last - written, counted)


def writes(commands: Commands) -> int:
    """Give how many writes of a rotation's kinds the API server has carried out since its start."""
    return counted(commands.kubectl("get", "--raw=/metrics"))


def counted(metrics: str) -> int:
    """Read it from the API server's metrics."""
    total = 0.0
    for labels, value in REQUESTS.findall(metrics):
        named = dict(LABEL.findall(labels))
        if (
            named["verb"] in VERBS
            and (named["resource"], named["subresource"]) in WRITES
            and int(named["code"]) in DONE
        ):
            total += float(value)
    return int(total)


def _shown(commands: Commands, session: str) -> str | None:
    standing = sessions.standings(commands, NAMESPACE).get(session)
    return standing.token_id if standing else None


def _pod(number: int, session: str) -> dict[str, Any]:
    """Give a pod that mounts the Secret and that no scheduler takes."""
    container = {
        "name": "reader",
        "image": "none",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "token", "mountPath": "/var/run/realtime"}],
    }
    spec = {
        "automountServiceAccountToken": False,
        "schedulingGates": [{"name": "realtime-operator.io/never"}],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [mounted(session)],
    }
    metadata = {"name": f"crowd-{number}", "labels": {"app": session}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

"""The sessions of examples/, and questions about sessions that run."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from .commands import wait_for
from .manifests import labelled_secret
from .release import ROOT
from .standin import new_key

if TYPE_CHECKING:
    from .commands import Commands

KIND: Final = "realtimesessions.realtime-operator.io"
FOLDERS: Final = ("endpoints", "quickstart")
"""Those of examples/ whose sessions use the default provider."""

DESK: Final = ("desk", "realtime-operator.io/session-value")
"""The Secret that examples/endpoints/tools.yaml asks for, and the label of consent."""

READY_SECONDS: Final = 60.0
SLACK_SECONDS: Final = 2.0  # a rotation may come so much before its time, all that is due in a tick together
SECRETS_GONE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a session shows.

    Attributes:
        token_id: of the token it holds.
        rotation_time: when it will be replaced, seconds since the epoch.
        rotations: how many times it was.
    """

    token_id: str
    rotation_time: float
    rotations: int


def examples() -> list[dict[str, Any]]:
    """Give the sessions of examples/ that use the default provider, each with a name of its own and no namespace."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / "examples" / folder).glob("*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                if document["kind"] == "RealtimeSession":
                    document["metadata"] = {"name": f"{folder}-{document['metadata']['name']}"}
                    found.append(document)
    return found


def apply_examples(commands: Commands, namespace: str) -> int:
    """Apply them with what they need, wait until all are Ready, and give how many there are.

    Raises:
        StepFailed: one is refused, or does not get ready.
    """
    name, label = DESK
    commands.kubectl(
        *("create", f"--namespace={namespace}", "--filename=-"),
        stdin=yaml.safe_dump(labelled_secret(name, namespace, label, token=new_key())),
    )
    sessions = examples()
    commands.apply(sessions, f"--namespace={namespace}")
    commands.kubectl(
        *("wait", KIND, "--all", f"--namespace={namespace}", "--for=condition=Ready"),
        f"--timeout={READY_SECONDS:.0f}s",
    )
    return len(sessions)


def standings(commands: Commands, namespace: str) -> dict[str, Standing]:
    """Give what every session of a namespace shows, by name; those without a token yet are left out."""
    items = commands.get(KIND, f"--namespace={namespace}")["items"]
    return {
        item["metadata"]["name"]: Standing(
            item["status"]["tokenID"],
            _seconds(item["status"]["rotationTime"]),
            item["status"].get("rotations", 0),
        )
        for item in items
        if item.get("status", {}).get("tokenID")
    }


def undue(before: dict[str, Standing], after: dict[str, Standing], *, now: float) -> list[str]:
    """Give the sessions whose token was replaced although its time had not come.

    Args:
        before: what they showed.
        after: what they show now.
        now: seconds since the epoch.
    """
    return sorted(
        name
        for name, standing in before.items()
        if name in after
        and after[name].token_id != standing.token_id
        and standing.rotation_time > now + SLACK_SECONDS
    )


def rotate(commands: Commands, namespace: str, name: str) -> str:
    """Ask for a new token as a person does, and give its id once the session shows it.

    Raises:
        StepFailed: it does not come.
    """
    old = standings(commands, namespace)[name].token_id
    value = f"realtime-operator.io/rotate={time.time():.3f}"
    commands.kubectl("annotate", KIND, name, value, "--overwrite", f"--namespace={namespace}")

    def fresh() -> str | None:
        token_id = standings(commands, namespace)[name].token_id
        return token_id if token_id != old else None

    return wait_for(f"a new token of {name} after the rotate annotation", fresh, seconds=READY_SECONDS)


def delete_all(commands: Commands, namespaces: list[str]) -> float:
    """Delete the sessions of these namespaces and give how many seconds their Secrets stayed after that.

    Raises:
        StepFailed: a Secret stays.
    """
    for namespace in namespaces:
        commands.kubectl("delete", KIND, "--all", f"--namespace={namespace}", "--wait=true")
    began = time.monotonic()
    wait_for(
        "the Secrets of deleted sessions gone",
        lambda: not any(_own_secrets(commands, namespace) for namespace in namespaces),
        seconds=SECRETS_GONE_SECONDS,
    )
    return time.monotonic() - began


def _own_secrets(commands: Commands, namespace: str) -> list[str]:
    selector = "--selector=app.kubernetes.io/managed-by=realtime-operator"
    return [
        item["metadata"]["name"]
        for item in commands.get("secrets", f"--namespace={namespace}", selector)["items"]
    ]


def _seconds(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()

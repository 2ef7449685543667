"""Groups of sessions, and the pods that read their tokens: examples/consumer, in the operator's image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from e2e.manifests import restricted_container, restricted_pod
from e2e.pod import EXAMPLE
from realtime_operator.api.group import API_VERSION, KIND_SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE: Final = "e2e-readers"
PROGRAM: Final = "reader"
READS_PER_SECOND: Final = 20
KUBELET, POD_ANNOTATION = "Kubelet", "PodAnnotation"


@dataclass(frozen=True, slots=True)
class Group:
    """Sessions of one kind, each with so many pods.

    Attributes:
        name: begins the sessions' names.
        sessions: how many.
        pods: of each session.
        lifetime: of a token, in seconds.
        propagation: of `spec.delivery`.
        selected: the session's podSelector selects its pods. If not, they are what they would be if nobody told them.
    """

    name: str
    sessions: int
    pods: int
    lifetime: int
    propagation: str = POD_ANNOTATION
    selected: bool = True

    def session_names(self) -> list[str]:
        """Give the names of its sessions."""
        return [f"{self.name}-{number}" for number in range(self.sessions)]

    def documents(self, image: str) -> Iterator[dict[str, Any]]:
        """Give its sessions, then their pods; a pod waits for its Secret."""
        for session in self.session_names():
            yield self._session(session)
        for session in self.session_names():
            for number in range(self.pods):
                yield reader_pod(f"{session}-{number}", session, image)

    def _session(self, name: str) -> dict[str, Any]:
        delivery: dict[str, Any] = {"propagation": self.propagation}
        if self.propagation == POD_ANNOTATION:
            delivery["podSelector"] = {"matchLabels": {"app": name if self.selected else "nobody"}}
        spec = {
            "lifetimeSeconds": self.lifetime,
            "session": {"type": "realtime", "model": "gpt-realtime"},
            "delivery": delivery,
        }
        return {
            "apiVersion": API_VERSION,
            "kind": KIND_SESSION,
            "metadata": {"name": name, "labels": {"group": self.name}},
            "spec": spec,
        }


def readers_of(group: Group) -> str:
    """Give the label selector of a group's pods."""
    return f"role={PROGRAM},app in ({','.join(group.session_names())})"


def program_document() -> dict[str, Any]:
    """Give the ConfigMap with the reader's program."""
    text = (EXAMPLE / "consumer.py").read_text()
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": PROGRAM},
        "data": {"consumer.py": text},
    }


def reader_pod(name: str, session: str, image: str, **labels: str) -> dict[str, Any]:
    """Give a pod that reads the token of a session 20 times a second, and says what it saw in its log."""
    container = restricted_container(PROGRAM, image) | {
        "command": ["python3", "/app/consumer.py"],
        "args": [f"--every={1 / READS_PER_SECOND}", "--tell-every=5"],
        "env": [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}],
        "volumeMounts": [
            {"name": "token", "mountPath": "/var/run/realtime", "readOnly": True},
            {"name": "app", "mountPath": "/app", "readOnly": True},
        ],
    }
    spec = restricted_pod(container) | {
        "restartPolicy": "Never",
        "volumes": [mounted(session), {"name": "app", "configMap": {"name": PROGRAM}}],
    }
    metadata = {"name": name, "labels": {"app": session, "role": PROGRAM} | labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def mounted(secret: str) -> dict[str, Any]:
    """Give the volume of a session's token."""
    items = [{"key": "realtime.json", "path": "realtime.json"}]
    return {"name": "token", "secret": {"secretName": secret, "defaultMode": 0o440, "items": items}}

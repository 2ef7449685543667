"""The pods of a stage's namespace, and what they are told. No kubelet runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.stage import ROTATE
from tests.support.pods import ANNOTATION, a_pod, pod_spec

if TYPE_CHECKING:
    from tests.integration.stage import Stage


class Pods:
    """The pods of a stage's namespace, and what they were told."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.core = stage, stage.core
        self.core.create_namespaced_service_account(stage.namespace, {"metadata": {"name": "reader"}})

    def add(self, name: str, spec: dict[str, Any] | None = None, **metadata: Any) -> Any:
        """Create a pod that mounts the Secret concierge, unless its spec says otherwise."""
        body = a_pod(name, **(spec or pod_spec()))
        body["metadata"] |= metadata
        body["spec"] |= {"serviceAccountName": "reader", "automountServiceAccountToken": False}
        return self.core.create_namespaced_pod(self.stage.namespace, body)

    def ends(self, name: str, phase: str) -> None:
        """Let a pod's programs have ended."""
        self.core.patch_namespaced_pod_status(name, self.stage.namespace, {"status": {"phase": phase}})

    def told(self, name: str) -> str:
        """The token that a pod was told of; empty for none."""
        found = self.core.read_namespaced_pod(name, self.stage.namespace)
        return str((found.metadata.annotations or {}).get(ANNOTATION, ""))

    def all_told(self) -> dict[str, str]:
        """By name, the token that each pod was told of."""
        listed = self.core.list_namespaced_pod(self.stage.namespace).items
        return {pod.metadata.name: (pod.metadata.annotations or {}).get(ANNOTATION, "") for pod in listed}

    def report(self, name: str, annotations: dict[str, str]) -> None:
        """Let a pod say what it holds."""
        self.core.patch_namespaced_pod(name, self.stage.namespace, {"metadata": {"annotations": annotations}})


def token_id(stage: Stage) -> str:
    """The id of the token that the Secret holds."""
    annotations = stage.secret("concierge").metadata.annotations
    return str(annotations[ANNOTATION])


def rotate(stage: Stage, value: str = "1") -> str:
    """Have the token rotated, and give the id of the new one."""
    before = stage.entries("concierge")["token"]
    stage.annotate("concierge", {ROTATE: value})
    stage.token_after("concierge", before)
    return token_id(stage)

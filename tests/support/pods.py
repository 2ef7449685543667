"""Pods that use the Secret of a session, as people write them and as the API server shows them."""

from __future__ import annotations

from typing import Any

LABELS = {"app": "concierge"}
SELECTOR = {"matchLabels": LABELS}
DELIVERY = {"propagation": "PodAnnotation", "podSelector": SELECTOR}
ANNOTATION = "realtime-operator.io/token-id"

MOUNTED: dict[str, Any] = {"volumeMounts": [{"name": "token", "mountPath": "/run/realtime"}]}


def by_variable(of: str = "concierge", key: str = "token") -> dict[str, Any]:
    """What a container has that takes an entry of a Secret as a variable."""
    return {"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": of, "key": key}}}]}


def pod_spec(container: dict[str, Any] | None = None, *, of: str = "concierge") -> dict[str, Any]:
    """The spec of a pod with the Secret as a volume, which its one container mounts unless told otherwise."""
    program = {"name": "voice", "image": "voice:1"} | (MOUNTED if container is None else container)
    return {"containers": [program], "volumes": [{"name": "token", "secret": {"secretName": of}}]}


def a_pod(name: str = "voice-1", **spec: Any) -> dict[str, Any]:
    """A pod's manifest."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": dict(LABELS)},
        "spec": spec or pod_spec(),
    }

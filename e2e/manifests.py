"""Objects that the run makes beside those of the chart and the examples."""

from __future__ import annotations

from typing import Any, Final

RESTRICTED: Final = {"pod-security.kubernetes.io/enforce": "restricted"}
"""The API server refuses pods in a namespace with this label that do not pass the restricted Pod Security Standard."""


def namespace(name: str) -> dict[str, Any]:
    """A namespace that takes restricted pods only."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}}


def labelled_secret(name: str, where: str, label: str, **entries: str) -> dict[str, Any]:
    """A Secret whose owner consents to a use by a label with the value "true"."""
    metadata = {"name": name, "namespace": where, "labels": {label: "true"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": entries}


def restricted_container(name: str, image: str) -> dict[str, Any]:
    """A container that passes the restricted Pod Security Standard."""
    return {
        "name": name,
        "image": image,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def restricted_pod(container: dict[str, Any]) -> dict[str, Any]:
    """The spec of a pod that passes, with one such container."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }


def privileged_pod(image: str) -> dict[str, Any]:
    """A pod that does not."""
    container = {"name": "privileged", "image": image, "securityContext": {"privileged": True}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "privileged"},
        "spec": {"containers": [container]},
    }

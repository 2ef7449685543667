"""Identities with the rights that the operator needs, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kubernetes

from tests.support.operator import GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hack.controlplane import ControlPlane

OWN_KINDS = ("realtimesessions", "realtimeproviders", "clusterrealtimeproviders")
RULES = [
    {"apiGroups": [GROUP], "resources": OWN_KINDS, "verbs": ["get", "list", "watch"]},
    {"apiGroups": [GROUP], "resources": [f"{kind}/status" for kind in OWN_KINDS], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create", "update", "patch"]},
    {"apiGroups": [""], "resources": ["configmaps", "namespaces"], "verbs": ["get"]},
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]},
]
"""All that the operator may do."""

PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "patch"]}
"""What it may do beside that where it tells pods of new tokens."""


WATCHED_SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]}
"""What it may do beside that where it watches Secrets."""


def cluster_identity(
    plane: ControlPlane, kube: kubernetes.client.ApiClient, user: str, *more: dict[str, Any]
) -> Path:
    """Give a user the operator's rights in the whole cluster, and more if named, and its kubeconfig."""
    api: Any = kubernetes.client.RbacAuthorizationV1Api(kube)
    meta = {"name": user}
    api.create_cluster_role({"metadata": meta, "rules": [*RULES, *more]})
    api.create_cluster_role_binding({"metadata": meta} | _binding("ClusterRole", user))
    return plane.identity(user)


def scoped_identity(
    plane: ControlPlane, kube: kubernetes.client.ApiClient, user: str, namespaces: Sequence[str]
) -> Path:
    """Give a user the operator's rights in some namespaces and none elsewhere, and its kubeconfig."""
    api: Any = kubernetes.client.RbacAuthorizationV1Api(kube)
    meta = {"name": user}
    for namespace in namespaces:
        api.create_namespaced_role(namespace, {"metadata": meta, "rules": RULES})
        api.create_namespaced_role_binding(namespace, {"metadata": meta} | _binding("Role", user))
    return plane.identity(user)


def _binding(kind: str, user: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "roleRef": {"apiGroup": group, "kind": kind, "name": user},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }

"""The chart as Helm renders it, and the value sets that are tried with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.support.fixtures import Command

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "realtime-operator"
RELEASE = "realtime-operator"
API = "--api-versions=realtime-operator.io/v1alpha1"
"""As on a cluster that has the kinds already, which is every one but at the first installation."""

CLUSTER_SCOPED = {
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterRealtimeProvider",
    "CustomResourceDefinition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}

VALUE_SETS: dict[str, Json] = {
    "defaults": {},
    "default provider": {"defaultProvider": {"existingSecret": "openai"}},
    "literal key": {
        "defaultProvider": {
            "apiKey": "sk-literal",
            "baseURL": "https://example.openai.azure.com/openai/v1",
            "spec": {"auth": {"scheme": "ApiKeyHeader"}, "allow": {"models": ["gpt-realtime*"]}},
        }
    },
    "scoped": {"scope": {"namespaces": ["hotel", "bar"]}},
    "scoped, with a provider each": {
        "scope": {"namespaces": ["hotel", "bar"]},
        "defaultProvider": {"apiKey": "sk-literal", "secretKey": "key"},
    },
    "scoped, nothing of the cluster's": {
        "scope": {"namespaces": ["hotel"]},
        "crds": {"enabled": False},
        "admissionPolicies": {"secrets": False, "advice": False},
    },
    "Prometheus operator": {
        "serviceMonitor": {
            "enabled": True,
            "additionalLabels": {"release": "prometheus"},
            "relabelings": [{"action": "labeldrop", "regex": "pod"}],
            "metricRelabelings": [{"action": "drop", "sourceLabels": ["__name__"], "regex": "python_.*"}],
        }
    },
    "annotations for Prometheus": {
        "prometheusAnnotations": {"enabled": True},
        "podAnnotations": {"example.com/team": "voice"},
        "podLabels": {"team": "voice"},
        "commonLabels": {"example.com/cost-centre": "42"},
    },
    "fenced in": {
        "networkPolicy": {"enabled": True},
        "podAnnotation": {"enabled": True},
        "secretWatch": {"enabled": True},
        "priorityClassName": "system-cluster-critical",
    },
    "two replicas": {
        "replicaCount": 2,
        "podDisruptionBudget": {"maxUnavailable": "50%"},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
            }
        ],
    },
    "accounts and rights of one's own": {
        "serviceAccount": {"create": False, "name": "voice", "automount": True},
        "rbac": {"create": False},
        "crds": {"keep": False},
        "tests": {"enabled": False},
        "image": {"repository": "registry.example/voice/operator", "digest": f"sha256:{'0a' * 32}"},
        "global": {"imagePullSecrets": [{"name": "everybody"}]},
        "imagePullSecrets": [{"name": "voice"}],
    },
    "extras and names": {
        "fullnameOverride": "rto",
        "nameOverride": "operator",
        "extraArgs": ["--resync-seconds=60", "--trust-env"],
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}],
        "extraVolumes": [{"name": "keys", "secret": {"secretName": "keys"}}],
        "extraVolumeMounts": [{"name": "keys", "mountPath": "/etc/realtime-operator/credentials"}],
        "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plain"}, "data": {"a": "b"}},
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-templated'}\n",
        ],
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
    },
}
"""Twelve installations, each of which somebody would want."""


def rendered(helm: Command, values: Mapping[str, Any], *flags: str, namespace: str = RELEASE) -> list[Json]:
    """The objects of the chart with these values, hooks among them."""
    said = helm(
        "template",
        RELEASE,
        CHART,
        f"--namespace={namespace}",
        "--values=-",
        *flags,
        stdin=json.dumps(values),
    )
    return [one for one in yaml.safe_load_all(said.stdout) if one]


def one(documents: Iterable[Json], kind: str, name: str | None = None) -> Json:
    """The only object of a kind, or of a kind and name."""
    (found,) = of_kind(documents, kind, name)
    return found


def of_kind(documents: Iterable[Json], kind: str, name: str | None = None) -> list[Json]:
    """All objects of a kind."""
    return [it for it in documents if it["kind"] == kind and name in (None, it["metadata"]["name"])]


def flags_of(documents: Iterable[Json]) -> list[str]:
    """What the operator is started with."""
    (container,) = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    flags: list[str] = container["args"]
    return flags

"""Renders the chart to plain manifests, for `kubectl apply` and kustomize."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import yaml

from hack.controlplane import tool_path
from realtime_operator.manifests import write_manifests

from .files import CHART, ROOT

if TYPE_CHECKING:
    from pathlib import Path

DIST = ROOT / "dist"
RELEASE = "realtime-operator"
HEAD = "# Generated from charts/realtime-operator by `make manifests`. How to use it: docs/install.md.\n"
CLUSTER_WIDE = {"tests.enabled=false"}
ONE_NAMESPACE = CLUSTER_WIDE | {
    f"scope.namespaces={{{RELEASE}}}",
    "crds.enabled=false",
    "admissionPolicies.secrets=false",
    "admissionPolicies.advice=false",
}
"""Nothing of the cluster's, so that who has rights in one namespace alone can apply it."""

SETTINGS = {"install.yaml": CLUSTER_WIDE, "install-namespaced.yaml": ONE_NAMESPACE}
NAMESPACE: dict[str, object] = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": RELEASE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}


class RenderError(RuntimeError):
    """Helm could not render the chart; the message is its own."""


def write(image: str, folder: Path = DIST) -> dict[str, object]:
    """Write the manifests; give the figures to print.

    Args:
        image: to run, as in REGISTRY/NAME:TAG; empty for the chart's own default.
        folder: where they go.

    Raises:
        RenderError: helm refuses.
    """
    folder.mkdir(exist_ok=True)
    figures: dict[str, object] = {}
    for name, settings in SETTINGS.items():
        documents = rendered(settings | _image(image))
        if name == "install.yaml":
            documents = [NAMESPACE, *documents]
        (folder / name).write_text(HEAD + write_manifests(documents), encoding="utf-8")
        figures[name] = len(documents)
    return figures


def rendered(settings: set[str]) -> list[dict[str, object]]:
    """Give the objects that the chart makes with these settings, each as `--set` takes it.

    Raises:
        RenderError: helm refuses.
    """
    sets = [f"--set={one}" for one in sorted(settings)]
    command: list[str | Path] = [
        tool_path("helm"),
        "template",
        RELEASE,
        CHART,
        f"--namespace={RELEASE}",
        *sets,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RenderError(done.stderr.strip())
    documents = [one for one in yaml.safe_load_all(done.stdout) if one]
    for document in documents:
        _forget_helm(document)
    return documents


def _forget_helm(document: dict[str, object]) -> None:
    """Leave out what only Helm reads."""
    for metadata in _metadatas(document):
        labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
        labels.pop("helm.sh/chart", None)
        if labels.get("app.kubernetes.io/managed-by") == "Helm":
            del labels["app.kubernetes.io/managed-by"]
        annotations.pop("helm.sh/resource-policy", None)
        if "annotations" in metadata and not annotations:
            del metadata["annotations"]


def _metadatas(value: object) -> list[dict[str, dict[str, str]]]:
    if not isinstance(value, dict):
        return []
    own = [value["metadata"]] if isinstance(value.get("metadata"), dict) else []
    return own + [found for key, below in value.items() if key != "metadata" for found in _metadatas(below)]


def _image(image: str) -> set[str]:
    if not image:
        return set()
    if "@" in image:
        repository, _, digest = image.partition("@")
        return {f"image.repository={repository}", f"image.digest={digest}"}
    repository, colon, tag = image.rpartition(":")
    if not colon or "/" in tag:
        return {f"image.repository={image}"}
    return {f"image.repository={repository}", f"image.tag={tag}"}

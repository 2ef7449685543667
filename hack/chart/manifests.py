"""Renders the chart to plain manifests, for `kubectl apply` and kustomize."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import yaml

from hack.controlplane import tool_path
from realtime_operator.manifests import write_manifests

from .files import CHART, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RELEASE = "realtime-operator"
HEAD = "# Generated from charts/realtime-operator by `make manifests`. How to use it: docs/install.md.\n"
BASES = {"install.yaml": "cluster", "install-namespaced.yaml": "namespaced"}
"""Each manifest, and the folder below kustomize/ that is made of it."""

WITHOUT_TEST = {"tests.enabled=false"}
NOTHING_OF_THE_CLUSTER = {
    "crds.enabled=false",
    "admissionPolicies.secrets=false",
    "admissionPolicies.pods=false",
    "admissionPolicies.advice=false",
}
"""So that who has rights in one namespace alone can apply it."""


class RenderError(RuntimeError):
    """Helm could not render the chart; the message is its own."""


def write(
    image: str, namespace: str, *, settings: Iterable[str] = (), root: Path = ROOT
) -> dict[str, object]:
    """Write the manifests into dist/, and beside the bases of kustomize; give the figures to print.

    Args:
        image: to run, as in REGISTRY/NAME:TAG; empty for the chart's own default.
        namespace: to install into; of install-namespaced.yaml also the one that is served.
        settings: further values of the chart, each as `--set` takes it.
        root: of the project.

    Raises:
        RenderError: helm refuses.
    """
    common = WITHOUT_TEST | _image(image) | set(settings)
    whole = rendered(common, namespace)
    scope = {f"scope.namespaces={{{namespace}}}"} | NOTHING_OF_THE_CLUSTER
    scoped = rendered(common | scope, namespace)
    figures: dict[str, object] = {}
    for name, documents in {
        "install.yaml": [_namespace(namespace), *whole],
        "install-namespaced.yaml": scoped,
    }.items():
        for folder in (root / "dist", root / "kustomize" / BASES[name]):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(HEAD + write_manifests(documents), encoding="utf-8")
        figures[f"dist/{name}"] = len(documents)
    return figures


def _namespace(name: str) -> dict[str, object]:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def rendered(settings: set[str], namespace: str) -> list[dict[str, object]]:
    """Give the objects that the chart makes with these settings, each as `--set` takes it, in this namespace.

    Raises:
        RenderError: helm refuses.
    """
    sets = [f"--set={one}" for one in sorted(settings)]
    command: list[str | Path] = [
        tool_path("helm"),
        "template",
        RELEASE,
        CHART,
        f"--namespace={namespace}",
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

"""`make manifests`: plain manifests for kubectl, and the bases of kustomize that are made of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from hack.chart.manifests import RenderError, rendered, write
from realtime_operator.manifests import read_manifests
from tests.chart.chart import CLUSTER_SCOPED, ROOT, of_kind, one

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chart.chart import Json
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]
pytestmark = pytest.mark.usefixtures("helm")

IMAGE = "registry.example:5000/voice/realtime-operator:1.2"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bases, and the manifests written into it for the namespace voice."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "kustomize", root / "kustomize", ignore=shutil.ignore_patterns("install*.yaml"))
    figures = write(IMAGE, "voice", root=root)
    assert all(isinstance(count, int) and count > 3 for count in figures.values())
    return root


def objects(project: Path, name: str) -> list[Json]:
    """What a manifest holds."""
    return read_manifests((project / "dist" / name).read_text())


def test_the_whole_cluster(kubectl: Command, project: Path) -> None:
    """Namespace first, kinds, rights and policies; no mark of Helm is left, and the API server takes all that needs no namespace."""
    documents = objects(project, "install.yaml")
    assert documents[0]["kind"] == "Namespace"
    assert {"CustomResourceDefinition", "ClusterRole", "ValidatingAdmissionPolicy"} <= {
        it["kind"] for it in documents
    }
    text = (project / "dist" / "install.yaml").read_text()
    assert not [word for word in ("helm.sh", "managed-by: Helm", 'managed-by: "Helm"') if word in text]
    assert one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE
    everywhere = [it for it in documents if it["kind"] in CLUSTER_SCOPED | {"Namespace"}]
    accept = ("apply", "--dry-run=server", "--validate=strict", "-f", "-")
    assert len(kubectl(*accept, stdin=yaml.safe_dump_all(everywhere)).stdout.splitlines()) == len(everywhere)


def test_one_namespace(kubectl: Command, project: Path, namespace: str) -> None:
    """Nothing of the cluster's, everything in the namespace, and the operator is told to stay there."""
    documents = objects(project, "install-namespaced.yaml")
    assert not [it for it in documents if it["kind"] in CLUSTER_SCOPED]
    assert {it["metadata"]["namespace"] for it in documents} == {"voice"}
    (role,) = of_kind(documents, "Role")
    assert "namespaces" not in {resource for rule in role["rules"] for resource in rule["resources"]}
    assert (
        "--namespaces=voice"
        in one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    )
    for it in documents:
        it["metadata"]["namespace"] = namespace
    accept = ("apply", "--dry-run=server", "--validate=strict", "-f", "-")
    assert len(kubectl(*accept, stdin=yaml.safe_dump_all(documents)).stdout.splitlines()) == len(documents)


@pytest.mark.parametrize(
    ("base", "name"), [("cluster", "install.yaml"), ("namespaced", "install-namespaced.yaml")]
)
def test_kustomize_builds_on_them(kubectl: Command, project: Path, base: str, name: str) -> None:
    """Each base yields the objects of its manifest, and an overlay can set the image."""
    built = read_manifests(kubectl("kustomize", project / "kustomize" / base).stdout)
    key = lambda it: (it["kind"], it["metadata"]["name"])  # noqa: E731 - of this comparison alone
    assert sorted(built, key=key) == sorted(objects(project, name), key=key)
    overlay = project / f"overlay-{base}"
    overlay.mkdir()
    image = "images: [{name: 'registry.example:5000/voice/realtime-operator', newName: mine, newTag: v2}]"
    (overlay / "kustomization.yaml").write_text(f"resources: [../kustomize/{base}]\n{image}\n")
    deployment = one(read_manifests(kubectl("kustomize", overlay).stdout), "Deployment")
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "mine:v2"


@pytest.mark.parametrize(
    "image",
    [
        "realtime-operator",
        "localhost:5000/realtime-operator",
        f"registry.example/a/b@sha256:{'0a' * 32}",
        IMAGE,
    ],
)
def test_an_image_is_what_it_is(tmp_path: Path, image: str) -> None:
    """With a registry's port, without a tag, by digest."""
    write(image, "voice", root=tmp_path)
    deployment = one(objects(tmp_path, "install-namespaced.yaml"), "Deployment")
    expected = image if ":" in image.rpartition("/")[2] else f"{image}:0.1.0"
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == expected


def test_a_value_of_the_chart_can_be_set(tmp_path: Path) -> None:
    """The feature with its rights in both, and with its policy in the one that may have something of the cluster's."""
    write(IMAGE, "voice", settings=["podAnnotation.enabled=true"], root=tmp_path)
    name = "realtime-operator-pods"
    whole, scoped = objects(tmp_path, "install.yaml"), objects(tmp_path, "install-namespaced.yaml")
    for documents, kind in ((whole, "ClusterRole"), (scoped, "Role")):
        assert one(documents, kind, name)["rules"][0]["verbs"] == ["list", "patch"]
        container = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        assert "--pod-annotation" in container["args"]
    assert one(whole, "ValidatingAdmissionPolicy", name)
    assert not [it for it in scoped if it["kind"] in CLUSTER_SCOPED]


def test_what_helm_refuses_is_told() -> None:
    """In its own words."""
    with pytest.raises(RenderError, match="additional properties 'imag' not allowed"):
        rendered({"imag=1"}, "voice")

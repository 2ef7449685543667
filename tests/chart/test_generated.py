"""What is generated in the chart is what it is generated from, and what is copied stays the same when it is rendered."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from hack.chart import files
from hack.chart.__main__ import main
from hack.chart.values import Undocumented, read_values
from tests.chart.chart import CHART, RELEASE, ROOT, of_kind, rendered

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chart.chart import Json
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]


def test_the_committed_files_are_generated() -> None:
    """Nobody edited README or copies, and nobody forgot `make chart`."""
    assert files.differing() == []
    assert main(["--check"]) == 0


def test_every_value_is_documented() -> None:
    """Each with a path, its default and a sentence; a value without a comment is named."""
    values = read_values((CHART / "values.yaml").read_text())
    assert len(values) > 50
    assert all(one.about.endswith(".") for one in values)
    assert read_values("# -- Of a.\na: {b: 1}\n")[0].default == '{"b": 1}'
    with pytest.raises(Undocumented, match=r"^a\.b has no comment"):
        read_values("a:\n  # plain\n  b: 1\n")


def test_the_chart_has_the_products_version() -> None:
    """So that the image that it asks for by default is the one of its code."""
    product = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (product, product)


def test_the_kinds_are_rendered_as_they_are(helm: Command) -> None:
    """Labels and the annotation that keeps them are all that is added; without `keep`, and without the kinds, less."""
    origin = {it["metadata"]["name"]: it for it in map(_read, sorted((ROOT / "crds").glob("*.yaml")))}
    kept = of_kind(rendered(helm, {}), "CustomResourceDefinition")
    assert [it["metadata"].pop("annotations") for it in kept] == [{"helm.sh/resource-policy": "keep"}] * 3
    for it in kept:
        del it["metadata"]["labels"]
        assert it == origin[it["metadata"]["name"]]
    going = of_kind(rendered(helm, {"crds": {"keep": False}}), "CustomResourceDefinition")
    assert len(going) == 3
    assert not any("annotations" in it["metadata"] for it in going)
    assert not of_kind(rendered(helm, {"crds": {"enabled": False}}), "CustomResourceDefinition")


def test_the_policies_are_rendered_as_they_are(helm: Command) -> None:
    """For a release in the namespace of the manifests' own user, all of them differ from policies/ in labels alone."""
    documents = rendered(helm, {"podAnnotation": {"enabled": True}})
    origin = [
        it for file in (ROOT / "policies").glob("*.yaml") for it in yaml.safe_load_all(file.read_text())
    ]
    kinds = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    found = [it for kind in kinds for it in of_kind(documents, kind)]
    for it in found:
        assert it["metadata"].pop("labels")["app.kubernetes.io/instance"] == RELEASE
        assert it in origin
    assert len(found) == len(origin)


def _read(file: Path) -> Json:
    read: Json = yaml.safe_load(file.read_text())
    return read

"""Wrong values are refused before anything is installed, and the message says which and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.chart.chart import CHART, RELEASE

if TYPE_CHECKING:
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]

WRONG: dict[str, tuple[str, str]] = {
    "replicaCount=two": ("/replicaCount", "got string, want integer"),
    "nodeselector.pool=system": ("", "additional properties 'nodeselector' not allowed"),
    "scope.namespaces=hotel": ("/scope/namespaces", "got string, want array"),
    "scope.namespaces={Team_A}": ("/scope/namespaces/0", "'Team_A' does not match pattern"),
    "image.digest=latest": ("/image/digest", "'latest' does not match pattern '^(sha256:[0-9a-f]{64})?$'"),
    "image.pullPolicy=Sometimes": ("/image/pullPolicy", "one of 'Always', 'IfNotPresent', 'Never'"),
    "log.level=loud": ("/log/level", "one of 'debug', 'info', 'warning'"),
    "defaultProvider.baseURL=api.openai.com": (
        "/defaultProvider/baseURL",
        "does not match pattern '^https?://",
    ),
    "extraArgs={resync}": ("/extraArgs/0", "'resync' does not match pattern '^--[a-z]'"),
    "terminationGracePeriodSeconds=2": ("/terminationGracePeriodSeconds", "minimum: got 2, want 8"),
    "serviceMonitor.interval=often": ("/serviceMonitor/interval", "'often' does not match pattern"),
    "podDisruptionBudget.minAvailable=half": ("/podDisruptionBudget/minAvailable", "'half' does not match"),
    "crds.enabled=yes": ("/crds/enabled", "got string, want boolean"),
}
"""What is set, where the message says it is wrong, and how."""


@pytest.mark.parametrize("setting", WRONG)
def test_a_wrong_value_is_refused(helm: Command, setting: str) -> None:
    """With its place and the reason."""
    place, reason = WRONG[setting]
    said = helm("template", RELEASE, CHART, f"--set={setting}", check=False)
    assert said.returncode != 0
    (line,) = [it for it in said.stderr.splitlines() if it.startswith("- at ")]
    assert line.startswith(f"- at '{place}': ")
    assert reason in line


def test_a_parent_chart_may_have_its_condition(helm: Command) -> None:
    """`realtime-operator.enabled` of a chart that has this one as a dependency reaches this one's values."""
    assert helm("template", RELEASE, CHART, "--set=enabled=true").returncode == 0


def test_the_schema_knows_every_value_and_no_other() -> None:
    """What a value's type is, is said for each, down to where a value is free."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert list(paths_of_schema(schema, "")) == list(paths_of_values(schema, values, ""))


def paths_of_schema(schema: dict[str, Any], path: str) -> Any:
    """Each property below which nothing is declared; without what a parent chart sets."""
    properties = {
        name: it for name, it in schema.get("properties", {}).items() if (path, name) != ("", "enabled")
    }
    if not properties:
        yield path
    for name, below in properties.items():
        yield from paths_of_schema(below, f"{path}.{name}") if name != "resources" else [f"{path}.{name}"]


def paths_of_values(schema: dict[str, Any], values: Any, path: str) -> Any:
    """The same paths, from the values; as deep as the schema goes."""
    if not schema.get("properties") or path == ".resources":
        yield path
        return
    for name, below in values.items():
        yield from paths_of_values(schema["properties"][name], below, f"{path}.{name}")

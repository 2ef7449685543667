"""The CRDs: generated, complete, described, and equal to the committed files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from realtime_operator.api import crd
from realtime_operator.api.kinds import KINDS, Kind, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMITTED = Path(__file__).parents[2] / "crds"
FORBIDDEN = {
    "$ref",
    "$defs",
    "anyOf",
    "allOf",
    "oneOf",
    "const",
    "title",
    "propertyNames",
    "x-cluster-kind-only",
}

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.model.kind.lower())


def root(kind: Kind) -> dict[str, Any]:
    """Return the schema of a kind."""
    schema: dict[str, Any] = manifest(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def walk(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema below one, with its path as `kubectl explain` writes it."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from walk(field, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if inner in schema:
            yield from walk(schema[inner], f"{path}[]")


def test_the_committed_files_are_what_the_models_say() -> None:
    """Nobody edited a CRD, and nobody forgot to generate it."""
    assert crd.differing(COMMITTED) == []


def test_a_check_finds_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check passes right after writing, and names the file that was edited, removed or added since."""
    assert crd.main([str(tmp_path)]) == 0
    assert crd.main([str(tmp_path), "--check"]) == 0
    (tmp_path / "realtimesessions.yaml").write_text("edited", encoding="utf-8")
    (tmp_path / "realtimeproviders.yaml").unlink()
    (tmp_path / "stray.yaml").touch()
    assert crd.main([str(tmp_path), "--check"]) == 1
    said = capsys.readouterr().err
    assert "realtimeproviders.yaml, realtimesessions.yaml, stray.yaml" in said


def test_files_can_be_applied_by_any_client() -> None:
    """Client-side apply copies an object into an annotation of 256 KiB at most; a file stays far from that."""
    assert max(len(text) for text in crd.render().values()) < 96 * 1024


@each_kind
def test_every_field_is_described(kind: Kind) -> None:
    """`kubectl explain` is documentation; only metadata is described by the server itself."""
    paths = {
        path for path, schema in walk(root(kind)) if not path.endswith("[]") and not schema.get("description")
    }
    assert paths == {".metadata"}


@each_kind
def test_schemas_are_structural(kind: Kind) -> None:
    """Every part has one type, or is open and has none, and none of JSON schema's words that the API server refuses."""
    for path, schema in walk(root(kind)):
        assert isinstance(schema.get("type"), str) or schema["x-kubernetes-preserve-unknown-fields"], path
        assert not FORBIDDEN & schema.keys(), path
        assert schema.get("type") != "null", path


@each_kind
def test_numbers_say_their_width(kind: Kind) -> None:
    """Every integer is an int32 or an int64."""
    formats = {schema["format"] for _, schema in walk(root(kind)) if schema.get("type") == "integer"}
    assert formats <= {"int32", "int64"}


@each_kind
def test_specs_are_bounded(kind: Kind) -> None:
    """Every string, list and map of a spec has a bound; else rules are too costly for the API server.

    In the body only what rules look at has one: other bounds would be ours and not the API's.
    """
    ruled = {".session.type", ".session.model", ".session.instructions", ".session.tools"}
    bounds = {"array": "maxItems", "string": "maxLength"}
    spec = root(kind)["properties"]["spec"]
    for path, schema in walk(spec):
        if path.startswith(".session.") and path not in ruled:
            continue
        bound = "maxProperties" if "additionalProperties" in schema else bounds.get(schema["type"], "")
        assert not bound or bound in schema or "enum" in schema, path


@each_kind
def test_messages_end_without_a_period_and_are_short(kind: Kind) -> None:
    """A rule's message reads well behind the field's path, as kubectl prints it."""
    for path, schema in walk(root(kind)):
        for rule in schema.get("x-kubernetes-validations", ()):
            assert 10 < len(rule["message"]) < 240, path
            assert not rule["message"].endswith("."), path


def test_only_the_cluster_kind_names_namespaces() -> None:
    """The namespace of a key is required in the cluster kind and no field of the other."""
    fields = {
        kind.plural: root(kind)["properties"]["spec"]["properties"]["auth"]["properties"]["secretRef"]
        for kind in KINDS
        if "provider" in kind.plural
    }
    assert "namespace" in fields["clusterrealtimeproviders"]["required"]
    assert "namespace" not in fields["realtimeproviders"]["properties"]


def test_the_body_stays_open() -> None:
    """Unknown fields of the body are kept, and declared ones are nullable and have no default."""
    body = root(KINDS[0])["properties"]["spec"]["properties"]["session"]
    assert body["x-kubernetes-preserve-unknown-fields"] is True
    for path, schema in walk(body):
        assert "default" not in schema, path
        if path and not path.endswith("[]"):
            assert schema["nullable"] is True, path
        if schema.get("type", "object") == "object":
            assert schema["x-kubernetes-preserve-unknown-fields"] is True, path


def test_files_say_that_they_are_generated() -> None:
    """Each file begins with a comment that says where to edit, and holds one document."""
    for name, text in crd.render().items():
        assert text.startswith("# Generated from the models"), name
        assert yaml.safe_load(text)["kind"] == "CustomResourceDefinition"

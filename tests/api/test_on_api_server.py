"""How objects of the three kinds fare on a real API server: defaults, nulls, transitions, status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from realtime_operator.api.conditions import PENDING
from realtime_operator.api.kinds import KINDS
from realtime_operator.api.session import RealtimeSession, RealtimeSessionSpec
from tests.api.a_status import a_status

if TYPE_CHECKING:
    from tests.api.conftest import Ask, Objects, Refusal

pytestmark = pytest.mark.controlplane

EXAMPLES = Path(__file__).parents[2] / "examples"
KUSTOMIZATION = "kustomization.yaml"

DEEP = {
    "type": "realtime",
    "model": None,
    "instructions": None,
    "of_a_later_version": {"deep": {"deeper": [{"deepest": 0.8}]}},
    "audio": {"input": {"turn_detection": None, "format": {"type": "audio/pcm", "rate": 24000}}},
    "tools": [
        {"type": "function", "name": "book", "parameters": {"type": "object", "properties": {"x": {}}}},
        {"type": "mcp", "server_label": "desk", "authorization": None, "headers": None},
    ],
    "tracing": None,
    "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
}

NAME_CHANGES = {
    "the same name": ("a", "a", True),
    "no name before and after": (None, None, True),
    "another name": ("a", "b", False),
    "a name that was not there": (None, "b", False),
    "a name taken away": ("a", None, False),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.model.kind.lower())
def test_definitions_are_established(ask: Ask, kind: Any) -> None:
    """The API server serves every kind, has nothing against its schema, and stores one version."""
    crd = yaml.safe_load(ask("get", "crd", f"{kind.plural}.realtime-operator.io", "-o", "yaml"))
    states = {one["type"]: one["status"] for one in crd["status"]["conditions"]}
    assert states["Established"] == "True"
    assert states["NamesAccepted"] == "True"
    assert "NonStructuralSchema" not in states


@pytest.mark.parametrize(("before", "after", "allowed"), NAME_CHANGES.values(), ids=NAME_CHANGES.keys())
def test_the_name_of_the_secret_is_final(
    objects: Objects, before: str | None, after: str | None, *, allowed: bool
) -> None:
    """The Secret's name is neither changed, nor set, nor removed after creation, while other fields may change."""

    def spec(name: str | None, *, suspend: bool) -> dict[str, Any]:
        return {"suspend": suspend, "secret": {"name": name} if name else {}}

    created = objects.create("RealtimeSession", spec(before, suspend=False))
    refusal = objects.replace(created | {"spec": spec(after, suspend=True)})
    if allowed:
        assert refusal is None
    else:
        assert refusal is not None
        assert (
            "spec.secret.name: Forbidden: the Secret's name cannot be changed, set or removed later"
            in refusal
        )


def test_an_empty_spec_shows_the_defaults_of_the_models(objects: Objects) -> None:
    """The API server fills in exactly what the models take for granted."""
    created = objects.create("RealtimeSession", {})
    assert created["spec"] == {
        "endpoint": "ClientSecrets",
        "secret": {"adoptionPolicy": "Never"},
        "delivery": {"propagation": "Kubelet"},
        "suspend": False,
    }
    assert RealtimeSession.model_validate(created).spec == RealtimeSessionSpec()


def test_a_provider_shows_its_defaults(objects: Objects) -> None:
    """A provider's scheme, key and limit are filled in."""
    created = objects.create(
        "RealtimeProvider", {"baseURL": "https://a.example", "auth": {"secretRef": {"name": "a"}}}
    )
    assert created["spec"]["auth"] == {"scheme": "Bearer", "secretRef": {"name": "a", "key": "api-key"}}
    assert created["spec"]["limits"] == {"maxInFlight": 128}


def test_a_new_object_is_not_ready_yet(objects: Objects) -> None:
    """A new object has a status at once, so that a tool that waits for readiness waits."""
    assert objects.create("RealtimeSession", {})["status"] == PENDING


def test_nulls_and_unknown_fields_survive_creation(objects: Objects) -> None:
    """The body is stored as it was written: nulls and fields of any depth."""
    assert objects.create("RealtimeSession", {"session": DEEP})["spec"]["session"] == DEEP


def test_nulls_and_unknown_fields_survive_server_side_apply(
    ask: Ask, namespace: str, objects: Objects
) -> None:
    """Server-side apply keeps the body as well, also when it changes a field from an object to null, or from a word to an object."""
    before = {**DEEP, "tracing": {"workflow_name": "a"}, "truncation": "auto"}
    applied = objects.manifest("RealtimeSession", {"session": before})
    apply = ("apply", "--server-side", "-n", namespace, "-f", "-")
    ask(*apply, stdin=yaml.safe_dump(applied))
    ask(*apply, stdin=yaml.safe_dump(applied | {"spec": {"session": DEEP}}))
    assert objects.read("RealtimeSession", applied["metadata"]["name"])["spec"]["session"] == DEEP


def test_null_paths_survive_client_side_apply(ask: Ask, namespace: str, objects: Objects) -> None:
    """Client-side apply takes nulls away and leaves the null paths."""
    applied = objects.manifest("RealtimeSession", {"session": DEEP, "nullPaths": ["/tracing"]})
    ask("apply", "-n", namespace, "-f", "-", stdin=yaml.safe_dump(applied))
    spec = objects.read("RealtimeSession", applied["metadata"]["name"])["spec"]
    assert spec["nullPaths"] == ["/tracing"]
    assert "tracing" not in spec["session"]


def test_a_misspelt_field_is_refused(refusal: Refusal) -> None:
    """Outside the body a field that there is not is an error for every client that asks for strictness."""
    said = refusal("RealtimeSession", {"lifetimeSecond": 10})
    assert said is not None
    assert 'unknown field "spec.lifetimeSecond"' in said


def test_a_namespaced_provider_has_no_namespace_for_its_key(refusal: Refusal) -> None:
    """A namespaced provider cannot point at a Secret of another namespace."""
    spec = {"baseURL": "https://a.example", "auth": {"secretRef": {"name": "a", "namespace": "kube-system"}}}
    said = refusal("RealtimeProvider", spec)
    assert said is not None
    assert 'unknown field "spec.auth.secretRef.namespace"' in said


def test_a_full_status_is_stored_as_written(objects: Objects) -> None:
    """Every field that the models write is in the schema and is read back equal."""
    created = objects.create("RealtimeSession", {})
    stored = objects.write_status(created, a_status().to_api())
    assert stored["status"] == a_status().to_api()
    assert RealtimeSession.model_validate(stored).status == a_status()


@pytest.mark.parametrize(
    "file",
    sorted(file for file in EXAMPLES.glob("*/*.yaml") if file.name != KUSTOMIZATION),
    ids=lambda file: f"{file.parent.name}/{file.stem}",
)
def test_every_example_is_accepted(ask: Ask, namespace: str, file: Path) -> None:
    """Every example is an object that the API server takes, without a field that it does not know."""
    accept = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-o", "name", "-f", "-")
    for manifest in yaml.safe_load_all(file.read_text(encoding="utf-8")):
        if "namespace" in manifest["metadata"]:
            manifest["metadata"]["namespace"] = namespace
        assert manifest["metadata"]["name"] in ask(*accept, stdin=yaml.safe_dump(manifest))


@pytest.mark.parametrize(
    "folder",
    sorted(file.parent for file in EXAMPLES.glob(f"*/{KUSTOMIZATION}")),
    ids=lambda folder: folder.name,
)
def test_every_kustomization_is_accepted(ask: Ask, namespace: str, folder: Path) -> None:
    """What kustomize makes of an example is accepted as a whole."""
    accept = (
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "--namespace",
        namespace,
        "-o",
        "name",
    )
    said = ask("apply", "-k", str(folder), *accept)
    assert len(said.split()) >= len(yaml.safe_load((folder / KUSTOMIZATION).read_text())["resources"])

"""What people see of the kinds with kubectl: columns, explanations, short names, categories, selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.a_status import a_status

if TYPE_CHECKING:
    from tests.api.conftest import Ask, Objects

pytestmark = pytest.mark.controlplane


def wide_cells(printed: str) -> dict[str, str]:
    """Return the one row that kubectl printed, by its column's heading."""
    heading, row = printed.splitlines()
    starts = [heading.index(word) for word in heading.split()]
    edges = [*starts[1:], max(len(heading), len(row))]
    return {heading[a:b].strip(): row[a:b].strip() for a, b in zip(starts, edges, strict=True)}


def test_columns_of_a_session(ask: Ask, namespace: str, objects: Objects) -> None:
    """`kubectl get rts` shows readiness, reason, Secret, expiry as a time, and the token's age."""
    created = objects.create("RealtimeSession", {"session": {"type": "realtime", "model": "gpt-realtime"}})
    objects.write_status(created, a_status().to_api())
    name = created["metadata"]["name"]
    narrow = wide_cells(ask("get", "rts", name, "-n", namespace))
    assert list(narrow) == ["NAME", "READY", "REASON", "SECRET", "EXPIRES", "ROTATED", "AGE"]
    assert (narrow["READY"], narrow["REASON"], narrow["SECRET"]) == ("True", "Issued", "concierge")
    assert narrow["EXPIRES"] == "2026-11-22T12:10:00Z"
    wide = wide_cells(ask("get", "rts", name, "-n", namespace, "-o", "wide"))
    extra = {"ENDPOINT": "ClientSecrets", "MODEL": "gpt-realtime", "ROTATIONS": "418", "PROVIDER": "default"}
    assert extra.items() <= wide.items()


def test_columns_of_a_provider(ask: Ask, namespace: str, objects: Objects) -> None:
    """`kubectl get rtp` shows readiness and where tokens are minted."""
    spec = {"baseURL": "https://gateway.example/v1", "auth": {"secretRef": {"name": "a"}}}
    name = objects.create("RealtimeProvider", spec)["metadata"]["name"]
    cells = wide_cells(ask("get", "rtp", name, "-n", namespace))
    assert list(cells) == ["NAME", "READY", "REASON", "URL", "AGE"]
    assert (cells["READY"], cells["REASON"], cells["URL"]) == (
        "Unknown",
        "Pending",
        "https://gateway.example/v1",
    )


def test_explain_teaches(ask: Ask) -> None:
    """`kubectl explain` knows the short names and gives the descriptions of the models."""
    session = " ".join(ask("explain", "rts.spec.session").split())
    assert "sent as written" in session
    assert "temperature <number>" in session
    assert "Sessions only" in session
    assert "near_field (headset)" in ask("explain", "rts.spec.session.audio.input.noise_reduction")
    assert "not both" in ask("explain", "rts.spec.session.output_modalities")
    assert "inf, the default" in ask("explain", "rts.spec.session.max_output_tokens")
    assert "OPENAI_REALTIME_TOKEN" in ask("explain", "rts.spec.secret.keys")
    assert "Mints at the same time at most" in ask("explain", "rtp.spec.limits")
    assert "Namespace of the Secret" in ask("explain", "crtp.spec.auth.secretRef.namespace")


def test_the_category_lists_all_kinds(ask: Ask, namespace: str, objects: Objects) -> None:
    """`kubectl get realtime` shows providers and sessions at once."""
    session = objects.create("RealtimeSession", {})["metadata"]["name"]
    spec = {"baseURL": "https://a.example", "auth": {"secretRef": {"name": "a"}}}
    provider = objects.create("RealtimeProvider", spec)["metadata"]["name"]
    listed = ask("get", "realtime", "-n", namespace, "-o", "name").split()
    assert f"realtimesession.realtime-operator.io/{session}" in listed
    assert f"realtimeprovider.realtime-operator.io/{provider}" in listed


def test_sessions_are_selected_by_fields(ask: Ask, namespace: str, objects: Objects) -> None:
    """Field selectors find sessions by endpoint, model, Secret and provider, and pass over those without."""
    objects.create("RealtimeSession", {})
    created = objects.create(
        "RealtimeSession", {"endpoint": "Sessions", "session": {"model": "m"}, "suspend": True}
    )
    objects.write_status(created, a_status().to_api())
    for selector in (
        "spec.endpoint=Sessions",
        "spec.suspend=true",
        "spec.session.model=m",
        "status.providerRef.name=default",
        "status.secretRef.name=concierge",
    ):
        found = ask("get", "rts", "-n", namespace, "--field-selector", selector, "-o", "name").split()
        assert found == [f"realtimesession.realtime-operator.io/{created['metadata']['name']}"], selector

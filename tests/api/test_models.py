"""The models: what is read from the API, and what goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.model import rfc3339
from realtime_operator.api.provider import (
    AuthScheme,
    ClusterRealtimeProvider,
    ProviderKind,
    RealtimeProvider,
)
from realtime_operator.api.secret import AdoptionPolicy, SecretKey, SecretSpec
from realtime_operator.api.session import Propagation, RealtimeSession, RealtimeSessionStatus

BODY: dict[str, Any] = {
    "type": "realtime",
    "audio": {"output": {"voice": "marin"}, "input": {"turn_detection": None}},
    "instructions": None,
}
SESSION: dict[str, Any] = {
    "apiVersion": "realtime-operator.io/v1alpha1",
    "kind": "RealtimeSession",
    "metadata": {
        "name": "concierge",
        "namespace": "hotel",
        "uid": "u-1",
        "generation": 3,
        "resourceVersion": "42",
        "creationTimestamp": "2026-11-22T19:36:00Z",
        "managedFields": [{"manager": "kubectl"}],
    },
    "spec": {
        "providerRef": {"kind": "ClusterRealtimeProvider", "name": "default"},
        "endpoint": "Sessions",
        "lifetimeSeconds": 600,
        "session": BODY,
        "nullPaths": ["/audio/input/turn_detection"],
        "safetyIdentifier": "hotel-concierge",
        "secret": {"name": "tokens", "keys": {"token": "TOKEN"}, "adoptionPolicy": "IfUnowned"},
        "delivery": {"propagation": "None"},
        "suspend": True,
        "ofALaterVersion": 1,
    },
    "status": {"observedGeneration": 3, "tokenID": "4f1d0c2a9b7e", "issuedTime": "2026-11-22T19:36:00Z"},
}
PROVIDER_SPEC: dict[str, Any] = {
    "baseURL": "https://gateway.example/v1",
    "auth": {"scheme": "ApiKeyHeader", "secretRef": {"name": "openai", "namespace": "keys", "key": "k"}},
    "caBundleRef": {"name": "ca", "namespace": "keys"},
    "limits": {"requestsPerMinute": 60},
    "allow": {"namespaces": {"matchLabels": {"voice": "true"}}, "maxLifetimeSeconds": 60},
}


def test_a_session_is_read_field_by_field() -> None:
    """Every field of a spec arrives under its Python name, and what is not known is ignored."""
    session = RealtimeSession.model_validate(SESSION)
    spec = session.spec
    assert (session.metadata.uid, session.metadata.generation, session.metadata.resource_version) == (
        "u-1",
        3,
        "42",
    )
    assert spec.provider_ref is not None
    assert (spec.provider_ref.kind, spec.provider_ref.name) == (ProviderKind.CLUSTER_PROVIDER, "default")
    assert (spec.endpoint, spec.lifetime_seconds, spec.suspend) == (Endpoint.SESSIONS, 600, True)
    assert (spec.null_paths, spec.safety_identifier) == (("/audio/input/turn_detection",), "hotel-concierge")
    assert (spec.secret.adoption_policy, spec.delivery.propagation) == (
        AdoptionPolicy.IF_UNOWNED,
        Propagation.NONE,
    )
    assert session.status.token_id == "4f1d0c2a9b7e"
    assert session.status.issued_time == datetime(2026, 11, 22, 19, 36, tzinfo=UTC)


def test_the_body_is_kept_as_it_was_written() -> None:
    """The session's body keeps its order and its nulls, and what is inside is not copied."""
    body = RealtimeSession.model_validate(SESSION).spec.session
    assert body is not None
    assert list(body.items()) == list(BODY.items())
    assert body["audio"] is BODY["audio"]


def test_a_session_survives_the_way_to_the_api_and_back() -> None:
    """What `to_api` writes is read back as an equal object, nulls in the body included."""
    session = RealtimeSession.model_validate(SESSION)
    written = session.to_api()
    assert RealtimeSession.model_validate(written) == session
    assert written["spec"]["session"] == BODY
    assert written["status"]["issuedTime"] == "2026-11-22T19:36:00Z"


def test_an_empty_spec_means_the_defaults() -> None:
    """A session that says nothing mints by ClientSecrets into the Secret of its own name."""
    session = RealtimeSession.model_validate({"metadata": {"name": "bare"}, "spec": {}})
    assert (session.secret_name, session.spec.endpoint) == ("bare", Endpoint.CLIENT_SECRETS)
    assert session.spec.delivery.propagation is Propagation.KUBELET
    assert session.spec.session is None
    assert (session.status.observed_generation, session.status.conditions) == (-1, ())


def test_a_named_secret_and_a_renamed_entry_are_used() -> None:
    """The Secret's name and its entries' names are the wanted ones, the others keep theirs."""
    session = RealtimeSession.model_validate(SESSION)
    assert session.secret_name == "tokens"
    assert session.spec.secret.key_name(SecretKey.TOKEN) == "TOKEN"
    assert session.spec.secret.key_name(SecretKey.EXPIRES_AT) == "expires-at"


def test_a_cluster_provider_names_its_namespaces() -> None:
    """The cluster kind finds its key where the reference says."""
    provider = ClusterRealtimeProvider.model_validate(
        {"metadata": {"name": "default"}, "spec": PROVIDER_SPEC}
    )
    assert (provider.kind, provider.key_namespace) == (ProviderKind.CLUSTER_PROVIDER, "keys")
    assert provider.spec.base_url == "https://gateway.example/v1"
    assert provider.spec.auth.scheme is AuthScheme.API_KEY_HEADER
    assert (provider.spec.limits.requests_per_minute, provider.spec.limits.max_in_flight) == (60, 128)
    assert provider.spec.allow is not None
    assert provider.spec.allow.namespaces is not None
    assert provider.spec.allow.namespaces.matches({"voice": "true"})
    assert provider.spec.ca_bundle_ref is not None
    assert provider.spec.ca_bundle_ref.key == "ca.crt"


def test_a_namespaced_provider_looks_in_its_own_namespace_only() -> None:
    """A namespace smuggled into the reference of a namespaced provider is not followed."""
    metadata = {"name": "default", "namespace": "hotel"}
    provider = RealtimeProvider.model_validate({"metadata": metadata, "spec": PROVIDER_SPEC})
    assert (provider.kind, provider.key_namespace) == (ProviderKind.PROVIDER, "hotel")


@pytest.mark.parametrize(
    "auth", [{}, {"file": {"path": "a"}, "secretRef": {"name": "a"}}], ids=["nowhere", "twice"]
)
def test_a_key_is_named_once(auth: dict[str, Any]) -> None:
    """A provider that names its key nowhere, or twice, is no provider, also where no rule was run."""
    with pytest.raises(ValidationError, match="in secretRef or in file"):
        ClusterRealtimeProvider.model_validate(
            {"metadata": {"name": "default"}, "spec": {**PROVIDER_SPEC, "auth": auth}}
        )


def test_objects_cannot_be_changed() -> None:
    """A parsed object is a value; assigning to it is refused."""
    session = RealtimeSession.model_validate(SESSION)
    with pytest.raises(ValidationError, match="frozen"):
        session.spec.suspend = False  # type: ignore[misc] # the point of the test


def test_a_refused_value_is_not_repeated() -> None:
    """The error about a malformed object names the field and hides the value, which may be private."""
    with pytest.raises(ValidationError) as refusal:
        RealtimeSession.model_validate(
            {"metadata": {"name": "a"}, "spec": {"session": "planted-secret-value"}}
        )
    assert "planted-secret-value" not in str(refusal.value)
    assert "spec.session" in str(refusal.value)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(
            datetime(2026, 1, 2, 3, 4, 5, 999_999, UTC), "2026-01-02T03:04:05Z", id="cuts parts of a second"
        ),
        pytest.param(
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T01:04:05Z",
            id="moves to UTC",
        ),
        pytest.param(datetime(987, 1, 2, tzinfo=UTC), "0987-01-02T00:00:00Z", id="pads the year"),
    ],
)
def test_moments_are_written_in_whole_seconds(moment: datetime, text: str) -> None:
    """RFC 3339 in UTC, never later than the moment itself."""
    assert rfc3339(moment) == text


def test_a_status_is_written_without_what_is_not_known() -> None:
    """Unset fields are left out, so that a patch of the status removes nothing by accident."""
    written = RealtimeSessionStatus(observed_generation=2, rotations=1).to_api()
    assert written == {
        "observedGeneration": 2,
        "conditions": [],
        "rotations": 1,
        "failures": {"count": 0, "lastReason": ""},
    }


def test_values_are_made_by_their_python_names() -> None:
    """Models are built in code by snake_case names."""
    assert SecretSpec(keys={SecretKey.TOKEN: "T"}).to_api()["keys"] == {"token": "T"}

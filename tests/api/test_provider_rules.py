"""What the API server refuses in a provider, and what it says then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Refusal

pytestmark = pytest.mark.controlplane


def a_spec(**fields: Any) -> dict[str, Any]:
    """Return the spec of a namespaced provider, with fields replaced."""
    return {"baseURL": "https://api.openai.com/v1", "auth": {"secretRef": {"name": "openai"}}, **fields}


def at(url: str) -> dict[str, Any]:
    """Return a spec with a base URL."""
    return a_spec(baseURL=url)


def headers(**values: str) -> dict[str, Any]:
    """Return a spec with headers; underscores stand for dashes."""
    return a_spec(headers={name.replace("_", "-"): value for name, value in values.items()})


def headers_from(*names: str, **fields: Any) -> dict[str, Any]:
    """Return a spec that takes the values of these headers from a Secret."""
    ref = {"name": "gateway", "key": "k"}
    return a_spec(headersFrom=[{"name": name, "secretKeyRef": ref} for name in names], **fields)


def on_file(path: str, **more: Any) -> dict[str, Any]:
    """Return the spec of a cluster provider whose key is in a file."""
    return a_spec(auth={"file": {"path": path}, **more})


def requirement(operator: str, *values: str) -> dict[str, Any]:
    """Return the spec of a cluster provider with one requirement on namespaces."""
    selector = {"matchExpressions": [{"key": "voice", "operator": operator, "values": list(values)}]}
    return a_spec(auth={"secretRef": {"name": "a", "namespace": "b"}}, allow={"namespaces": selector})


ACCEPTED = {
    "OpenAI": at("https://api.openai.com/v1"),
    "Azure": a_spec(
        baseURL="https://name.openai.azure.com/openai/v1",
        auth={"scheme": "ApiKeyHeader", "secretRef": {"name": "azure", "key": "KEY_1"}},
    ),
    "a gateway in the cluster": at("http://gateway.ai.svc:8080"),
    "an address": at("http://127.0.0.1:8080/v1/"),
    "an address of version 6": at("http://[::1]:8080/v1"),
    "an at sign in the path": at("https://gateway.example/@team/v1"),
    "harmless headers": headers(X_Team="voice", X_Note="two words", X_Token_Count="1"),
    "paths, also with a query": a_spec(
        paths={
            "ClientSecrets": "/realtime/client-secrets",
            "Sessions": "/realtimeapi/sessions?api-version=2025-04-01-preview",
        }
    ),
    "places for the lifetime": a_spec(
        lifetimeFields={
            "ClientSecrets": "/expires_after/seconds",
            "Sessions": "",
            "TranscriptionSessions": "/a~1b",
        }
    ),
    "credentials of a gateway": headers_from(
        "cf-aig-authorization", "X-Api-Key", headers={"X-Team": "voice"}
    ),
    "the other scheme's header": headers_from("api-key"),
    "as many headers as there may be": headers_from(*(f"{'x' * 126}-{n}" for n in range(8))),
    "all limits": a_spec(limits={"requestsPerMinute": 1, "maxInFlight": 1}),
    "a policy": a_spec(
        allow={"endpoints": ["ClientSecrets"], "models": ["gpt-realtime*"], "maxLifetimeSeconds": 3600}
    ),
    "a private authority": a_spec(caBundleRef={"name": "ca"}),
    "organization and project": a_spec(organization="org-1", project="proj_1"),
}

REFUSED = {
    "a lifetime's place for no endpoint": (
        a_spec(lifetimeFields={"Session": "/ttl"}),
        "spec.lifetimeFields",
        "are keyed by the endpoint's name",
    ),
    "a lifetime's place that is no pointer": (
        a_spec(lifetimeFields={"Sessions": "ttl"}),
        "spec.lifetimeFields",
        "is a JSON pointer, such as /expires_after/seconds",
    ),
    "a lifetime's place with half an escape": (
        a_spec(lifetimeFields={"Sessions": "/a~b"}),
        "spec.lifetimeFields",
        "is a JSON pointer, such as /expires_after/seconds",
    ),
    "a lifetime in the session": (
        a_spec(lifetimeFields={"ClientSecrets": "/session/ttl"}),
        "spec.lifetimeFields",
        "cannot be written into the session",
    ),
    "no base URL": ({"auth": {"secretRef": {"name": "a"}}}, "spec.baseURL", "Required value"),
    "an empty base URL": (at(""), "spec.baseURL", "at least 1 chars"),
    "no key": (a_spec(auth={}), "spec.auth.secretRef", "Required value"),
    "no URL at all": (at("api.openai.com/v1"), "spec.baseURL", "must be an absolute http:// or https:// URL"),
    "another scheme": (
        at("ftp://api.openai.com"),
        "spec.baseURL",
        "must be an absolute http:// or https:// URL",
    ),
    "no host": (at("https:///v1"), "spec.baseURL", "must be an absolute http:// or https:// URL"),
    "a query": (at("https://a.example/v1?x=1"), "spec.baseURL", "no query and no fragment"),
    "an empty query": (at("https://a.example/v1?"), "spec.baseURL", "no query and no fragment"),
    "a fragment": (at("https://a.example/v1#x"), "spec.baseURL", "no query and no fragment"),
    "a user and a password": (at("https://user:planted@a.example/v1"), "spec.baseURL", "no user:password@"),
    "a user": (at("https://user@a.example"), "spec.baseURL", "no user:password@"),
    "a line break at the end": (at("https://a.example/v1\n"), "spec.baseURL", "no blanks and no line breaks"),
    "a blank inside": (at("https://a.example/v 1"), "spec.baseURL", "no blanks and no line breaks"),
    "an unknown scheme of authentication": (
        a_spec(auth={"scheme": "Basic", "secretRef": {"name": "a"}}),
        "spec.auth.scheme",
        '"Bearer", "ApiKeyHeader"',
    ),
    "an authorization header": (
        headers(Authorization="planted"),
        "spec.headers",
        "must not carry a credential",
    ),
    "an api-key header": (headers(API_Key="planted"), "spec.headers", "must not carry a credential"),
    "an x-api-key header": (headers(x_api_key="planted"), "spec.headers", "must not carry a credential"),
    "a cookie": (headers(Cookie="planted"), "spec.headers", "must not carry a credential"),
    "a proxy's credential": (
        headers(Proxy_Authorization="planted"),
        "spec.headers",
        "must not carry a credential",
    ),
    "a gateway's authorization": (
        headers(cf_aig_authorization="planted"),
        "spec.headers",
        "not carry a credential",
    ),
    "a gateway's key": (
        headers(Ocp_Apim_Subscription_Key="planted"),
        "spec.headers",
        "not carry a credential",
    ),
    "a session token": (headers(X_Auth_Token="planted"), "spec.headers", "must not carry a credential"),
    "the organization as a header": (
        headers(OpenAI_Organization="o"),
        "spec.headers",
        "what the operator sets itself",
    ),
    "the body's length": (headers(content_length="1"), "spec.headers", "what the operator sets itself"),
    "a header's name with a blank": (
        a_spec(headers={"X Team": "a"}),
        "spec.headers",
        "a header's name has only",
    ),
    "a header's value with a line break": (
        headers(X="a\r\nY: b"),
        "spec.headers",
        "printable ASCII on one line",
    ),
    "a header's value with a line break at its end": (headers(X="a\n"), "spec.headers", "printable ASCII"),
    "a header of the scheme from a Secret": (
        headers_from("AUTHORIZATION"),
        "spec.headersFrom",
        "must not set the header that spec.auth sets",
    ),
    "the other scheme's own header from a Secret": (
        headers_from("Api-Key", auth={"scheme": "ApiKeyHeader", "secretRef": {"name": "a"}}),
        "spec.headersFrom",
        "must not set the header that spec.auth sets",
    ),
    "a header of the connection from a Secret": (
        headers_from("Host"),
        "spec.headersFrom",
        "what the operator sets itself",
    ),
    "a header from a Secret and in clear": (
        headers_from("x-team", headers={"X-Team": "voice"}),
        "spec.headersFrom",
        "either in headers or in headersFrom",
    ),
    "a header from two Secrets": (headers_from("X-A", "x-a"), "spec.headersFrom", "names each header once"),
    "a header from a Secret without a sound name": (
        headers_from("X A"),
        "spec.headersFrom",
        "a header's name has only",
    ),
    "a header from no entry": (
        a_spec(headersFrom=[{"name": "x-a", "secretKeyRef": {"name": "a"}}]),
        "spec.headersFrom[0].secretKeyRef.key",
        "Required value",
    ),
    "a file of the operator for a namespaced provider": (
        a_spec(auth={"secretRef": {"name": "a"}, "file": {"path": "a"}}),
        "RealtimeProvider",
        'unknown field "spec.auth.file"',
    ),
    "a path of an unknown endpoint": (a_spec(paths={"Calls": "/x"}), "spec.paths", "ClientSecrets, Sessions"),
    "a path without a slash": (a_spec(paths={"Sessions": "x"}), "spec.paths", "a path starts with /"),
    "a path with a line break": (a_spec(paths={"Sessions": "/x\n"}), "spec.paths", "a path starts with /"),
    "a line break in the organization": (a_spec(organization="org-1\n"), "spec.organization", "should match"),
    "no requests at all": (
        a_spec(limits={"requestsPerMinute": 0}),
        "spec.limits.requestsPerMinute",
        "or equal to 1",
    ),
    "nothing in flight": (a_spec(limits={"maxInFlight": 0}), "spec.limits.maxInFlight", "or equal to 1"),
    "a policy that allows no model": (a_spec(allow={"models": []}), "spec.allow.models", "at least 1 items"),
    "a policy for an unknown endpoint": (
        a_spec(allow={"endpoints": ["Calls"]}),
        "spec.allow.endpoints[0]",
        '"Sessions"',
    ),
    "a lifetime that the provider does not know": (
        a_spec(allow={"maxLifetimeSeconds": 5}),
        "spec.allow.maxLifetimeSeconds",
        "greater than or equal to 10",
    ),
}

CLUSTER_ACCEPTED = {
    "a key with its namespace": a_spec(auth={"secretRef": {"name": "a", "namespace": "b"}}),
    "a key in a file": on_file("openai/api-key"),
    "a label of namespaces": requirement("In", "true"),
    "the mere presence of a label": requirement("Exists"),
}

CLUSTER_REFUSED = {
    "a key without a namespace": (a_spec(), "spec.auth.secretRef.namespace", "Required value"),
    "no key at all": (a_spec(auth={}), "spec.auth", "once: in secretRef or in file"),
    "a key in a Secret and in a file": (
        on_file("a", secretRef={"name": "a", "namespace": "b"}),
        "spec.auth",
        "once: in secretRef or in file",
    ),
    "a file anywhere": (on_file("/etc/shadow"), "spec.auth.file.path", "should match"),
    "a file above the folder": (on_file("openai/../../token"), "spec.auth.file.path", "should match"),
    "a header from a Secret of no namespace": (
        headers_from("x-a", auth={"secretRef": {"name": "a", "namespace": "b"}}),
        "spec.headersFrom[0].secretKeyRef.namespace",
        "Required value",
    ),
    "an authority without a namespace": (
        a_spec(caBundleRef={"name": "ca"}),
        "spec.caBundleRef.namespace",
        "Required value",
    ),
    "a requirement without values": (
        requirement("In"),
        "matchExpressions[0].values",
        "In and NotIn need values",
    ),
    "a presence with values": (
        requirement("Exists", "true"),
        "matchExpressions[0].values",
        "In and NotIn need values",
    ),
    "an unknown comparison": (requirement("Like", "true"), "matchExpressions[0].operator", '"NotIn"'),
}


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_good_provider_is_accepted(refusal: Refusal, spec: dict[str, Any]) -> None:
    """The API server takes the spec of each case."""
    assert refusal("RealtimeProvider", spec) is None


@pytest.mark.parametrize(("spec", "field", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_provider_is_refused(refusal: Refusal, spec: dict[str, Any], field: str, words: str) -> None:
    """The API server refuses the spec of each case, blames the field, and says what is wrong."""
    said = refusal("RealtimeProvider", spec)
    assert said is not None
    assert f"{field}: " in said
    assert words in said


@pytest.mark.parametrize("spec", CLUSTER_ACCEPTED.values(), ids=CLUSTER_ACCEPTED.keys())
def test_a_good_cluster_provider_is_accepted(refusal: Refusal, spec: dict[str, Any]) -> None:
    """The API server takes the spec of each case for the cluster kind."""
    assert refusal("ClusterRealtimeProvider", spec) is None


@pytest.mark.parametrize(("spec", "field", "words"), CLUSTER_REFUSED.values(), ids=CLUSTER_REFUSED.keys())
def test_a_bad_cluster_provider_is_refused(
    refusal: Refusal, spec: dict[str, Any], field: str, words: str
) -> None:
    """The API server refuses for the cluster kind what lacks a namespace or chooses namespaces badly."""
    said = refusal("ClusterRealtimeProvider", spec)
    assert said is not None
    assert f"{field}: " in said
    assert words in said

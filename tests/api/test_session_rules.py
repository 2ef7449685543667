"""What the API server refuses in a session, and what it says then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Refusal

pytestmark = pytest.mark.controlplane

REALTIME = {"type": "realtime", "model": "gpt-realtime"}
BETA = {"model": "gpt-4o-realtime-preview"}
TRANSLATION = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "de"}}}


def tool(**fields: Any) -> dict[str, Any]:
    """Return a spec with one MCP tool."""
    return {"session": {**REALTIME, "tools": [{"type": "mcp", "server_label": "desk", **fields}]}}


def values(*paths: str, **fields: Any) -> dict[str, Any]:
    """Return a spec whose values at these paths come from a Secret."""
    ref = {"name": "mcp", "key": "token"}
    return {"session": REALTIME, "secretValues": [{"path": p, "secretKeyRef": ref} for p in paths]} | fields


def keys(**names: str) -> dict[str, Any]:
    """Return a spec that renames entries; underscores stand for dashes, DOCUMENT for realtime.json."""
    renamed = {
        name.replace("DOCUMENT", "realtime.json").replace("_", "-"): wanted for name, wanted in names.items()
    }
    return {"secret": {"keys": renamed}}


def delivery(selector: dict[str, Any]) -> dict[str, Any]:
    """Return a spec whose pods are told of tokens."""
    return {"delivery": {"propagation": "PodAnnotation", "podSelector": selector}}


ACCEPTED = {
    "an empty spec": {},
    "a realtime session": {"session": REALTIME},
    "a transcription session": {"session": {"type": "transcription"}},
    "a body without a type for Sessions": {"endpoint": "Sessions", "session": BETA},
    "no body at all for Sessions": {"endpoint": "Sessions"},
    "a null type for Sessions": {"endpoint": "Sessions", "session": {"type": None}},
    "a body without a type for TranscriptionSessions": {
        "endpoint": "TranscriptionSessions",
        "session": {"input_audio_transcription": {"model": "whisper-1"}},
    },
    "no body at all for TranscriptionSessions": {"endpoint": "TranscriptionSessions"},
    "a translation": {"endpoint": "TranslationClientSecrets", "session": TRANSLATION},
    "null in every declared field of the body": {
        "session": {**REALTIME, "instructions": None, "tools": None}
    },
    "the shortest lifetime": {"lifetimeSeconds": 10},
    "the longest lifetime": {"lifetimeSeconds": 7200},
    "a provider by name alone": {"providerRef": {"name": "default"}},
    "an MCP tool without credentials": tool(server_url="https://desk.example/mcp"),
    "an MCP tool with nulls for credentials": tool(authorization=None, headers=None),
    "null paths into a body": {
        "session": REALTIME,
        "nullPaths": ["/audio/input/turn_detection", "/a~1b", "/x~0"],
    },
    "values from Secrets": values("/tools/0/authorization", "/tools/0/headers/X~1Key", "/prompt/variables/a"),
    "as many values from Secrets as there may be": values(*(f"/tools/{n}/authorization" for n in range(16))),
    "an empty list of values without a body": {"secretValues": []},
    "null paths beside values": values("/tools/0/authorization", nullPaths=["/tracing"]),
    "an empty list of null paths without a body": {"nullPaths": []},
    "renamed entries": keys(token="OPENAI_TOKEN", DOCUMENT="doc.json"),
    "two entries that swap their names": keys(token="model", model="token"),
    "an entry that keeps its name": keys(token="token"),
    "a hidden file as an entry": keys(token=".token"),
    "labels and annotations of one's own": {
        "secret": {
            "labels": {"team": "", "example.com/tier": "gold"},
            "annotations": {"example.com/note": "a b"},
        }
    },
    "propagation None": {"delivery": {"propagation": "None"}},
    "propagation PodAnnotation with labels": delivery({"matchLabels": {"app": "concierge"}}),
    "propagation PodAnnotation with an expression": delivery(
        {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    ),
    "adoption": {"secret": {"name": "tokens", "adoptionPolicy": "IfUnowned"}},
    "the longest instructions": {"session": {**REALTIME, "instructions": "x" * 131072}},
}

REFUSED = {
    "a body without a type": (
        {"session": BETA},
        "spec.session.type",
        "says its type: realtime or transcription",
    ),
    "a null type": ({"session": {"type": None}}, "spec.session.type", "says its type"),
    "an unknown type": ({"session": {"type": "translation"}}, "spec.session.type", "says its type"),
    "a type that is no string": ({"session": {"type": 1}}, "spec.session.type", "must be of type string"),
    "a body that is no object": ({"session": "realtime"}, "spec.session", "must be of type object"),
    "a type for Sessions": (
        {"endpoint": "Sessions", "session": REALTIME},
        "spec.session.type",
        "only with endpoint ClientSecrets has a session a type",
    ),
    "an endpoint that is not supported": (
        {"endpoint": "Calls"},
        "spec.endpoint",
        '"ClientSecrets", "Sessions", "TranscriptionSessions", "TranslationClientSecrets"',
    ),
    "a type for TranscriptionSessions": (
        {"endpoint": "TranscriptionSessions", "session": {"type": "transcription"}},
        "spec.session.type",
        "remove it, or use endpoint ClientSecrets",
    ),
    "a type for TranslationClientSecrets": (
        {"endpoint": "TranslationClientSecrets", "session": {**TRANSLATION, "type": "translation"}},
        "spec.session.type",
        "remove it",
    ),
    "a translation without a body": (
        {"endpoint": "TranslationClientSecrets"},
        "spec.session.model",
        "names its model, such as gpt-realtime-translate",
    ),
    "a translation without a model": (
        {"endpoint": "TranslationClientSecrets", "session": {"audio": {"output": {"language": "de"}}}},
        "spec.session.model",
        "names its model",
    ),
    "a translation with a null for its model": (
        {"endpoint": "TranslationClientSecrets", "session": {"model": None}},
        "spec.session.model",
        "names its model",
    ),
    "a lifetime below the provider's": (
        {"lifetimeSeconds": 9},
        "spec.lifetimeSeconds",
        "greater than or equal to 10",
    ),
    "a lifetime above the provider's": (
        {"lifetimeSeconds": 7201},
        "spec.lifetimeSeconds",
        "less than or equal to 7200",
    ),
    "a provider without a name": ({"providerRef": {}}, "spec.providerRef.name", "Required value"),
    "a provider of an unknown kind": (
        {"providerRef": {"kind": "Issuer", "name": "a"}},
        "spec.providerRef.kind",
        '"RealtimeProvider", "ClusterRealtimeProvider"',
    ),
    "a provider with an impossible name": (
        {"providerRef": {"name": "A b"}},
        "spec.providerRef.name",
        "should match",
    ),
    "a token inside an MCP tool": (
        tool(authorization="planted"),
        "spec.session.tools[0].authorization",
        "name the Secret that holds it in spec.secretValues, with path /tools/N/authorization",
    ),
    "headers inside an MCP tool": (
        tool(headers={"X": "planted"}),
        "spec.session.tools[0].headers",
        "carry credentials",
    ),
    "empty headers inside an MCP tool": (
        tool(headers={}),
        "spec.session.tools[0].headers",
        "carry credentials",
    ),
    "a null path that does not begin with a slash": (
        {"session": REALTIME, "nullPaths": ["audio"]},
        "spec.nullPaths[0]",
        "should match",
    ),
    "a null path that is the whole body": (
        {"session": REALTIME, "nullPaths": ["/"]},
        "spec.nullPaths[0]",
        "2 chars",
    ),
    "a null path with a bad escape": (
        {"session": REALTIME, "nullPaths": ["/a~2"]},
        "spec.nullPaths[0]",
        "should match",
    ),
    "the same null path twice": (
        {"session": REALTIME, "nullPaths": ["/a", "/a"]},
        "spec.nullPaths[1]",
        "Duplicate value",
    ),
    "null paths without a body": ({"nullPaths": ["/audio"]}, "spec.nullPaths", "which is missing"),
    "a null path to the type": (
        {"session": REALTIME, "nullPaths": ["/type"]},
        "spec.nullPaths",
        "cannot be null",
    ),
    "values without a body": (
        {"secretValues": values("/tools/0/authorization")["secretValues"]},
        "spec.secretValues",
        "which is missing",
    ),
    "a type from a Secret": (values("/type"), "spec.secretValues", "type, model and client_secret do not"),
    "a model from a Secret": (values("/a", "/model"), "spec.secretValues", "rules and policies look at them"),
    "a lifetime from a Secret": (
        values("/client_secret/expires_after/seconds"),
        "spec.secretValues",
        "spec.lifetimeSeconds",
    ),
    "a value twice": (values("/a", "/a"), "spec.secretValues[1]", "Duplicate value"),
    "a value that is null as well": (
        values("/tracing", nullPaths=["/tracing"]),
        "spec.secretValues",
        "take its path out of nullPaths or secretValues",
    ),
    "a value at no pointer": (values("tools"), "spec.secretValues[0].path", "should match"),
    "a value from no entry": (
        {"session": REALTIME, "secretValues": [{"path": "/a", "secretKeyRef": {"name": "mcp"}}]},
        "spec.secretValues[0].secretKeyRef.key",
        "Required value",
    ),
    "more values from Secrets than there may be": (
        values(*(f"/a/{n}" for n in range(17))),
        "spec.secretValues",
        "must have at most 16 items",
    ),
    "an entry that there is not": (
        keys(key="k"),
        "spec.secret.keys",
        "keys renames these entries and no others: token",
    ),
    "two entries with one name": (
        keys(token="t", model="t"),
        "spec.secret.keys",
        "cannot have the same name",
    ),
    "an entry with the name of another": (keys(token="model"), "spec.secret.keys", "default name of another"),
    "an entry with a name that no Secret takes": (
        keys(token="a/b"),
        "spec.secret.keys.token",
        "should match",
    ),
    "an entry named by two dots": (keys(token=".."), "spec.secret.keys", "one dot, nor begin with two"),
    "an entry named by one dot": (keys(token="."), "spec.secret.keys", "one dot, nor begin with two"),
    "a label that would make a provider key": (
        {"secret": {"labels": {"realtime-operator.io/provider-key": "true"}}},
        "spec.secret.labels",
        "are the operator's own",
    ),
    "another manager's label": (
        {"secret": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}},
        "spec.secret.labels",
        "are the operator's own",
    ),
    "a label that Kubernetes refuses": (
        {"secret": {"labels": {"-a": "b"}}},
        "spec.secret.labels",
        "Kubernetes accepts",
    ),
    "a label's value that Kubernetes refuses": (
        {"secret": {"labels": {"a": "b c"}}},
        "spec.secret.labels.a",
        "match",
    ),
    "an annotation of the operator": (
        {"secret": {"annotations": {"realtime-operator.io/expires-at": "never"}}},
        "spec.secret.annotations",
        "are the operator's own",
    ),
    "an annotation that Kubernetes refuses": (
        {"secret": {"annotations": {"a b": "c"}}},
        "spec.secret.annotations",
        "Kubernetes accepts",
    ),
    "a Secret with an impossible name": ({"secret": {"name": "Token"}}, "spec.secret.name", "should match"),
    "an unknown adoption policy": (
        {"secret": {"adoptionPolicy": "Always"}},
        "spec.secret.adoptionPolicy",
        '"Never"',
    ),
    "an unknown propagation": (
        {"delivery": {"propagation": "Push"}},
        "spec.delivery.propagation",
        '"Kubelet", "PodAnnotation", "None"',
    ),
    "told pods without their labels": (
        {"delivery": {"propagation": "PodAnnotation"}},
        "spec.delivery.podSelector",
        "must be there with it",
    ),
    "labels of pods that nobody tells": (
        {"delivery": {"podSelector": {"matchLabels": {"app": "concierge"}}}},
        "spec.delivery.podSelector",
        "with Kubelet and None remove it",
    ),
    "a pod's label with an impossible name": (
        delivery({"matchLabels": {"-app": "concierge"}}),
        "spec.delivery.podSelector.matchLabels",
        "Kubernetes accepts",
    ),
    "a pod's label with an impossible value": (
        delivery({"matchLabels": {"app": "a,b=c"}}),
        "spec.delivery.podSelector.matchLabels.app",
        "match",
    ),
    "a pod's label that is asked for by an impossible name": (
        delivery({"matchExpressions": [{"key": "a b", "operator": "Exists"}]}),
        "spec.delivery.podSelector.matchExpressions[0].key",
        "match",
    ),
    "every pod of the namespace": (delivery({}), "spec.delivery.podSelector", "chooses every pod"),
    "every pod of the namespace, at length": (
        delivery({"matchLabels": {}, "matchExpressions": []}),
        "spec.delivery.podSelector",
        "chooses every pod",
    ),
    "a line break in the safety identifier": (
        {"safetyIdentifier": "a\n"},
        "spec.safetyIdentifier",
        "should match",
    ),
    "instructions that are too long": (
        {"session": {**REALTIME, "instructions": "x" * 131073}},
        "spec.session.instructions",
        "may not be more than 131072",
    ),
}


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_good_session_is_accepted(refusal: Refusal, spec: dict[str, Any]) -> None:
    """The API server takes the spec of each case."""
    assert refusal("RealtimeSession", spec) is None


@pytest.mark.parametrize(("spec", "field", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_session_is_refused(refusal: Refusal, spec: dict[str, Any], field: str, words: str) -> None:
    """The API server refuses the spec of each case, blames the field, and says what is wrong."""
    said = refusal("RealtimeSession", spec)
    assert said is not None
    assert f"{field}: " in said
    assert words in said

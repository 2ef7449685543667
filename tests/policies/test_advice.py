"""What the API server warns of in sessions and providers, on a real one; nothing of it is refused."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from realtime_operator.api.body import SESSION_BODY
from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.group import API_VERSION
from realtime_operator.api.session import Propagation
from realtime_operator.core.schedule import lead_for, smallest_lifetime
from tests.controlplane.waiting import wait_until
from tests.policies.fence import POLICIES, copies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import kubernetes

    from tests.support.fixtures import Command

    Warnings = Callable[[str, dict[str, Any]], list[str]]

pytest_plugins = ["tests.support.fixtures"]
pytestmark = pytest.mark.controlplane

FILE = POLICIES / "advice.yaml"
EXAMPLES = sorted((POLICIES.parent / "examples").glob("*/*.yaml"))
GA = {"type": "realtime", "model": "gpt-realtime"}
HEARD = {"type": "transcription"}
MCP = {"type": "mcp", "server_label": "desk", "server_url": "https://desk.example"}


def session(body: dict[str, Any] | None, endpoint: str = "ClientSecrets", **spec: Any) -> dict[str, Any]:
    """A spec."""
    return {"endpoint": endpoint, **({} if body is None else {"session": body}), **spec}


def current(**body: Any) -> dict[str, Any]:
    """A spec for ClientSecrets with type realtime."""
    return session({**GA, **body})


def older(**body: Any) -> dict[str, Any]:
    """A spec for Sessions."""
    return session(body, "Sessions")


def listening(**audio_input: Any) -> dict[str, Any]:
    """A spec for ClientSecrets with type transcription."""
    return session({**HEARD, "audio": {"input": audio_input}})


def translation(**body: Any) -> dict[str, Any]:
    """A spec for TranslationClientSecrets."""
    return session({"model": "gpt-realtime-translate", **body}, "TranslationClientSecrets")


SILENT = {
    "nothing at all": {},
    "a plain session": current(instructions="Hi.", audio={"output": {"voice": "marin"}}),
    "all that a session can say": current(
        output_modalities=["text"],
        audio={
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": {"model": "whisper-1", "prompt": "a"},
                "noise_reduction": None,
                "turn_detection": {"type": "server_vad", "threshold": 1, "create_response": False},
            },
            "output": {"speed": 1},
        },
        include=[],
        tracing="auto",
        tools=[{"type": "function", "name": "book"}, MCP],
        tool_choice="auto",
        parallel_tool_calls=True,
        reasoning={"effort": "low"},
        max_output_tokens=4096,
        truncation="auto",
        prompt={"id": "pmpt_1"},
    ),
    "nulls at every turn": current(audio=None, tools=None, output_modalities=None, max_output_tokens=None),
    "nulls below": current(audio={"input": None, "output": None}),
    "turns off": current(audio={"input": {"turn_detection": None, "transcription": None}}),
    "a field of a gateway": current(seed=7, metadata={"a": 1}),
    "a transcription": listening(
        transcription={"model": "gpt-realtime-whisper"}, turn_detection=None, noise_reduction=None
    ),
    "an older body": older(
        model="m",
        modalities=["text", "audio"],
        voice="verse",
        temperature=0.8,
        turn_detection={"type": "semantic_vad"},
        max_response_output_tokens="inf",
    ),
    "an older transcription": session(
        {"modalities": ["text"], "input_audio_transcription": {"model": "whisper-1"}, "include": []},
        "TranscriptionSessions",
    ),
    "a translation": translation(
        audio={"input": {"transcription": {"model": "a"}}, "output": {"language": "de"}}
    ),
    "the shortest life for a mounted file": session(GA, lifetimeSeconds=114),
    "a short life for the API": session(GA, lifetimeSeconds=10, delivery={"propagation": "None"}),
}

WARNED = {
    "fields of the older shape": (
        current(temperature=0.8),
        "spec.session: realtime does not have temperature, which the API refuses; kubectl explain",
    ),
    "fields of the current shape": (
        older(output_modalities=["audio"]),
        "spec.session: Sessions does not have output_modalities",
    ),
    "a model beside a transcription": (
        session({**HEARD, "model": "whisper-1"}),
        "transcription does not have model",
    ),
    "instructions for a translation": (
        translation(instructions="Hi."),
        "TranslationClientSecrets does not have instructions",
    ),
    "a model for an older transcription": (
        session({"model": "whisper-1"}, "TranscriptionSessions"),
        "TranscriptionSessions does not have model",
    ),
    "a lifetime in the body": (current(client_secret={}), "the lifetime goes into spec.lifetimeSeconds"),
    "text and audio": (current(output_modalities=["text", "audio"]), "text or audio and not both"),
    "a voice for a transcription": (
        session({**HEARD, "audio": {"output": {"voice": "marin"}}}),
        "a transcription says nothing",
    ),
    "a voice for a translation": (
        translation(audio={"output": {"voice": "marin"}}),
        "a translation takes transcription and noise_reduction",
    ),
    "an MCP tool in an older body": (older(tools=[MCP]), "Sessions takes functions only"),
    "an MCP tool that is nowhere": (
        current(tools=[{"type": "mcp", "server_label": "a"}]),
        "an MCP tool needs server_label",
    ),
    "an MCP tool without a label": (
        current(tools=[{"type": "mcp", "server_url": "https://a.example"}]),
        "an MCP tool needs server_label",
    ),
    "turns of no kind": (
        current(audio={"input": {"turn_detection": {"threshold": 0.5}}}),
        "turn_detection needs a type",
    ),
    "turns of no kind in an older body": (older(turn_detection={"threshold": 0.5}), "needs a type"),
    "answers of a transcription": (
        listening(turn_detection={"type": "server_vad", "create_response": True}),
        "a transcription answers nothing",
    ),
    "turns for a model that knows none": (
        listening(transcription={"model": "gpt-realtime-whisper"}, turn_detection={"type": "server_vad"}),
        "gpt-realtime-whisper takes no prompt",
    ),
    "a prompt for a model that takes none": (
        listening(transcription={"model": "gpt-realtime-whisper", "prompt": "a"}),
        "gpt-realtime-whisper takes no prompt",
    ),
    "a threshold out of bounds": (
        current(audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}),
        "documented as 0 to 1",
    ),
    "a temperature out of bounds": (older(temperature=0.5), "documented as 0.6 to 1.2"),
    "too many tokens": (current(max_output_tokens=4097), "documented as 1 to 4096, or inf"),
    "a word for tokens": (older(max_response_output_tokens="all"), "documented as 1 to 4096, or inf"),
    "a lifetime that is not documented": (
        session(None, "TranscriptionSessions", lifetimeSeconds=600),
        "does not document a lifetime for TranscriptionSessions",
    ),
    "a life that is too short": (session(GA, lifetimeSeconds=113), "less than 114 s"),
}


def provider(url: str, **spec: Any) -> dict[str, Any]:
    """The spec of a namespaced provider."""
    return {"baseURL": url, "auth": {"secretRef": {"name": "a"}}} | spec


AZURE = "https://n.openai.azure.com/openai"
API_KEY = {"scheme": "ApiKeyHeader", "secretRef": {"name": "a"}}
PREVIEW = {"Sessions": "/realtimeapi/sessions?api-version=2025-04-01-preview"}

SILENT_PROVIDERS = {
    "OpenAI": provider("https://api.openai.com/v1"),
    "OpenAI in Europe": provider("https://eu.api.openai.com/v1/"),
    "Azure": provider(f"{AZURE}/v1", auth=API_KEY),
    "Azure's preview": provider(AZURE, auth=API_KEY, paths=PREVIEW),
    "a gateway without a path": provider("http://gateway.ai.svc", auth=API_KEY, headers={"X-Team": "a"}),
}

WARNED_PROVIDERS = {
    "OpenAI without v1": (provider("https://api.openai.com"), "is below /v1"),
    "Azure without a path": (provider("https://n.openai.azure.com", auth=API_KEY), "is below /openai/v1"),
    "OpenAI in clear": (provider("http://api.openai.com/v1"), "sends the provider key in clear"),
    "OpenAI with Azure's header": (provider("https://us.api.openai.com/v1", auth=API_KEY), "key as Bearer"),
    "Azure with a version": (provider(f"{AZURE}/v1", auth=API_KEY, paths=PREVIEW), "takes no api-version"),
    "the beta header": (
        provider("https://a.example", headers={"openai-BETA": "realtime=v1"}),
        "one of the retired shape",
    ),
}


@pytest.fixture(scope="module")
def warnings(kube: kubernetes.client.ApiClient, kubectl: Command) -> Iterator[Warnings]:
    """Ask the API server what it warns of in a spec; nothing is stored."""

    def asked(kind: str, spec: dict[str, Any]) -> list[str]:
        body = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "a"}, "spec": spec}
        answer = kube.rest_client.pool_manager.request(
            "POST",
            f"{kube.configuration.host}/apis/{API_VERSION}/namespaces/default/{kind.lower()}s?dryRun=All",
            headers={"Content-Type": "application/json"},
            body=json.dumps(body),
        )
        assert answer.status == 201, answer.data
        return [text for text in answer.headers.getlist("Warning") if "Validation failed" in text]

    manifest = copies(FILE)
    kubectl("apply", "-f", "-", stdin=manifest)
    with contextlib.ExitStack() as stack:
        stack.callback(kubectl, "delete", "--ignore-not-found", "-f", "-", stdin=manifest)
        wait_until(
            lambda: (
                asked("RealtimeSession", current(voice="a"))
                and asked("RealtimeProvider", provider("https://api.openai.com"))
            ),
            "the advice is given",
        )
        yield asked


@pytest.mark.parametrize("spec", SILENT.values(), ids=SILENT.keys())
def test_nothing_is_said_of_a_sound_session(warnings: Warnings, spec: dict[str, Any]) -> None:
    """No false alarm."""
    assert warnings("RealtimeSession", spec) == []


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_nothing_is_said_of_an_example(warnings: Warnings, file: Path) -> None:
    """What people copy is sound."""
    for document in yaml.safe_load_all(file.read_text()):
        if document["kind"] == "RealtimeSession":
            assert warnings("RealtimeSession", document["spec"]) == []


@pytest.mark.parametrize(("spec", "words"), WARNED.values(), ids=WARNED.keys())
def test_a_doubtful_session_is_stored_with_one_warning(
    warnings: Warnings, spec: dict[str, Any], words: str
) -> None:
    """The warning says what is wrong and what to do, and there is no other."""
    (said,) = warnings("RealtimeSession", spec)
    assert words in said


@pytest.mark.parametrize("spec", SILENT_PROVIDERS.values(), ids=SILENT_PROVIDERS.keys())
def test_nothing_is_said_of_a_sound_provider(warnings: Warnings, spec: dict[str, Any]) -> None:
    """No false alarm."""
    assert warnings("RealtimeProvider", spec) == []


@pytest.mark.parametrize(("spec", "words"), WARNED_PROVIDERS.values(), ids=WARNED_PROVIDERS.keys())
def test_a_doubtful_provider_is_stored_with_one_warning(
    warnings: Warnings, spec: dict[str, Any], words: str
) -> None:
    """The warning says what is wrong and what to do, and there is no other."""
    (said,) = warnings("RealtimeProvider", spec)
    assert words in said


@pytest.mark.usefixtures("warnings")
def test_kubectl_shows_the_warning_when_the_spec_is_new(kubectl: Command, namespace: str) -> None:
    """Whoever applies the object reads it; who changes a label, and nothing of the spec, does not read it again."""
    document = {"apiVersion": API_VERSION, "kind": "RealtimeSession", "metadata": {"name": "a"}}
    told = kubectl(
        "apply",
        "-n",
        namespace,
        "-f",
        "-",
        stdin=json.dumps(document | {"spec": current(voice="a", speed=1)}),
    )
    assert "Warning: Validation failed" in told.stderr
    assert {"voice", "speed"} <= set(told.stderr.replace(",", " ").split())
    assert "Warning" not in kubectl("label", "-n", namespace, "rts", "a", "b=c").stderr


@pytest.mark.usefixtures("warnings")
def test_applied_again_nothing_changes(kubectl: Command) -> None:
    """A second apply finds nothing to do, so no tool that compares sees a drift."""
    said = kubectl("apply", "-f", "-", stdin=copies(FILE)).stdout.splitlines()
    assert len(said) == 4
    assert all(line.endswith(" unchanged") for line in said), said


def test_every_declared_field_has_its_places() -> None:
    """A field that the schema gets is given a place here, too; and the shapes are those that there are."""
    policy = next(yaml.safe_load_all(FILE.read_text()))
    variables = {one["name"]: one["expression"] for one in policy["spec"]["variables"]}
    places = yaml.safe_load(variables["places"])
    declared = SESSION_BODY["properties"]
    assert isinstance(declared, dict)
    assert places.keys() == declared.keys()
    shapes = {shape for places_of_one in places.values() for shape in places_of_one}
    assert shapes == {"realtime", "transcription", *Endpoint} - {"ClientSecrets"}


def test_the_shortest_life_is_the_rules_own() -> None:
    """The figure in the advice is what the rule of rotation says."""
    lead = lead_for(lifetime=600, propagation=Propagation.KUBELET, clock_uncertainty=0)
    assert f">= {smallest_lifetime(lead)} " in FILE.read_text()

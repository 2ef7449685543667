"""The official Python SDK as a witness: it reads what the stand-in answers, and it sends what the operator sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import openai
import pytest

from conformance.asking import ask, spec_of
from demo.provider.remote import Recorded, RemoteProvider
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.adapters.system_clock import SystemClock
from realtime_operator.core.provider_view import ProviderView
from tests.support.provider import KEY

pytest_plugins = ["tests.support.provider_fixtures"]

REALTIME = {
    "type": "realtime",
    "model": "gpt-realtime",
    "instructions": "Grüße die Gäste.",
    "audio": {"input": {"turn_detection": None}, "output": {"voice": "marin", "speed": 1.25}},
    "tools": [{"type": "function", "name": "book", "parameters": {"type": "object"}}],
}
TRANSCRIBING = {"type": "transcription", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
TRANSLATED = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "es"}}}
BETA = {
    "model": "gpt-4o-realtime-preview",
    "modalities": ["text"],
    "turn_detection": None,
    "temperature": 0.8,
}
HEARD = {"input_audio_transcription": {"model": "gpt-4o-transcribe"}, "input_audio_format": "pcm16"}

Create = Callable[[openai.OpenAI, Mapping[str, Any], int], Any]


def client_secrets(client: openai.OpenAI, session: Mapping[str, Any], lifetime: int) -> Any:
    """Mint with the SDK."""
    return client.realtime.client_secrets.create(
        session=session,  # type: ignore[arg-type]  # its TypedDict, given as what a spec holds
        expires_after={"seconds": lifetime},
    )


def translations(client: openai.OpenAI, session: Mapping[str, Any], lifetime: int) -> Any:
    """Mint with the SDK."""
    return client.realtime.translations.client_secrets.create(
        session=session,  # type: ignore[arg-type]
        expires_after={"seconds": lifetime},
    )


def sessions(client: openai.OpenAI, session: Mapping[str, Any], lifetime: int) -> Any:
    """Mint with the SDK."""
    wish: Any = {"expires_after": {"anchor": "created_at", "seconds": lifetime}}
    return client.beta.realtime.sessions.create(**session, client_secret=wish)


def transcription_sessions(client: openai.OpenAI, session: Mapping[str, Any], lifetime: int) -> Any:
    """Mint with the SDK."""
    wish: Any = {"expires_at": {"seconds": lifetime}}
    return client.beta.realtime.transcription_sessions.create(**session, client_secret=wish)


CASES: list[tuple[str, Create, Mapping[str, Any]]] = [
    ("ClientSecrets", client_secrets, REALTIME),
    ("ClientSecrets", client_secrets, TRANSCRIBING),
    ("TranslationClientSecrets", translations, TRANSLATED),
    ("Sessions", sessions, BETA),
    ("TranscriptionSessions", transcription_sessions, HEARD),
]
IDS = [
    "client_secrets",
    "client_secrets for a transcription",
    "translations",
    "sessions",
    "transcription_sessions",
]


@pytest.fixture
def sdk(provider: RemoteProvider) -> Iterator[openai.OpenAI]:
    """The SDK's client at the stand-in, without its own retries."""
    with openai.OpenAI(api_key=KEY, base_url=provider.url, max_retries=0) as client:
        yield client


def last_request(provider: RemoteProvider) -> Recorded:
    """What the stand-in got last."""
    return provider.requests()[-1]


@pytest.mark.parametrize(("endpoint", "create", "session"), CASES, ids=IDS)
def test_the_sdk_reads_what_the_stand_in_answers(
    endpoint: str, create: Create, session: Mapping[str, Any], sdk: openai.OpenAI, provider: RemoteProvider
) -> None:
    """Token, expiry and session have the types that the SDK's models say, checked strictly."""
    answer = create(sdk, session, 120)

    secret = answer if hasattr(answer, "value") else answer.client_secret
    assert secret.value.startswith("ek_")
    assert secret.expires_at == provider.ledger()[-1].mint.expires_at
    assert provider.ledger()[-1].mint.endpoint == endpoint
    # the SDK builds models without checking; pydantic does, once they are taken apart
    type(answer).model_validate(answer.model_dump(mode="json", exclude_unset=True))


@pytest.mark.parametrize(("endpoint", "create", "session"), CASES, ids=IDS)
async def test_the_sdk_sends_what_the_operator_sends(
    endpoint: str, create: Create, session: Mapping[str, Any], sdk: openai.OpenAI, provider: RemoteProvider
) -> None:
    """For the same session the requests are equal: method, path, body to the last null, type and credential."""
    create(sdk, session, 120)
    theirs = last_request(provider)

    view = ProviderView(
        kind="RealtimeProvider",
        name="openai",
        base_url=provider.url,
        credentials={"Authorization": f"Bearer {KEY}"},
    )
    async with RealtimeApi(SystemClock()) as api:
        outcome = await ask(api, view, spec_of(endpoint=endpoint, session=session, lifetime=120))
    ours = last_request(provider)

    assert outcome.token is not None, outcome.error
    assert ours.n > theirs.n
    for name in ("method", "path", "body", "key_fingerprint", "status"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("content-type", "accept"):
        assert ours.headers[name] == theirs.headers[name], name

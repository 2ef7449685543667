"""The call that goes out: address, headers, and nothing that prints."""

from __future__ import annotations

import pytest

from realtime_operator.api.session import Endpoint
from realtime_operator.core.mint_call import mint_call
from realtime_operator.core.secret_values import with_values
from tests.support.builders import KEY, a_template, a_view


def test_a_bearer_call() -> None:
    """The key is sent as a bearer token to the endpoint's path, with what the provider asks for beside it."""
    view = a_view(organization="org-1", project="proj-1", headers={"X-Team": "voice"}, ca_bundle="PEM")
    call = mint_call(view, a_template(safetyIdentifier="guest-1"), 600)
    assert call.url == "https://api.example.test/v1/realtime/client_secrets"
    assert call.headers == {
        "X-Team": "voice",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Authorization": f"Bearer {KEY}",
        "OpenAI-Organization": "org-1",
        "OpenAI-Project": "proj-1",
        "OpenAI-Safety-Identifier": "guest-1",
    }
    assert call.ca_bundle == "PEM"


def test_a_call_with_the_key_in_a_header_of_its_own() -> None:
    """Azure's form of authentication sends no Authorization, and what is not set is not sent."""
    call = mint_call(a_view(credentials={"api-key": KEY}), a_template(), 600)
    assert call.headers == {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "api-key": KEY,
    }


@pytest.mark.parametrize(
    ("endpoint", "paths", "url"),
    [
        (Endpoint.CLIENT_SECRETS, {}, "https://api.example.test/v1/realtime/client_secrets"),
        (Endpoint.SESSIONS, {}, "https://api.example.test/v1/realtime/sessions"),
        (
            Endpoint.TRANSCRIPTION_SESSIONS,
            {},
            "https://api.example.test/v1/realtime/transcription_sessions",
        ),
        (
            Endpoint.TRANSLATION_CLIENT_SECRETS,
            {},
            "https://api.example.test/v1/realtime/translations/client_secrets",
        ),
        (Endpoint.SESSIONS, {"Sessions": "/rt/s"}, "https://api.example.test/v1/rt/s"),
        (
            Endpoint.CLIENT_SECRETS,
            {"Sessions": "/rt/s"},
            "https://api.example.test/v1/realtime/client_secrets",
        ),
    ],
)
def test_where_requests_go(endpoint: Endpoint, paths: dict[str, str], url: str) -> None:
    """Each endpoint has its path, unless the provider spells it differently."""
    assert a_view(paths=paths).url(endpoint) == url


def test_nothing_of_a_call_prints() -> None:
    """Neither the call nor the provider shows key, headers or body."""
    view = a_view(headers={"X-Team": "planted-header"}, ca_bundle="planted-bundle")
    call = mint_call(view, a_template(session={"type": "realtime", "instructions": "planted-words"}), 600)
    assert call.secrets == (KEY,)
    shown = repr(call) + str(call) + repr(view) + str(view)
    assert KEY not in shown
    assert "planted" not in shown


def test_what_an_answer_may_not_tell() -> None:
    """The key without its scheme, credentials of further headers, and values inside the request."""
    view = a_view(credentials={"Authorization": f"Bearer {KEY}", "X-Gateway": "planted-gateway"})
    values = [{"path": "/a", "secretKeyRef": {"name": "mcp", "key": "token"}}]
    template = with_values(a_template(secretValues=values), {"/a": "planted-mcp-token"})
    assert mint_call(view, template, 600).secrets == (KEY, "planted-gateway", "planted-mcp-token")

"""The stand-in refuses keys, models, endpoints, paths and bodies as the API does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.provider import KEY

if TYPE_CHECKING:
    from demo.provider.remote import RemoteProvider

pytest_plugins = ["tests.support.provider_fixtures"]

GA = "/realtime/client_secrets"
BETA = "/realtime/sessions"
WRONG_KEY = "sk-another-0123456789-last"


def error_of(answer: httpx.Response, status: int) -> dict[str, str | None]:
    """Give the error object of an answer with this status."""
    assert answer.status_code == status
    error: dict[str, str | None] = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Authorization": f"Bearer {KEY}"}, id="bearer"),
        pytest.param({"Authorization": f"bearer {KEY}"}, id="scheme-in-lower-case"),
        pytest.param({"api-key": KEY}, id="api-key"),
    ],
)
def test_an_accepted_key_works_in_either_style(provider: RemoteProvider, headers: dict[str, str]) -> None:
    """The key may come as a bearer token or in Azure's header."""
    assert httpx.post(provider.url + GA, json={}, headers=headers).status_code == 200


def test_a_wrong_key_is_echoed_with_its_middle_hidden(client: httpx.Client) -> None:
    """401 names the key's first and last characters, which is why nobody may log that message."""
    error = error_of(client.post(GA, json={}, headers={"Authorization": f"Bearer {WRONG_KEY}"}), 401)

    assert error["code"] == "invalid_api_key"
    message = str(error["message"])
    assert "sk-a****" in message
    assert "****last" in message
    assert WRONG_KEY not in message


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"Authorization": f"Basic {KEY}"}, id="another-scheme"),
        pytest.param({"Authorization": "Bearer"}, id="empty"),
    ],
)
def test_a_missing_key_is_401_without_a_code(provider: RemoteProvider, headers: dict[str, str]) -> None:
    """Without a key there is nothing to echo, and no code."""
    error = error_of(httpx.post(provider.url + GA, json={}, headers=headers), 401)

    assert error["code"] is None


def test_the_key_is_looked_at_before_the_body(client: httpx.Client) -> None:
    """Who has no right learns nothing about the request."""
    error_of(client.post(GA, json={"nonsense": 1}, headers={"Authorization": f"Bearer {WRONG_KEY}"}), 401)


def test_keys_can_be_exchanged_while_it_runs(provider: RemoteProvider, client: httpx.Client) -> None:
    """A revoked key is refused at once, its successor accepted."""
    provider.accept_keys(WRONG_KEY)

    error_of(client.post(GA, json={}), 401)
    assert client.post(GA, json={}, headers={"Authorization": f"Bearer {WRONG_KEY}"}).status_code == 200


def test_a_retired_endpoint_says_so(provider: RemoteProvider, client: httpx.Client) -> None:
    """The beta endpoint answers as it has since May 2026; the other goes on."""
    provider.set(retired=["Sessions"])

    error = error_of(client.post(BETA, json={"model": "m"}), 400)

    assert (error["code"], error["param"]) == ("beta_api_shape_disabled", None)
    assert client.post(GA, json={}).status_code == 200


def test_a_model_without_access_is_403(provider: RemoteProvider, client: httpx.Client) -> None:
    """A refused model is refused at both endpoints, others are not."""
    provider.set(refused_models={"gpt-secret": "model_not_found"})

    ga = error_of(client.post(GA, json={"session": {"type": "realtime", "model": "gpt-secret"}}), 403)
    beta = error_of(client.post(BETA, json={"model": "gpt-secret"}), 403)

    assert (ga["code"], ga["param"]) == (beta["code"], beta["param"]) == ("model_not_found", None)
    assert client.post(BETA, json={"model": "gpt-realtime"}).status_code == 200


def test_a_model_may_be_refused_as_a_value(provider: RemoteProvider, client: httpx.Client) -> None:
    """The other way a provider refuses a model: 400 that points at the field."""
    provider.set(refused_models={"gpt-typo": "invalid_value"})

    error = error_of(client.post(GA, json={"session": {"type": "realtime", "model": "gpt-typo"}}), 400)

    assert (error["code"], error["param"]) == ("invalid_value", "session.model")


def test_another_method_is_405(client: httpx.Client) -> None:
    """Only POST mints."""
    answer = client.get(GA)

    assert error_of(answer, 405)["code"] == "method_not_supported"
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/realtime/client-secrets", "/realtime/client_secrets/", "/models"])
def test_another_path_is_404_in_the_apis_shape(client: httpx.Client, path: str) -> None:
    """A wrong path gets no redirect and no page, but an error with the usual headers."""
    answer = client.post(path, json={})

    assert error_of(answer, 404)["type"] == "invalid_request_error"
    assert {"date", "x-request-id"} <= set(answer.headers)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"{", "application/json", id="cut-short"),
        pytest.param(b"", "application/json", id="empty"),
        pytest.param(b"\xff", "application/json", id="not-utf8"),
        pytest.param(b'{"session": NaN}', "application/json", id="nan"),
        pytest.param(b"[" * 100_000, "application/json", id="too-deep"),
        pytest.param(b"{}", "text/plain", id="another-content-type"),
    ],
)
def test_an_unreadable_body_is_400(client: httpx.Client, content: bytes, kind: str) -> None:
    """What is no JSON is refused before anything in it is looked at."""
    assert error_of(client.post(GA, content=content, headers={"Content-Type": kind}), 400)["param"] is None


def test_a_body_over_the_limit_is_413(provider: RemoteProvider, client: httpx.Client) -> None:
    """The limit counts bytes of the body, and is itself allowed."""
    provider.set(body_limit=100)
    frame = len('{"session":{"type":"realtime","instructions":""}}')

    def sized(size: int) -> httpx.Response:
        text = '{"session":{"type":"realtime","instructions":"' + "x" * (size - frame) + '"}}'
        return client.post(GA, content=text, headers={"Content-Type": "application/json"})

    assert sized(100).status_code == 200
    error_of(sized(101), 413)


def test_a_refusal_is_recorded_and_mints_nothing(provider: RemoteProvider, client: httpx.Client) -> None:
    """The ledger counts tokens, not requests."""
    before = provider.health()["mints"]

    client.post(GA, json={"nonsense": 1})

    assert provider.health()["mints"] == before
    assert provider.requests()[-1].status == 400

"""The stand-in's decisions: who may mint, what is refused, what a token looks like. Of HTTP only statuses."""

from __future__ import annotations

import json
import random
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from demo.provider.answers import Answer, Refused
from demo.provider.endpoint import Endpoint
from demo.provider.endpoints import ENDPOINTS
from demo.provider.faults import Faults
from demo.provider.ledger import Ledger, Mint, Requests, hash_of
from demo.provider.settings import KeyRing, Settings
from demo.provider.shapes import is_object, wrong_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it came in.

    Attributes:
        endpoint: where it came in.
        headers: by lower-case name; holds the provider key, hence no repr of it anywhere.
        query: what stood behind the ? of the URL.
        body: the decoded JSON, or None when it is no JSON.
        unreadable: why the body could not be read, None when it could.
        request_id: the id that its answer will carry.
    """

    endpoint: Endpoint
    headers: Mapping[str, str]
    query: str
    body: object
    unreadable: Refused | None
    request_id: str

    def __repr__(self) -> str:
        return f"Arrival({self.endpoint.name}, {self.request_id})"


class Provider:
    """All state of one stand-in: settings, keys, faults, ledger, recorded requests, and the clock."""

    def __init__(
        self,
        keys: KeyRing,
        settings: Settings | None = None,
        *,
        ledger: Ledger | None = None,
        endpoints: tuple[Endpoint, ...] = ENDPOINTS,
        seed: int | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.keys = keys
        self.settings = settings or Settings()
        self.ledger = ledger or Ledger()
        self.endpoints = endpoints
        self.faults = Faults(seed)
        self.requests = Requests(self.settings.record_requests)
        self._dice = random.Random(seed)  # noqa: S311  (draws latencies, guards nothing)
        self._wall = wall

    def now(self) -> float:
        """Give the stand-in's time, seconds since the epoch."""
        return self._wall() + self.settings.clock_offset

    def draw_latency(self) -> float:
        """Give the seconds that the next answer takes."""
        latency = self.settings.latency
        return self._dice.uniform(*latency) if isinstance(latency, tuple) else latency

    def change(self, change: dict[str, object]) -> None:
        """Replace some of the settings.

        Raises:
            pydantic.ValidationError: for an unknown name or an ill-typed value; nothing is changed then.
        """
        self.settings = self.settings.changed(change)
        self.requests.resize(self.settings.record_requests)

    def mint(self, arrival: Arrival, *, lifetime: int | None = None) -> tuple[Mint, Answer]:
        """Treat a request as the API does, and make a token.

        Raises:
            Refused: what the API refuses, in the order in which it looks: key, endpoint, body, model.
        """
        endpoint, settings = arrival.endpoint, self.settings
        fingerprint = self._authenticate(arrival.headers, endpoint.scheme)
        if endpoint.query not in arrival.query:
            raise Refused("There is no such resource.", status=404, code="404")
        if endpoint.name in settings.retired:
            raise Refused(
                "This shape of the Realtime API is gone; use the GA one.", code="beta_api_shape_disabled"
            )
        body = self._checked(arrival)
        model = endpoint.model_asked(body)
        if model in settings.refused_models:
            refuse_model(settings.refused_models[model], model, ".".join(endpoint.model_at))
        seconds = next(
            it for it in (lifetime, settings.lifetime, endpoint.lifetime_asked(body)) if it is not None
        )
        token, issued_at = endpoint.prefix + secrets.token_hex(16), self.now()
        mint = Mint(
            token_sha256=hash_of(token),
            issued_at=issued_at,
            expires_at=int(issued_at) + seconds,
            endpoint=endpoint.name,
            lifetime=seconds,
            model=model,
            request_id=arrival.request_id,
            key_fingerprint=fingerprint,
        )
        session_id = "sess_" + secrets.token_hex(12)
        return mint, Answer.of_json(
            endpoint.status, endpoint.lay_out(body, token, mint.expires_at, session_id)
        )

    def _authenticate(self, headers: Mapping[str, str], scheme: str | None) -> str:
        key = key_in(headers, scheme)
        if not key:
            raise Refused("No API key was given. Send it as 'Authorization: Bearer KEY'.", status=401)
        fingerprint = self.keys.fingerprint(key)
        if fingerprint is None:
            raise Refused(f"This API key is not valid: {masked(key)}.", status=401, code="invalid_api_key")
        return fingerprint

    def _checked(self, arrival: Arrival) -> dict[str, object]:
        if arrival.unreadable:
            raise arrival.unreadable
        body = arrival.body
        if not is_object(body):
            raise wrong_kind(body, "", ("object",))
        arrival.endpoint.request.check(body, "")
        return body


def refuse_model(how: str, model: str, at: str) -> NoReturn:
    """Refuse a model, as one the project may not use, or as no model at all.

    Raises:
        Refused: always.
    """
    if how == "invalid_value":
        raise Refused(f"'{at}' cannot be {model!r}.", code="invalid_value", param=at)
    raise Refused(f"The project has no access to the model {model!r}.", status=403, code="model_not_found")


def key_in(headers: Mapping[str, str], scheme: str | None = None) -> str:
    """Give the provider key of a request, in either of the two styles or in the one asked for; empty where there is none."""
    word, _, credential = headers.get("authorization", "").partition(" ")
    if word.lower() == "bearer" and scheme != "ApiKeyHeader":
        return credential.strip()
    return headers.get("api-key", "") if scheme != "Bearer" else ""


def masked(key: str) -> str:
    """Hide the middle of a key, as the API does in its 401: that is why such a message must not be logged."""
    shown = min(4, len(key) // 4)
    return key[:shown] + "*" * (len(key) - 2 * shown) + key[len(key) - shown :]


def decoded(body: bytes) -> object:
    """Decode a JSON body.

    Raises:
        Refused: 400, without a code, when it is no JSON.
    """
    try:
        return json.loads(body, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise Refused("The body is not valid JSON.") from None


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads though JSON has none.

    Raises:
        ValueError: always.
    """
    raise ValueError(name)

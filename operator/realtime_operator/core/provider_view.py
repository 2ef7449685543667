"""A provider as a session sees it: where to send, with which credential, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from realtime_operator.api.provider import Allow
from realtime_operator.api.session import Endpoint
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.mint_request import MintTemplate, repeated_name
from realtime_operator.core.reasons import Reason

PATHS: Mapping[Endpoint, str] = {
    Endpoint.CLIENT_SECRETS: "/realtime/client_secrets",
    Endpoint.SESSIONS: "/realtime/sessions",
    Endpoint.TRANSCRIPTION_SESSIONS: "/realtime/transcription_sessions",
    Endpoint.TRANSLATION_CLIENT_SECRETS: "/realtime/translations/client_secrets",
}
"""Where each endpoint lives below the base URL, unless the provider spells it differently."""


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A provider that is ready to mint.

    Attributes:
        kind: RealtimeProvider or ClusterRealtimeProvider.
        name: of the object.
        base_url: without a trailing slash.
        credentials: the headers that prove who asks, by name; never printed.
        lifetime_fields: by endpoint, a JSON pointer to where the wanted seconds go; empty where none can be asked for.
        ca_bundle: PEM certificates to trust instead of the system's, or None.
    """

    kind: str
    name: str
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    organization: str | None = None
    project: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    paths: Mapping[str, str] = field(default_factory=dict)
    lifetime_fields: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = field(default=None, repr=False)
    allow: Allow | None = None

    @property
    def secrets(self) -> Iterator[str]:
        """What its credentials are, without the word for their scheme."""
        return (value.removeprefix("Bearer ") for value in self.credentials.values())

    def url(self, endpoint: Endpoint) -> str:
        """Where requests for an endpoint go."""
        return self.base_url + self.paths.get(endpoint.value, PATHS[endpoint])


def permitted_lifetime(
    provider: ProviderView, template: MintTemplate, namespace_labels: Mapping[str, str]
) -> int | None:
    """Check a session against the provider's policy, and say which lifetime to ask for; None asks for none.

    Raises:
        ProviderNotReady: the policy refuses the session; the message names the field and what is allowed.
    """
    allow, owner = provider.allow, f"{provider.kind} {provider.name}"
    pointer = provider.lifetime_fields.get(template.endpoint)
    if template.lifetime is not None and pointer == "":
        raise _refusal(
            f"spec.lifetimeSeconds {template.lifetime}: {owner} cannot be asked for a lifetime at {template.endpoint}; remove it."
        )
    if pointer and (name := repeated_name(template, pointer)):
        raise _refusal(
            f"spec.session.{name}: {owner} takes the lifetime there; remove it and set spec.lifetimeSeconds."
        )
    if allow is None:
        return template.lifetime
    if allow.namespaces is not None and not allow.namespaces.matches(namespace_labels):
        raise _refusal(
            f"{owner} does not allow this namespace; its administrator labels the namespace as spec.allow.namespaces asks."
        )
    if allow.endpoints and template.endpoint not in allow.endpoints:
        raise _refusal(
            f"spec.endpoint {template.endpoint}: {owner} allows only {', '.join(allow.endpoints)}."
        )
    if allow.models and not any(fnmatchcase(template.model or "", glob) for glob in allow.models):
        asked = f"spec.session.model {template.model}" if template.model else "spec.session.model is not set"
        raise _refusal(f"{asked}: {owner} allows only {', '.join(allow.models)}.")
    longest = allow.max_lifetime_seconds
    if longest is not None and template.lifetime is not None and template.lifetime > longest:
        raise _refusal(f"spec.lifetimeSeconds {template.lifetime}: {owner} allows at most {longest}.")
    if template.lifetime is not None or pointer == "":
        return template.lifetime
    return longest


def _refusal(message: str) -> ProviderNotReady:
    return ProviderNotReady(Reason.PROVIDER_NOT_ALLOWED, message)

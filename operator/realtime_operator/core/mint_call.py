"""Joins a request with its provider into the call that goes out."""

from __future__ import annotations

from realtime_operator.core.exchange import MintCall
from realtime_operator.core.mint_request import MintTemplate, request_body, request_hash
from realtime_operator.core.provider_view import ProviderView


def mint_call(provider: ProviderView, template: MintTemplate, lifetime: int | None) -> MintCall:
    """The call that mints a token of ``lifetime`` seconds; None asks for none."""
    headers = {**provider.headers, "Content-Type": "application/json", "Accept": "application/json"}
    headers |= provider.credentials
    optional = {
        "OpenAI-Organization": provider.organization,
        "OpenAI-Project": provider.project,
        "OpenAI-Safety-Identifier": template.safety_identifier,
    }
    headers |= {name: value for name, value in optional.items() if value}
    body = request_body(template, lifetime, provider.lifetime_fields.get(template.endpoint))
    return MintCall(
        provider.url(template.endpoint),
        headers,
        body,
        provider.ca_bundle,
        secrets=(*provider.secrets, *template.secrets),
    )


def hash_of(provider: ProviderView, template: MintTemplate, lifetime: int | None, uid: str) -> str:
    """The request hash of the session ``uid`` at this provider."""
    return request_hash(
        template,
        uid=uid,
        url=provider.url(template.endpoint),
        organization=provider.organization,
        project=provider.project,
        lifetime=lifetime,
        pointer=provider.lifetime_fields.get(template.endpoint),
    )

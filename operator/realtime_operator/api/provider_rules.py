"""What the API server refuses in a provider, and what it says then."""

from __future__ import annotations

from typing import Final

from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.rules import cel_list, checked, rule

CREDENTIAL_HEADERS: Final = "authorization|api-?key|subscription-key|cookie|password|-token$|-secret$"
"""What the names of headers have in them whose use is to carry a credential, at the provider or at gateways."""

OWN_HEADERS: Final = (
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "openai-organization",
    "openai-project",
    "openai-safety-identifier",
    "transfer-encoding",
)
"""Headers that the operator sets from other fields, or that belong to the connection."""

BASE_URL: Final = checked(
    rule(
        "isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != ''",
        "baseURL must be an absolute http:// or https:// URL, such as https://api.openai.com/v1",
    ),
    rule(
        "!self.contains('?') && !self.contains('#')",
        "baseURL takes no query and no fragment; a query that an endpoint needs goes into spec.paths",
    ),
    rule(
        "!self.matches('^[^/]*//[^/]*@')",
        "baseURL takes no user:password@; the key belongs in the Secret that spec.auth.secretRef names",
        reason="FieldValueForbidden",
    ),
    rule(r"!self.matches('\\s')", "baseURL takes no blanks and no line breaks; is there one at its end?"),
)

HEADERS: Final = checked(
    rule(
        f"self.all(k, !k.lowerAscii().matches('{CREDENTIAL_HEADERS}'))",
        "headers must not carry a credential, which everyone could read here; "
        "name the Secret that holds it in spec.headersFrom, or in spec.auth.secretRef if it is the key",
        reason="FieldValueForbidden",
    ),
    rule(
        f"self.all(k, !(k.lowerAscii() in {cel_list(OWN_HEADERS)}))",
        "headers must not set what the operator sets itself: headers of the body and the connection, "
        "OpenAI-Organization and OpenAI-Project (spec.organization, spec.project), OpenAI-Safety-Identifier",
        reason="FieldValueForbidden",
    ),
    rule(
        "self.all(k, k.matches('^[-!#$%&*+.^_`|~0-9A-Za-z]+$'))",
        "a header's name has only letters, digits, and -!#$%&*+.^_`|~",
    ),
    rule(
        "self.all(k, self[k].matches('^[!-~]([ -~]*[!-~])?$'))",
        "a header's value is printable ASCII on one line, without blanks around it",
    ),
)

HEADERS_FROM: Final = checked(
    rule(
        f"self.all(h, !(h.name.lowerAscii() in {cel_list(OWN_HEADERS)}))",
        "headersFrom must not set what the operator sets itself: headers of the body and the connection, "
        "OpenAI-Organization and OpenAI-Project (spec.organization, spec.project), OpenAI-Safety-Identifier",
        reason="FieldValueForbidden",
    ),
    rule(
        "self.all(h, h.name.matches('^[-!#$%&*+.^_`|~0-9A-Za-z]+$'))",
        "a header's name has only letters, digits, and -!#$%&*+.^_`|~",
    ),
    rule(
        "self.all(a, self.exists_one(b, a.name.lowerAscii() == b.name.lowerAscii()))",
        "headersFrom names each header once; capital and small letters are the same",
    ),
)

SPEC: Final = checked(
    rule(
        "!has(self.headersFrom) || self.headersFrom.all(h, h.name.lowerAscii() != "
        "(self.auth.scheme == 'Bearer' ? 'authorization' : 'api-key'))",
        "headersFrom must not set the header that spec.auth sets: Authorization with scheme Bearer, api-key "
        "with ApiKeyHeader; choose the other scheme, or leave it to spec.auth",
        reason="FieldValueForbidden",
        field_path=".headersFrom",
    ),
    rule(
        "!has(self.headersFrom) || !has(self.headers) || self.headersFrom.all(h, "
        "!self.headers.exists(k, k.lowerAscii() == h.name.lowerAscii()))",
        "a header stands either in headers or in headersFrom; remove it from one of them",
        field_path=".headersFrom",
    ),
)

PATHS: Final = checked(
    rule(
        f"self.all(k, k in {cel_list(Endpoint)})",
        f"paths are keyed by the endpoint's name: {', '.join(Endpoint)}",
    ),
    rule(
        r"self.all(k, self[k].startsWith('/') && !self[k].matches('[#\\s]'))",
        "a path starts with / and has no fragment, blanks or line breaks, such as /realtime/client_secrets",
    ),
)

LIFETIME_FIELDS: Final = checked(
    rule(
        f"self.all(k, k in {cel_list(Endpoint)})",
        f"lifetimeFields are keyed by the endpoint's name: {', '.join(Endpoint)}",
    ),
    rule(
        "self.all(k, self[k] == '' || self[k].matches('^(/([^~/]|~[01])+)+$'))",
        "a lifetime's place is a JSON pointer, such as /expires_after/seconds, or empty where none can be asked for",
    ),
    rule(
        "self.all(k, !self[k].matches('^/session(/|$)'))",
        "a lifetime cannot be written into the session, which is sent as its author wrote it; it goes beside it",
    ),
)

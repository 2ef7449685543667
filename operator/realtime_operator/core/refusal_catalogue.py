"""What a provider's refusals mean: status and code, and who must act. One table; the first row that fits decides.

Taken from the API's error-codes guide, the official SDK's rules for retrying, and reports of what servers really answer. A status is never
trusted alone where a code is given, and a message never read: it is for people, and a 401's repeats part of the key.
``docs/provider-errors.md`` shows this table.
"""

from __future__ import annotations

from dataclasses import dataclass

from realtime_operator.core.errors import (
    FailureClass,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from realtime_operator.core.reasons import Reason

BILLING_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""Codes of a 429 that time does not mend."""

TROUBLE = "the provider is in trouble; it will be asked again"
BILLING = "the account has no credit or has reached a limit; its owner raises it"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row.

    Attributes:
        statuses: the first and the last HTTP status that it is about.
        kind: which error it makes, and so what has to happen before another attempt.
        reason: that sessions and metrics carry.
        remedy: what happened and who helps, as a message says it after the status and the code.
        codes: the codes it is about; empty for any. An answer without a code is known by its type.
        mentions: what the code or the type has to contain, where no pause was asked for; empty for anything.
        failure_class: where it is not the usual one of its kind.
        firm: whether ``x-should-retry: true`` changes nothing.
    """

    statuses: tuple[int, int]
    kind: type[ProviderError]
    reason: Reason
    remedy: str
    codes: frozenset[str] = frozenset()
    mentions: str = ""
    failure_class: FailureClass | None = None
    firm: bool = False

    def fits(self, status: int, *, code: str, kind: str, asks_to_wait: bool) -> bool:
        """Whether an answer with this status, code and type is meant."""
        first, last = self.statuses
        if not first <= status <= last:
            return False
        if self.mentions:
            return not asks_to_wait and self.mentions in (code or kind)
        return not self.codes or (code or kind) in self.codes


def _codes(*codes: str) -> frozenset[str]:
    return frozenset(codes)


CATALOGUE: tuple[Meaning, ...] = (
    Meaning(
        (300, 599),
        ProviderRejected,
        Reason.ENDPOINT_RETIRED,
        "this endpoint is retired at the provider; rewrite the session for ClientSecrets, which kubectl realtime convert does",
        codes=_codes("beta_api_shape_disabled"),
        firm=True,
    ),
    Meaning(
        (300, 399),
        ProviderRejected,
        Reason.PROVIDER_REJECTED,
        "it redirects, and redirects are not followed with a key; correct the provider's baseURL",
        firm=True,
    ),
    Meaning(
        (401, 401),
        ProviderUnauthorized,
        Reason.PROVIDER_UNAUTHORIZED,
        "the key is wrong or was revoked; the provider's administrator stores a valid one in the key Secret",
        codes=_codes("invalid_api_key"),
    ),
    Meaning(
        (403, 403),
        ProviderUnauthorized,
        Reason.PROVIDER_UNAUTHORIZED,
        "the key's project may not use this model; the provider's administrator allows it, or correct spec.session.model",
        codes=_codes("model_not_found"),
    ),
    Meaning(
        (403, 403),
        ProviderUnauthorized,
        Reason.PROVIDER_UNAUTHORIZED,
        "the region that the request comes from is not served; the cluster's administrator lets it leave elsewhere",
        codes=_codes("unsupported_country_region_territory"),
    ),
    Meaning(
        (401, 403),
        ProviderUnauthorized,
        Reason.PROVIDER_BILLING,
        BILLING,
        codes=BILLING_CODES,
        firm=True,
    ),
    Meaning((402, 402), ProviderUnauthorized, Reason.PROVIDER_BILLING, BILLING, firm=True),
    Meaning(
        (401, 403),
        ProviderUnauthorized,
        Reason.PROVIDER_UNAUTHORIZED,
        "the key, its rights or its project is refused; the provider's administrator mends the key Secret or the rights",
    ),
    Meaning(
        (404, 404),
        ProviderRejected,
        Reason.PROVIDER_REJECTED,
        "there is no such deployment, or it is new; it will be asked again. If this lasts, correct spec.session.model",
        codes=_codes("DeploymentNotFound"),
        failure_class=FailureClass.SOON,
    ),
    Meaning(
        (404, 404),
        ProviderRejected,
        Reason.PROVIDER_REJECTED,
        "there is no such model, or no such path below the provider's baseURL; correct spec.session.model, or the provider",
        failure_class=FailureClass.PEOPLE,
    ),
    Meaning(
        (405, 405),
        ProviderRejected,
        Reason.PROVIDER_REJECTED,
        "nothing is minted at this path; correct spec.endpoint, or the provider's baseURL or paths",
        failure_class=FailureClass.PEOPLE,
    ),
    Meaning((408, 409), ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE, TROUBLE),
    Meaning((425, 425), ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE, TROUBLE),
    Meaning(
        (429, 429), ProviderUnauthorized, Reason.PROVIDER_BILLING, BILLING, codes=BILLING_CODES, firm=True
    ),
    Meaning((429, 429), ProviderUnauthorized, Reason.PROVIDER_BILLING, BILLING, mentions="quota", firm=True),
    Meaning(
        (429, 429), ProviderThrottled, Reason.PROVIDER_THROTTLED, "too many requests; it will be asked again"
    ),
    Meaning(
        (100, 499),
        ProviderRejected,
        Reason.PROVIDER_REJECTED,
        "the request is refused as written; correct spec.session, spec.endpoint or spec.lifetimeSeconds",
    ),
    Meaning(
        (501, 501),
        ProviderRejected,
        Reason.PROVIDER_REJECTED,
        "it has no ephemeral tokens at this endpoint; choose another endpoint or provider",
        failure_class=FailureClass.PEOPLE,
        firm=True,
    ),
    Meaning((500, 999), ProviderUnavailable, Reason.PROVIDER_UNAVAILABLE, TROUBLE),
)
"""Specific rows stand before general ones."""


def meaning_of(status: int, *, code: str, kind: str, asks_to_wait: bool) -> Meaning:
    """The row for an answer that is no success.

    Args:
        status: HTTP status.
        code: of the error; empty for none.
        kind: the error's type; empty for none. It counts only where there is no code.
        asks_to_wait: whether the answer names a pause.
    """
    found = (row for row in CATALOGUE if row.fits(status, code=code, kind=kind, asks_to_wait=asks_to_wait))
    return next(found, CATALOGUE[-1])

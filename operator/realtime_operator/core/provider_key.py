"""Reads what a provider refers to: its key, and its certificate authorities. Values never reach a message."""

from __future__ import annotations

import re
from collections.abc import Mapping

from realtime_operator.api.group import LABEL_PROVIDER_KEY
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.reasons import Reason

_KEY = re.compile(r"[\x21-\x7e]{1,8192}")
"""What can be sent in a header as it is."""


def read_key(where: str, entry: str, labels: Mapping[str, str], data: Mapping[str, str]) -> str:
    """Take the provider key out of its Secret.

    Args:
        where: namespace and name of the Secret, for messages.
        entry: which entry.
        labels: of the Secret.
        data: of the Secret.

    Raises:
        ProviderNotReady: consent, entry or a sound value is missing.
    """
    if labels.get(LABEL_PROVIDER_KEY) != "true":
        remedy = f'its owner consents with the label {LABEL_PROVIDER_KEY}: "true"'
        raise ProviderNotReady(
            Reason.KEY_SECRET_NOT_LABELLED, f"Secret {where} may not be used for minting: {remedy}."
        )
    value = data.get(entry)
    if value is None:
        raise ProviderNotReady(
            Reason.KEY_MISSING,
            f"Secret {where} has no entry {entry!r}; add it, or correct spec.auth.secretRef.key.",
        )
    if not value:
        raise ProviderNotReady(
            Reason.KEY_MISSING, f"Secret {where}: entry {entry!r} is empty; store the key."
        )
    if value != value.strip():
        raise ProviderNotReady(
            Reason.KEY_MISSING,
            f"Secret {where}: entry {entry!r} begins or ends with white space, often a newline; store the key alone (printf, not echo).",
        )
    if not _KEY.fullmatch(value):
        raise ProviderNotReady(
            Reason.KEY_MISSING,
            f"Secret {where}: entry {entry!r} has characters that no header can carry; store the key alone.",
        )
    return value


def missing_key_secret(where: str) -> ProviderNotReady:
    """The error of a key Secret that does not exist."""
    return ProviderNotReady(
        Reason.KEY_SECRET_MISSING,
        f'Secret {where} does not exist; create it with the label {LABEL_PROVIDER_KEY}: "true", or correct spec.auth.secretRef.',
    )


def read_ca_bundle(where: str, entry: str, data: Mapping[str, str] | None) -> str:
    """Take PEM certificates out of what a provider refers to.

    Raises:
        ProviderNotReady: they are missing or no certificates.
    """
    text = (data or {}).get(entry, "")
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ProviderNotReady(
            Reason.PROVIDER_INVALID,
            f"caBundleRef: {where} has no PEM certificates at {entry!r}; add them, or correct the reference.",
        )
    return text

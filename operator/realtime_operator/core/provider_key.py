"""Reads what a provider refers to: its key, credentials of further headers, certificate authorities. Values never reach a message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from realtime_operator.api.auth import AuthScheme
from realtime_operator.api.group import LABEL_PROVIDER_KEY
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.reasons import Reason


class Form(Enum):
    """What a credential may look like; either can be sent in a header as it is."""

    KEY = re.compile(r"[\x21-\x7e]{1,8192}")
    """A key has no blanks."""
    HEADER = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,8190}[\x21-\x7e])?")
    """A header's whole value may have them within, such as after ``Bearer``."""


@dataclass(frozen=True, slots=True)
class Named:
    """Where a credential is, and who says so.

    Attributes:
        where: namespace and name of the Secret.
        entry: which entry of it.
        field: of the provider that names it, for the remedy.
    """

    where: str
    entry: str
    field: str


def read_credential(named: Named, labels: Mapping[str, str], data: Mapping[str, str], form: Form) -> str:
    """Take a credential out of its Secret.

    Args:
        named: the entry.
        labels: of the Secret.
        data: of the Secret.
        form: what the value may look like.

    Raises:
        ProviderNotReady: consent, entry or a sound value is missing.
    """
    if labels.get(LABEL_PROVIDER_KEY) != "true":
        remedy = f'its owner consents with the label {LABEL_PROVIDER_KEY}: "true"'
        raise ProviderNotReady(
            Reason.KEY_SECRET_NOT_LABELLED, f"Secret {named.where} may not be used for minting: {remedy}."
        )
    value = data.get(named.entry)
    if value is None:
        raise ProviderNotReady(
            Reason.KEY_MISSING,
            f"Secret {named.where} has no entry {named.entry!r}; add it, or correct {named.field}.key.",
        )
    return _sound(value, f"Secret {named.where}: entry {named.entry!r}", form)


def missing_secret(named: Named) -> ProviderNotReady:
    """The error of a Secret that does not exist."""
    return ProviderNotReady(
        Reason.KEY_SECRET_MISSING,
        f'Secret {named.where} does not exist; create it with the label {LABEL_PROVIDER_KEY}: "true", or correct {named.field}.',
    )


def read_key_file(path: str, text: str) -> str:
    """Take the provider key out of a file; the line end that editors and ``echo`` leave behind it is no part of it.

    Raises:
        ProviderNotReady: there is no sound key in it.
    """
    key = text.removesuffix("\n").removesuffix("\r")
    return _sound(key, f"spec.auth.file {path}: the file", Form.KEY)


def credential_header(scheme: AuthScheme, key: str) -> dict[str, str]:
    """The header that carries the provider key."""
    return {"Authorization": f"Bearer {key}"} if scheme is AuthScheme.BEARER else {"api-key": key}


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


def _sound(value: str, what: str, form: Form) -> str:
    if not value:
        raise ProviderNotReady(Reason.KEY_MISSING, f"{what} is empty; store the key.")
    if value != value.strip():
        raise ProviderNotReady(
            Reason.KEY_MISSING,
            f"{what} begins or ends with white space, often a newline; store the key alone (printf, not echo).",
        )
    if not form.value.fullmatch(value):
        raise ProviderNotReady(
            Reason.KEY_MISSING, f"{what} has characters that no header can carry; store the key alone."
        )
    return value

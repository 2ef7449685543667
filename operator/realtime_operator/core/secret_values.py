"""Puts values from Secrets into a session's request. They are in what is sent and in its digest, and nowhere else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace

from realtime_operator.api.group import LABEL_SESSION_VALUE
from realtime_operator.core.errors import SecretValueNotReady
from realtime_operator.core.mint_request import LARGEST_SESSION_BYTES, MintTemplate
from realtime_operator.core.reasons import Reason
from realtime_operator.core.value_marks import ValueMark

LONGEST_VALUE = 16 * 1024
"""Characters; twice the longest provider key. A credential is shorter, and a session has room for the longest of them sixteen times."""


def read_value(mark: ValueMark, namespace: str, labels: Mapping[str, str], data: Mapping[str, str]) -> str:
    """Take a value out of its Secret.

    Args:
        mark: where it belongs, and where it is found.
        namespace: of the session and of the Secret.
        labels: of the Secret.
        data: of the Secret.

    Raises:
        SecretValueNotReady: consent, entry or a sound value is missing.
    """
    secret = f"Secret {namespace}/{mark.secret}"
    if labels.get(LABEL_SESSION_VALUE) != "true":
        raise SecretValueNotReady(
            Reason.SECRET_VALUE_NOT_LABELLED,
            f"{mark.field}: {secret} may not be used in requests: its owner consents with the label"
            f' {LABEL_SESSION_VALUE}: "true".',
        )
    value = data.get(mark.entry)
    if value is None:
        raise _missing(
            mark, f"{secret} has no text at entry {mark.entry!r}; add it, or correct secretKeyRef.key."
        )
    if not value:
        raise _missing(mark, f"{secret}: entry {mark.entry!r} is empty; store the value.")
    if value != value.strip():
        raise _missing(
            mark,
            f"{secret}: entry {mark.entry!r} begins or ends with white space, often a newline; store the value alone (printf, not echo).",
        )
    if len(value) > LONGEST_VALUE:
        raise _missing(
            mark, f"{secret}: entry {mark.entry!r} is longer than {LONGEST_VALUE} characters; shorten it."
        )
    return value


def missing_secret_of(mark: ValueMark, namespace: str) -> SecretValueNotReady:
    """The error of a Secret that does not exist."""
    return _missing(
        mark,
        f'Secret {namespace}/{mark.secret} does not exist; create it with the label {LABEL_SESSION_VALUE}: "true",'
        " or correct secretKeyRef.",
    )


def with_values(template: MintTemplate, values: Mapping[str, str]) -> MintTemplate:
    """The request with its values in their places, and with a digest that changes when one of them does.

    Only the values count there, not the Secrets that they come from: who copies one to another Secret mints nothing.

    Args:
        template: a request that has marks.
        values: by path.

    Raises:
        SecretValueNotReady: with its values the request is larger than any may be.
    """
    texts = {
        mark.encoded: json.dumps(values[mark.path], ensure_ascii=False).encode() for mark in template.marks
    }
    # In one go: a value that looks like a mark is never taken for one.
    pattern = re.compile(b"|".join(re.escape(mark) for mark in sorted(texts, key=len, reverse=True)))
    session = pattern.sub(lambda found: texts[found[0]], template.session or b"")
    if len(session) > LARGEST_SESSION_BYTES:
        raise _missing(
            template.marks[0],
            f"with its values from Secrets spec.session is {len(session)} bytes as JSON, {LARGEST_SESSION_BYTES} are allowed; shorten it.",
        )
    parts = [template.session_digest, sorted(values.items())]
    digest = hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
    return replace(template, kept=session, session_digest=digest, marks=(), secrets=tuple(values.values()))


def _missing(mark: ValueMark, what: str) -> SecretValueNotReady:
    return SecretValueNotReady(Reason.SECRET_VALUE_MISSING, f"{mark.field}: {what}")

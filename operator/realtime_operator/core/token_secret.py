"""The Secret of a session: what it should hold, and what one that was observed holds.

The Secret describes itself by annotations, so a lost status costs nothing. One write holds everything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from realtime_operator.api import group
from realtime_operator.api.secret import SecretKey, SecretSpec
from realtime_operator.core.ephemeral_token import EphemeralToken, token_id
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.secret_view import ObservedSecret
from realtime_operator.core.timestamps import from_rfc3339, to_rfc3339
from realtime_operator.core.value_type import value_type

ANNOTATION_KEYS = f"{group.GROUP}/keys"
"""Which entries of the Secret are ours, by default name: so a renamed entry is found, moved, and not left behind to expire."""


_DEFAULT_NAMES: Final[Mapping[str, str]] = {key.value: key.value for key in SecretKey}
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@value_type(frozen=True, slots=True)
class Holding:
    """A token as a Secret holds it, with what the plan needs to know of it.

    Attributes:
        token: the token.
        previous: the token before, while it still lives, or None.
        request_hash: of the request that it was minted with.
        rotate: the value of the rotate annotation handled last; empty for none.
        base_url: of the provider that the token is from.
        model: that the token was minted for; empty where the session named none.
    """

    token: EphemeralToken
    previous: EphemeralToken | None
    request_hash: str
    rotate: str
    base_url: str
    model: str


@value_type(frozen=True, slots=True)
class Target:
    """For whom a Secret is written, and how.

    Attributes:
        session: the owner.
        name: of the Secret.
        spec: names of entries, labels, annotations.
        request_hash: of what would be sent now.
        base_url: of the provider that the session gets now.
        model: that the session names now; empty where it names none.
    """

    session: ObjectRef
    name: str
    spec: SecretSpec
    request_hash: str
    base_url: str
    model: str

    @property
    def entry_names(self) -> frozenset[str]:
        """The names that our entries have in this Secret."""
        return frozenset(self.spec.key_name(key) for key in SecretKey)


@value_type(frozen=True, slots=True)
class SecretContent:
    """What the Secret should hold.

    Attributes:
        data: values by the entries' names; never printed.
    """

    data: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def content_of(target: Target, holding: Holding) -> SecretContent:
    """Write the content of a Secret that holds ``holding``.

    A token of another request than the one wanted now keeps its own base URL and model: with the new ones its readers would fail.
    """
    token, previous = holding.token, holding.previous
    told = target if holding.request_hash == target.request_hash else holding
    entries: dict[str, str] = {
        SecretKey.TOKEN: token.value,
        SecretKey.EXPIRES_AT: to_rfc3339(token.expires_at),
    }
    if previous is not None:
        entries[SecretKey.PREVIOUS_TOKEN] = previous.value
        entries[SecretKey.PREVIOUS_EXPIRES_AT] = to_rfc3339(previous.expires_at)
    entries |= {SecretKey.BASE_URL: told.base_url, SecretKey.MODEL: told.model}
    entries[SecretKey.DOCUMENT] = _ENCODER.encode(entries)
    names = _names(target.spec)
    annotations = {
        **target.spec.annotations,
        group.ANNOTATION_SESSION: target.session.name,
        group.ANNOTATION_ISSUED_AT: to_rfc3339(token.issued_at),
        group.ANNOTATION_EXPIRES_AT: to_rfc3339(token.expires_at),
        group.ANNOTATION_REQUEST_HASH: holding.request_hash,
        group.ANNOTATION_TOKEN_ID: token.token_id,
        group.ANNOTATION_ROTATE: holding.rotate,
        ANNOTATION_KEYS: ",".join(f"{key}={name}" for key, name in names.items()),
    }
    return SecretContent(
        data={names[key]: value for key, value in entries.items()},
        labels={**target.spec.labels, group.LABEL_MANAGED_BY: group.MANAGED_BY},
        annotations=annotations,
    )


def _names(spec: SecretSpec) -> Mapping[str, str]:
    """The names that entries have in a Secret, by their default names."""
    return {key: spec.keys.get(key, key) for key in _DEFAULT_NAMES} if spec.keys else _DEFAULT_NAMES


def holding_of(observed: ObservedSecret) -> Holding | None:
    """What a Secret of ours holds; None where the token is missing, was edited, or is not described without contradiction."""
    notes, names = observed.annotations, entry_names(observed)
    value = observed.data.get(names.get(SecretKey.TOKEN, ""), "")
    issued_at = from_rfc3339(notes.get(group.ANNOTATION_ISSUED_AT))
    expires_at = from_rfc3339(notes.get(group.ANNOTATION_EXPIRES_AT))
    request_hash = notes.get(group.ANNOTATION_REQUEST_HASH)
    if not value or issued_at is None or expires_at is None or not request_hash:
        return None
    if token_id(value) != notes.get(group.ANNOTATION_TOKEN_ID):
        return None
    told = observed.data.get(names.get(SecretKey.EXPIRES_AT, ""))
    if told is not None and told != notes.get(group.ANNOTATION_EXPIRES_AT):
        # One of the two was edited, and nothing tells which: whoever believed the later one would keep a dead token.
        return None
    return Holding(
        token=EphemeralToken(value, issued_at, expires_at),
        previous=_previous(observed, names),
        request_hash=request_hash,
        rotate=notes.get(group.ANNOTATION_ROTATE, ""),
        base_url=observed.data.get(names.get(SecretKey.BASE_URL, ""), ""),
        model=observed.data.get(names.get(SecretKey.MODEL, ""), ""),
    )


def entry_names(observed: ObservedSecret) -> dict[SecretKey, str]:
    """The names that our entries have in an observed Secret, by its own word; empty for one that we never wrote."""
    pairs = (pair.partition("=") for pair in observed.annotations.get(ANNOTATION_KEYS, "").split(","))
    return {SecretKey(default): name for default, _, name in pairs if name and default in set(SecretKey)}


def is_intact(observed: ObservedSecret, content: SecretContent) -> bool:
    """Whether a Secret has all of the content and no stale entry of ours; what others added does not matter."""
    stale = frozenset(entry_names(observed).values()) - content.data.keys()
    return (
        all(observed.data.get(name) == value for name, value in content.data.items())
        and not stale & observed.data.keys()
        and content.labels.items() <= observed.labels.items()
        and content.annotations.items() <= observed.annotations.items()
    )


def has_nothing_else(observed: ObservedSecret, content: SecretContent) -> bool:
    """Whether a Secret that has all of the content has nothing beside it."""
    return (
        observed.plain
        and observed.data.keys() <= content.data.keys()
        and observed.labels.keys() <= content.labels.keys()
        and observed.annotations.keys() <= content.annotations.keys()
    )


def _previous(observed: ObservedSecret, names: Mapping[SecretKey, str]) -> EphemeralToken | None:
    value = observed.data.get(names.get(SecretKey.PREVIOUS_TOKEN, ""))
    expires_at = from_rfc3339(observed.data.get(names.get(SecretKey.PREVIOUS_EXPIRES_AT, "")))
    # Nobody needs to know when it was issued: it is only handed on until it expires.
    return EphemeralToken(value, expires_at, expires_at) if value and expires_at is not None else None

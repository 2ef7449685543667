"""What the API's documents say: a Secret as it was read, the token it holds, a session's facts. Pure.

Nobody changes what is read here. It is not frozen all the same: that costs a quarter of a microsecond for each field of a value made,
and a rotation makes some twenty of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP: Final = "realtime-operator.io"
TOKEN, EXPIRES_AT, PREVIOUS_TOKEN, DOCUMENT = "token", "expires-at", "previous-token", "realtime.json"
EXPIRY_TOLERANCE_S: Final = 1.0
"""A Secret stores whole seconds: two expiries that differ by less are one."""


@dataclass(slots=True)
class Mint:
    """A line of the ledger: one token handed out, on the provider's clock."""

    digest: bytes
    issued_at: float
    expires_at: float
    answered: bool = True
    model: str = ""


@dataclass(slots=True)
class SecretContent:
    """A Secret as it was read. The values are kept base64-encoded and never print."""

    namespace: str
    name: str
    uid: str
    owner_uid: str | None
    annotations: Mapping[str, str]
    data: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class Held:
    """The token that a Secret holds, without the token.

    Attributes:
        digest: SHA-256 of the token.
        previous: SHA-256 of the Secret's previous token, or None.
        secret_uid: which Secret holds it.
        owner_uid: the session that controls that Secret, or None.
        written_issue: issue time as the Secret says it, or None.
        written_expiry: expiry as the Secret says it; infinite where it says none.
        request_hash: what was asked of the provider, as the Secret says it.
        rotate: the rotate value that the Secret acknowledges.
        alien: the annotations describe another token: somebody else wrote this one.
        torn: parts of the content contradict each other.
        mint: its line of the ledger, once that is known.
    """

    digest: bytes
    previous: bytes | None
    secret_uid: str
    owner_uid: str | None
    written_issue: float | None
    written_expiry: float
    request_hash: str | None
    rotate: str | None
    alien: bool
    torn: bool
    mint: Mint | None = None

    @property
    def token_id(self) -> str:
        """The first 12 hex digits of the digest: what status shows."""
        return self.digest.hex()[:12]

    @property
    def expires_at(self) -> float:
        """Expiry on the provider's clock: of the ledger if known, else as written."""
        return self.mint.expires_at if self.mint else self.written_expiry

    @property
    def issued_at(self) -> float | None:
        """Issue time on the provider's clock: of the ledger if known, else as written."""
        return self.mint.issued_at if self.mint else self.written_issue

    @property
    def lifetime(self) -> float | None:
        """Seconds from issue to expiry, if both are known."""
        if self.issued_at is None or math.isinf(self.expires_at):
            return None
        return self.expires_at - self.issued_at

    def matches_ledger(self) -> bool:
        """Whether the Secret tells the expiry that the ledger tells."""
        return self.mint is None or abs(self.mint.expires_at - self.written_expiry) < EXPIRY_TOLERANCE_S


@dataclass(slots=True)
class SessionFacts:
    """What a RealtimeSession says that matters to its account.

    Attributes:
        uid: of the session.
        namespace: of the session.
        name: of the session.
        secret_name: of the Secret that its readers use.
        keys: other names for the Secret's entries, by their default names.
        propagation: name of the way of delivery.
        suspended: nothing may be minted.
        deleting: it has a deletion time.
        ready: condition Ready is True.
        stalled: condition Stalled is True: only a person can help.
        rotate: value of the rotate annotation, or None.
        token_id: of the token that status is about, or None.
        rotation_time: when that token becomes due, or None.
        model: that it asks for; empty for none.
    """

    uid: str
    namespace: str
    name: str
    secret_name: str
    keys: Mapping[str, str] = field(default_factory=dict)
    propagation: str = "Kubelet"
    suspended: bool = False
    deleting: bool = False
    ready: bool = False
    stalled: bool = False
    rotate: str | None = None
    token_id: str | None = None
    rotation_time: float | None = None
    model: str = ""


def secret_content(raw: Mapping[str, Any]) -> SecretContent:
    """Read a Secret's JSON document."""
    meta = raw["metadata"]
    owners = (o for o in meta.get("ownerReferences") or () if o.get("controller"))
    ours = (o["uid"] for o in owners if o.get("kind") == "RealtimeSession")
    return SecretContent(
        meta["namespace"],
        meta["name"],
        meta["uid"],
        next(ours, None),
        meta.get("annotations") or {},
        raw.get("data") or {},
    )


def session_facts(raw: Mapping[str, Any]) -> SessionFacts:
    """Read a RealtimeSession's JSON document."""
    meta, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    secret, model = spec.get("secret") or {}, (spec.get("session") or {}).get("model")
    conditions = {c.get("type"): c.get("status") for c in status.get("conditions") or ()}
    return SessionFacts(
        uid=meta["uid"],
        namespace=meta["namespace"],
        name=meta["name"],
        secret_name=secret.get("name") or meta["name"],
        keys=secret.get("keys") or {},
        propagation=(spec.get("delivery") or {}).get("propagation") or "Kubelet",
        suspended=bool(spec.get("suspend")),
        deleting="deletionTimestamp" in meta,
        ready=conditions.get("Ready") == "True",
        stalled=conditions.get("Stalled") == "True",
        rotate=(meta.get("annotations") or {}).get(f"{GROUP}/rotate"),
        token_id=status.get("tokenID"),
        rotation_time=moment(status.get("rotationTime")),
        model=model if isinstance(model, str) else "",
    )


def held_in(content: SecretContent, keys: Mapping[str, str]) -> Held | None:
    """Judge a Secret under a session's names of its entries; None where it has no token, or an empty one."""
    token = _value(content, keys, TOKEN)
    if not token:
        return None
    digest = hashlib.sha256(token).digest()
    notes = content.annotations
    expiry = moment(_value(content, keys, EXPIRES_AT).decode(errors="replace"))
    previous = _value(content, keys, PREVIOUS_TOKEN)
    alien = notes.get(f"{GROUP}/token-id", digest.hex()[:12]) != digest.hex()[:12]
    announced = moment(notes.get(f"{GROUP}/expires-at"))
    contradicted = expiry is None or (announced is not None and abs(announced - expiry) >= EXPIRY_TOLERANCE_S)
    document = _value(content, keys, DOCUMENT)
    return Held(
        digest=digest,
        previous=hashlib.sha256(previous).digest() if previous else None,
        secret_uid=content.uid,
        owner_uid=content.owner_uid,
        written_issue=moment(notes.get(f"{GROUP}/issued-at")),
        written_expiry=math.inf if expiry is None else expiry,
        request_hash=notes.get(f"{GROUP}/request-hash"),
        rotate=notes.get(f"{GROUP}/rotate") or None,
        alien=alien,
        torn=alien
        or contradicted
        or bool(document and not _tells(document, token.decode(errors="replace"), expiry)),
    )


def moment(text: object) -> float | None:
    """Read an RFC 3339 moment into seconds since the epoch; None for anything else."""
    return _read(text) if isinstance(text, str) else None


@lru_cache(maxsize=256)  # a Secret tells its expiry three times, and a status once more
def _read(text: str) -> float | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.timestamp() if read.tzinfo is not None else None


def _value(content: SecretContent, keys: Mapping[str, str], key: str) -> bytes:
    try:
        return base64.b64decode(content.data.get(keys.get(key, key), ""))
    except binascii.Error:
        return b""


def _tells(document: bytes, token: str, expiry: float | None) -> bool:
    """Whether the one document holds the token and the expiry of the single entries."""
    try:
        told = json.loads(document)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get(TOKEN) == token and moment(told.get(EXPIRES_AT)) == expiry

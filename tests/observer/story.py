"""Short words for what happens to one session, so that a test reads as its story."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from observer.account import Account
from observer.content import Mint, SecretContent, SessionFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from observer.figures import Figures

EPOCH = 1_800_000_000.0
"""Moment 0 of every story."""

UID = "session-uid"
NAMESPACE, NAME = "hotel", "concierge"


def rfc3339(seconds: float) -> str:
    """Write a moment as the operator does, in whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def secret_parts(
    token: str,
    issued_at: float,
    expires_at: float,
    *,
    request_hash: str = "hash",
    previous: str | None = None,
) -> tuple[dict[str, str], dict[str, str]]:
    """Data (plain) and annotations of a Secret as the operator writes it."""
    entries = {"token": token, "expires-at": rfc3339(expires_at)}
    if previous:
        entries["previous-token"] = previous
    entries["realtime.json"] = json.dumps(entries)
    annotations = {
        "realtime-operator.io/issued-at": rfc3339(issued_at),
        "realtime-operator.io/expires-at": rfc3339(expires_at),
        "realtime-operator.io/request-hash": request_hash,
        "realtime-operator.io/token-id": hashlib.sha256(token.encode()).hexdigest()[:12],
    }
    return entries, annotations


def facts(**changes: Any) -> SessionFacts:
    """A session that delivers without the kubelet, with some facts changed."""
    defaults: dict[str, Any] = {"namespace": NAMESPACE, "name": NAME, "secret_name": NAME}
    return SessionFacts(**({"uid": UID, "propagation": "None"} | defaults | changes))


def content(
    data: Mapping[str, str], annotations: Mapping[str, str], *, uid: str = UID, owner: str | None = UID
) -> SecretContent:
    """A Secret as the API gives it."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return SecretContent(NAMESPACE, NAME, uid, owner, annotations, encoded)


class Story:
    """One session's account; all moments are seconds after ``EPOCH``, on the observer's clock."""

    def __init__(self, *, clock_offset: float = 0.0, has_ledger: bool = False) -> None:
        self.account = Account(began_at=EPOCH, clock_offset=clock_offset, has_ledger=has_ledger)
        self.offset = clock_offset

    def session(self, at: float, **changes: Any) -> Story:
        """The session is seen."""
        self.account.session_seen(EPOCH + at, facts(**changes))
        return self

    def session_gone(self, at: float) -> Story:
        """The session is deleted."""
        self.account.session_gone(EPOCH + at, UID)
        return self

    def token(
        self,
        at: float,
        token: str,
        *,
        expires: float,
        life: float = 60.0,
        rotate: str | None = None,
        secret_uid: str = UID,
        owner: str | None = UID,
        request_hash: str = "hash",
        previous: str | None = None,
    ) -> Story:
        """The Secret is seen with a token that expires, on the provider's clock, at ``expires``."""
        end = EPOCH + expires
        data, annotations = secret_parts(token, end - life, end, request_hash=request_hash, previous=previous)
        if rotate:
            annotations["realtime-operator.io/rotate"] = rotate
        self.account.secret_seen(EPOCH + at, content(data, annotations, uid=secret_uid, owner=owner))
        return self

    def raw(self, at: float, data: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Story:
        """The Secret is seen with exactly this."""
        self.account.secret_seen(EPOCH + at, content(data, annotations or {}))
        return self

    def secret_gone(self, at: float) -> Story:
        """The Secret is deleted."""
        self.account.secret_gone(EPOCH + at, (NAMESPACE, NAME))
        return self

    def mint(
        self, token: str, *, issued: float, expires: float, answered: bool = True, model: str = ""
    ) -> Story:
        """The ledger tells of a mint, on the provider's clock."""
        digest = hashlib.sha256(token.encode()).digest()
        self.account.minted(Mint(digest, EPOCH + issued, EPOCH + expires, answered, model))
        return self

    def figures(self, at: float) -> Figures:
        """The figures up to ``at``."""
        return self.account.figures(EPOCH + at)

"""The watch of Secrets against a server that misbehaves; with a real one it is tried by tests/contracts/test_secret_feed.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from realtime_operator.adapters.kube_secret_watch import KubeSecretWatch
from realtime_operator.core.errors import ClusterError, ClusterForbidden, ClusterUnavailable
from realtime_operator.core.secret_view import SecretStamp
from realtime_operator.secret_watch_ports import SecretName
from tests.adapters.plain_http import DATA, TOKEN, serving, status
from tests.adapters.raw_server import Reply, answer
from tests.adapters.reachable import reachable_text

LISTED = answer(json.dumps({"metadata": {"resourceVersion": "7"}, "items": None}).encode())


def event(change: str, **fields: Any) -> bytes:
    """A line of a watch."""
    metadata = {"namespace": "hotel", "name": "concierge", "uid": "u", "resourceVersion": "8"}
    return json.dumps({"type": change, "object": {"metadata": metadata, **fields}}).encode() + b"\n"


class Ear:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def listed(self, stamps: Mapping[SecretName, SecretStamp]) -> None:
        """See ``SecretsHeard``."""
        self.heard.append(dict(stamps))

    def changed(self, name: SecretName, stamp: SecretStamp | None) -> None:
        """See ``SecretsHeard``."""
        self.heard.append((name, stamp))


async def ended_by(
    *replies: Reply, by: type[ClusterError] = ClusterUnavailable
) -> tuple[str, list[Any], int]:
    """Follow until it ends: the error's text, what was heard, and how many requests it took."""
    ear = Ear()
    async with serving(*replies) as (client, server):
        with pytest.raises(by) as caught:
            await KubeSecretWatch(client).follow("hotel", ear)
        requests = len(server.requests)
    text = reachable_text(caught.value)
    assert TOKEN not in text
    assert DATA not in text
    return str(caught.value), ear.heard, requests


async def test_a_server_that_ends_each_watch_at_once_is_not_asked_without_end() -> None:
    """A gateway that passes on no streams answers with nothing, and would be asked a thousand times a second."""
    said, heard, requests = await ended_by(LISTED, answer(b""))
    assert "it ends as soon as it begins" in said
    assert heard == [{}]
    assert requests == 2


async def test_a_version_that_is_too_old_is_listed_anew() -> None:
    """410 comes as an event, after what was told before it."""
    gone = event("ERROR", kind="Status", code=410, reason="Expired", message=DATA)
    said, heard, _ = await ended_by(LISTED, answer(event("ADDED") + gone))
    assert "410 Expired" in said
    assert heard[1:] == [(("hotel", "concierge"), SecretStamp("u", "8"))]


async def test_what_cannot_be_read_ends_it() -> None:
    """Half of what a proxy made of an event, say."""
    said, _, _ = await ended_by(LISTED, answer(DATA.encode() + b"\n"))
    assert "an event that cannot be read" in said


async def test_a_missing_right_is_named() -> None:
    """The right to list, or the right to watch."""
    said, heard, _ = await ended_by(status(403, "Forbidden"), by=ClusterForbidden)
    assert (said, heard) == ("RBAC does not let the operator list secrets in namespace hotel", [])
    said, heard, _ = await ended_by(LISTED, status(403, "Forbidden"), by=ClusterForbidden)
    assert "RBAC does not let the operator" in said

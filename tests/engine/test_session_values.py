"""Secrets that values of requests come from: read once, looked at again, and told of when they change."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from realtime_operator.api import group
from realtime_operator.core.errors import ClusterUnavailable, ProviderRejected, SecretValueNotReady
from realtime_operator.core.failure import failure_after
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.session_values import FORGOTTEN_AFTER_S, LOOKS_AT_ONCE, SessionValues
from realtime_operator.engine.table import Entry, Table
from realtime_operator.reference_ports import KeyDocument
from sim.secrets import unavailable
from tests.engine.cluster import InMemoryReferences
from tests.support.builders import BODY, a_memory, a_session
from tests.support.fakes import SettableClock

CONSENT = {group.LABEL_SESSION_VALUE: "true"}


def a_secret(value: str = "planted-value", *, labels: dict[str, str] | None = None) -> KeyDocument:
    """A Secret with a value in it."""
    return KeyDocument("1", CONSENT if labels is None else labels, {"token": value})


def a_user(name: str = "s", *, source: str = "mcp") -> SessionMemory:
    """A session of namespace hotel whose authorization at an MCP server comes from a Secret."""
    session = {**BODY, "tools": [{"type": "mcp", "server_label": "desk"}]}
    ref = {"name": source, "key": "token"}
    values = [{"path": "/tools/0/authorization", "secretKeyRef": ref}]
    return a_memory(a_session(name=name, uid=f"uid-{name}", session=session, secretValues=values))


class Scene:
    """Values among fakes."""

    def __init__(self) -> None:
        self.clock, self.references, self.table = SettableClock(), InMemoryReferences(), Table()
        self.references.secrets = {("hotel", "mcp"): a_secret()}
        self.woken: list[str] = []
        self.values = SessionValues(
            clock=self.clock, references=self.references, table=self.table, wake=self._wake
        )

    def _wake(self, entry: Entry) -> None:
        self.woken.append(entry.memory.ref.name)

    def has(self, *memories: SessionMemory) -> None:
        """These sessions exist."""
        for memory in memories:
            self.table.add(memory)

    async def value(self, memory: SessionMemory) -> Any:
        """What a session's request has as authorization."""
        filled = await self.values.filled(memory, memory.wanted.request())
        return json.loads(filled.session or b"")["tools"][0]["authorization"]

    async def looks(self, *, after: float) -> None:
        """Let time go by, and look at what is due."""
        self.clock.time += after
        await self.values.refresh()


async def test_a_value_is_read_once_for_all() -> None:
    """Sessions that start together wait for one read, and later passes for none."""
    scene = Scene()
    users = [a_user(str(number)) for number in range(20)]
    assert set(await asyncio.gather(*(scene.value(user) for user in users))) == {"planted-value"}
    scene.clock.time += 9
    await scene.value(users[0])
    assert scene.references.reads == {"key_secret": 1}


async def test_a_value_that_changes() -> None:
    """Within ten seconds the sessions that use it are woken, no others, and nothing that failed before holds them back."""
    scene = Scene()
    user, other, stranger = a_user("user"), a_user("other", source="another"), a_memory()
    scene.has(user, other, stranger)
    await scene.value(user)
    refusal = ProviderRejected(Reason.PROVIDER_REJECTED, "refused as written", status=400)
    user.failure = other.failure = failure_after(
        None, refusal, now=0, life_left=0, uid="u", generation=1, rotate=""
    )
    scene.references.secrets["hotel", "mcp"] = a_secret("replaced")
    await scene.looks(after=9)
    assert scene.woken == []
    await scene.looks(after=1)
    assert scene.woken == ["user"]
    assert (user.values_changed, other.values_changed, stranger.values_changed) == (1, 0, 0)
    assert user.failure is None
    assert other.failure is not None
    assert await scene.value(user) == "replaced"
    await scene.looks(after=10)
    assert scene.woken == ["user"]


async def test_what_changes_around_a_value() -> None:
    """Another version with the same values is no news; consent that is withdrawn is."""
    scene = Scene()
    user = a_user("user")
    scene.has(user)
    await scene.value(user)
    scene.references.secrets["hotel", "mcp"] = KeyDocument(
        "2", CONSENT | {"team": "x"}, {"token": "planted-value"}
    )
    await scene.looks(after=10)
    assert scene.woken == []
    scene.references.secrets["hotel", "mcp"] = a_secret(labels={})
    await scene.looks(after=10)
    assert scene.woken == ["user"]
    with pytest.raises(SecretValueNotReady) as caught:
        await scene.value(user)
    assert caught.value.reason is Reason.SECRET_VALUE_NOT_LABELLED


async def test_a_secret_that_is_made_later() -> None:
    """Its absence is known for ten seconds; once it is there, whoever waits is told."""
    scene = Scene()
    scene.references.secrets.clear()
    user = a_user("user")
    scene.has(user)
    for _ in range(3):
        with pytest.raises(SecretValueNotReady, match="does not exist"):
            await scene.value(user)
    assert scene.references.reads == {"key_secret": 1}
    scene.references.secrets["hotel", "mcp"] = a_secret()
    await scene.looks(after=10)
    assert scene.woken == ["user"]
    assert await scene.value(user) == "planted-value"


async def test_an_api_server_that_is_away() -> None:
    """A value that is known stays so; one that was never read is not missing, and the session waits."""
    scene = Scene()
    user = a_user("user")
    scene.has(user)
    scene.references.away = unavailable()
    with pytest.raises(ClusterUnavailable):
        await scene.value(user)
    scene.references.away = None
    await scene.value(user)
    scene.references.away = unavailable()
    await scene.looks(after=10)
    assert await scene.value(user) == "planted-value"
    assert scene.woken == []


async def test_many_secrets_are_looked_at_in_turn() -> None:
    """However many there are, the API server is asked for ten a second, and each has its turn."""
    scene = Scene()
    users = [a_user(str(number), source=f"mcp-{number}") for number in range(35)]
    scene.references.secrets = {("hotel", f"mcp-{number}"): a_secret() for number in range(35)}
    await asyncio.gather(*(scene.value(user) for user in users))
    scene.has(*users)
    scene.references.secrets = {name: a_secret("replaced") for name in scene.references.secrets}
    scene.clock.time += 10
    for expected in (10, 20, 30, 35, 35):
        await scene.looks(after=1)
        assert len(scene.woken) == expected
    assert len(set(scene.woken)) == 35
    assert LOOKS_AT_ONCE == 10


async def test_a_value_that_nobody_uses_any_more() -> None:
    """It is looked at no longer, and does not stay in memory."""
    scene = Scene()
    user, other = a_user("user"), a_user("other", source="other")
    scene.references.secrets["hotel", "other"] = a_secret()
    await scene.value(user)
    await scene.value(other)
    for _ in range(int(FORGOTTEN_AFTER_S / 10) + 2):
        await scene.looks(after=10)
        await scene.value(user)
    assert len(scene.values) == 1
    reads = scene.references.reads["key_secret"]
    await scene.looks(after=10)
    assert scene.references.reads["key_secret"] == reads + 1


async def test_no_value_prints() -> None:
    """What is kept does not show it."""
    scene = Scene()
    await scene.value(a_user())
    assert "planted" not in repr(scene.references.secrets) + repr(vars(scene.values))

"""Which provider a session gets, with which key, and who is told when that changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from realtime_operator.api import group
from realtime_operator.core.errors import (
    ClusterUnavailable,
    ProviderDown,
    ProviderNotReady,
    ProviderUnavailable,
)
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.engine.concerned import Concerned
from realtime_operator.engine.directory import BELIEVED_MISSING_S, Directory
from realtime_operator.engine.gate import Gate
from realtime_operator.engine.lanes import ProviderKey
from realtime_operator.ports import Notice
from realtime_operator.reference_ports import KeyDocument
from sim.secrets import unavailable
from tests.engine.cluster import InMemoryFiles, InMemoryObjects, InMemoryReferences
from tests.support.builders import KEY, NOW, a_memory, a_session, a_template, an_answer
from tests.support.fakes import SettableClock

BEARER = {"Authorization": f"Bearer {KEY}"}
CONSENT = {group.LABEL_PROVIDER_KEY: "true"}
OWN: ProviderKey = (group.KIND_PROVIDER, "hotel", "default")
CLUSTER: ProviderKey = (group.KIND_CLUSTER_PROVIDER, "", "default")


def a_provider(
    *, uid: str = "p1", generation: int = 1, name: str = "default", cluster: bool = False, **spec: Any
) -> dict[str, Any]:
    """A provider as the API shows it."""
    ref: dict[str, Any] = {"name": "openai"} | ({"namespace": "keys"} if cluster else {})
    where = {} if cluster else {"namespace": "hotel"}
    return {
        "kind": group.KIND_CLUSTER_PROVIDER if cluster else group.KIND_PROVIDER,
        "metadata": {"name": name, "uid": uid, "generation": generation, **where},
        "spec": {"baseURL": "https://api.example.test/v1/", "auth": {"secretRef": ref}} | spec,
    }


def a_key(value: str = KEY, *, labels: dict[str, str] | None = None) -> KeyDocument:
    """A key Secret."""
    return KeyDocument("1", CONSENT if labels is None else labels, {"api-key": value})


class Scene:
    """A directory among fakes."""

    def __init__(self, *, cluster_kind: bool = True) -> None:
        self.clock, self.gate = SettableClock(), Gate()
        self.objects, self.references = InMemoryObjects(), InMemoryReferences()
        self.files = InMemoryFiles()
        self.references.secrets = {("hotel", "openai"): a_key(), ("keys", "openai"): a_key("sk-cluster")}
        self.told: list[tuple[ProviderKey, Concerned]] = []
        self.woken: list[SessionMemory] = []
        self.notices: list[Notice] = []
        self.directory = Directory(
            clock=self.clock,
            gate=self.gate,
            objects=self.objects,
            references=self.references,
            files=self.files,
            cluster_kind=cluster_kind,
            changed=lambda key, concerned: self.told.append((key, concerned)),
            all_in_trouble=lambda _: False,
            wake=self.woken.extend,
            announce=self.notices.append,
        )

    def hears(self, body: dict[str, Any], *, listed: bool = False) -> None:
        """The watch tells of a provider that exists."""
        self.objects.put(body)
        self.directory.seen(body["kind"], body, listed=listed)

    async def resolve(self, **spec: Any) -> Any:
        """Find the provider of a session."""
        return await self.directory.resolve(a_memory(a_session(**spec)), a_template(**spec))

    async def refused(self, **spec: Any) -> ProviderNotReady:
        """Why a session gets none."""
        with pytest.raises(ProviderNotReady) as caught:
            await self.resolve(**spec)
        return caught.value


async def test_a_session_gets_the_provider_that_it_names() -> None:
    """By kind and name, with the key of its Secret and its URL without the trailing slash."""
    scene = Scene()
    scene.hears(a_provider(name="other"))
    handle, lifetime = await scene.resolve(providerRef={"name": "other"})
    assert (handle.view.name, handle.view.credentials) == ("other", BEARER)
    assert handle.view.base_url == "https://api.example.test/v1"
    assert lifetime == 600


async def test_a_session_that_names_none() -> None:
    """It gets the default of the cluster, until its namespace has one of its own."""
    scene = Scene()
    scene.hears(a_provider(cluster=True))
    handle, _ = await scene.resolve()
    assert (handle.view.kind, handle.view.credentials) == (
        group.KIND_CLUSTER_PROVIDER,
        {"Authorization": "Bearer sk-cluster"},
    )
    assert scene.directory.lane_of(a_memory()) == CLUSTER
    scene.hears(a_provider())
    handle, _ = await scene.resolve()
    assert (handle.view.kind, handle.view.credentials) == (group.KIND_PROVIDER, BEARER)
    assert scene.directory.lane_of(a_memory()) == OWN
    assert scene.told[-1] == (OWN, Concerned.ALL)


async def test_a_provider_that_the_watch_has_not_told_of_yet() -> None:
    """A session may be heard of before its provider: it is asked for by name, once."""
    scene = Scene()
    scene.objects.put(a_provider())
    await scene.resolve()
    await scene.resolve()
    assert scene.objects.gets == [(group.KIND_PROVIDER, "hotel", "default")]


async def test_many_sessions_that_ask_at_once() -> None:
    """After a restart all sessions of a namespace come together: one of them asks, and that serves all."""
    scene = Scene()
    scene.objects.put(a_provider(cluster=True))
    handles = await asyncio.gather(*(scene.resolve() for _ in range(30)))
    assert {handle.view.kind for handle, _ in handles} == {group.KIND_CLUSTER_PROVIDER}
    assert len(scene.objects.gets) == 2


async def test_a_provider_that_does_not_exist() -> None:
    """The error says what was looked for; it is not asked for again at every pass."""
    scene = Scene()
    error = await scene.refused()
    assert error.reason is Reason.PROVIDER_NOT_FOUND
    assert str(error) == (
        "There is no RealtimeProvider default nor ClusterRealtimeProvider default; create one, or set spec.providerRef."
    )
    await scene.refused()
    assert len(scene.objects.gets) == 2
    scene.clock.time += BELIEVED_MISSING_S + 1
    await scene.refused()
    assert len(scene.objects.gets) == 4


async def test_a_provider_that_is_not_as_this_version_reads_it() -> None:
    """It exists, so nobody is told that it does not: session and provider name the fields, and never what stands in them."""
    scene = Scene()
    scene.hears(a_provider(cluster=True))
    scene.hears(a_provider(auth="sk-in-the-wrong-place", limits={"maxInFlight": "many"}))
    error = await scene.refused()
    assert error.reason is Reason.PROVIDER_INVALID
    assert str(error) == (
        "RealtimeProvider default: spec.auth, spec.limits.maxInFlight: not as this version of the operator reads it;"
        " correct it, or install the CRDs of this version."
    )
    assert scene.directory.max_in_flight(OWN) == 128
    await scene.directory.refresh()
    [ready] = scene.objects.documents[OWN]["status"]["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "ProviderInvalid")
    assert "sk-" not in ready["message"]
    assert {uid for _, uid, _ in scene.directory.known()} == {"p1"}
    scene.hears(a_provider(generation=2))
    handle, _ = await scene.resolve()
    assert handle.view.name == "default"
    scene.hears(a_provider(generation=3, baseURL=None))
    assert (await scene.refused()).reason is Reason.PROVIDER_INVALID


async def test_a_scoped_installation_honours_no_cluster_provider() -> None:
    """There a session that names one says so, and one that names none never gets it."""
    scene = Scene(cluster_kind=False)
    scene.hears(a_provider(cluster=True))
    error = await scene.refused(providerRef={"kind": "ClusterRealtimeProvider", "name": "default"})
    assert "installed for single namespaces" in str(error)
    assert (await scene.refused()).reason is Reason.PROVIDER_NOT_FOUND


KEYS: list[tuple[str, KeyDocument | None, Reason]] = [
    ("no Secret", None, Reason.KEY_SECRET_MISSING),
    ("no consent", a_key(labels={}), Reason.KEY_SECRET_NOT_LABELLED),
    ("consent withdrawn", a_key(labels={group.LABEL_PROVIDER_KEY: "false"}), Reason.KEY_SECRET_NOT_LABELLED),
    ("no such entry", KeyDocument("1", CONSENT, {"other": KEY}), Reason.KEY_MISSING),
    ("an empty entry", a_key(""), Reason.KEY_MISSING),
    ("a trailing newline", a_key(f"{KEY}\n"), Reason.KEY_MISSING),
    ("a blank within", a_key("sk-a b"), Reason.KEY_MISSING),
    ("beyond ASCII", a_key("sk-ä"), Reason.KEY_MISSING),
]


@pytest.mark.parametrize(("key", "reason"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
async def test_a_key_that_cannot_be_used(key: KeyDocument | None, reason: Reason) -> None:
    """The error names provider and Secret, and holds nothing of the key; once it is mended everybody concerned is told."""
    scene = Scene()
    scene.hears(a_provider())
    scene.references.secrets.pop(("hotel", "openai"))
    if key is not None:
        scene.references.secrets["hotel", "openai"] = key
    error = await scene.refused()
    assert error.reason is reason
    assert str(error).startswith("RealtimeProvider default: Secret hotel/openai")
    assert "sk-" not in f"{error!r}"
    scene.told.clear()
    scene.references.secrets["hotel", "openai"] = a_key()
    scene.clock.time += 11
    await scene.directory.refresh()
    assert scene.told == [(OWN, Concerned.WHO_WAIT_FOR_PEOPLE)]
    handle, _ = await scene.resolve()
    assert handle.view.credentials == BEARER


def on_file(**auth: Any) -> dict[str, Any]:
    """A cluster provider whose key is in a file."""
    return a_provider(cluster=True, auth={"file": {"path": "openai/api-key"}} | auth)


async def test_a_key_in_a_file_is_read_again_when_it_changes() -> None:
    """It is sent by the scheme asked for; with another one in its place, those in trouble are told within ten seconds."""
    scene = Scene()
    scene.files.texts["openai/api-key"] = f"{KEY}\n"
    scene.hears(on_file(scheme="ApiKeyHeader"))
    handle, _ = await scene.resolve()
    assert handle.view.credentials == {"api-key": KEY}
    scene.told.clear()
    scene.files.texts["openai/api-key"] = "sk-other"
    scene.clock.time += 10
    await scene.directory.refresh()
    assert scene.told == [(CLUSTER, Concerned.WHO_WAIT_FOR_PEOPLE)]
    handle, _ = await scene.resolve()
    assert handle.view.credentials == {"api-key": "sk-other"}
    assert scene.references.reads == {}


async def test_a_key_file_is_for_the_cluster_kind_alone() -> None:
    """Where the CRD of another version lets it through the operator refuses it: a namespace's own would be sent the operator's key."""
    scene = Scene()
    scene.files.texts["openai/api-key"] = KEY
    scene.hears(a_provider(auth={"file": {"path": "openai/api-key"}}))
    refused = await scene.refused()
    assert refused.reason == Reason.PROVIDER_INVALID
    assert "spec.auth.file: a file of the operator's pod is for a ClusterRealtimeProvider alone" in str(
        refused
    )
    assert "spec.auth.secretRef" in str(refused)


async def test_a_key_file_that_is_not_there() -> None:
    """Session and provider say so, until it is."""
    scene = Scene()
    scene.hears(on_file())
    assert (await scene.refused()).reason is Reason.KEY_FILE_UNUSABLE
    await scene.directory.refresh()
    [ready] = scene.objects.documents[CLUSTER]["status"]["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "KeyFileUnusable")
    scene.files.texts["openai/api-key"] = KEY
    scene.clock.time += 10
    await scene.directory.refresh()
    handle, _ = await scene.resolve()
    assert handle.view.credentials == BEARER


HEADERS_FROM = [
    {"name": "cf-aig-authorization", "secretKeyRef": {"name": "gateway", "key": "header"}},
    {"name": "X-Tenant", "secretKeyRef": {"name": "gateway", "key": "tenant"}},
]


async def test_headers_from_secrets() -> None:
    """They are sent beside the key, and looked at as it is."""
    scene = Scene()
    data = {"header": "Bearer gw-1", "tenant": "hotel"}
    scene.references.secrets["hotel", "gateway"] = KeyDocument("1", CONSENT, data)
    scene.hears(a_provider(headersFrom=HEADERS_FROM))
    handle, _ = await scene.resolve()
    assert handle.view.credentials == BEARER | {"cf-aig-authorization": "Bearer gw-1", "X-Tenant": "hotel"}
    scene.told.clear()
    scene.references.secrets["hotel", "gateway"] = KeyDocument("2", CONSENT, data | {"header": "Bearer gw-2"})
    scene.clock.time += 10
    await scene.directory.refresh()
    assert scene.told == [(OWN, Concerned.WHO_WAIT_FOR_PEOPLE)]
    handle, _ = await scene.resolve()
    assert handle.view.credentials["cf-aig-authorization"] == "Bearer gw-2"


@pytest.mark.parametrize(
    ("document", "reason", "said"),
    [
        (None, Reason.KEY_SECRET_MISSING, "or correct spec.headersFrom[0].secretKeyRef."),
        (KeyDocument("1", {}, {"header": "x"}), Reason.KEY_SECRET_NOT_LABELLED, "Secret hotel/gateway"),
        (
            KeyDocument("1", CONSENT, {"header": "x"}),
            Reason.KEY_MISSING,
            "spec.headersFrom[1].secretKeyRef.key",
        ),
    ],
)
async def test_a_header_that_has_no_value(document: KeyDocument | None, reason: Reason, said: str) -> None:
    """The field is named by its place in the list."""
    scene = Scene()
    if document is not None:
        scene.references.secrets["hotel", "gateway"] = document
    scene.hears(a_provider(headersFrom=HEADERS_FROM))
    error = await scene.refused()
    assert error.reason is reason
    assert said in str(error)


async def test_a_cluster_provider_takes_headers_from_the_namespace_that_it_names() -> None:
    """And a namespaced one only from its own, whatever it says."""
    scene = Scene()
    ref = {"name": "gateway", "namespace": "keys", "key": "tenant"}
    scene.references.secrets["keys", "gateway"] = KeyDocument("1", CONSENT, {"tenant": "of-keys"})
    scene.references.secrets["hotel", "gateway"] = KeyDocument("1", CONSENT, {"tenant": "of-hotel"})
    for cluster, expected in ((True, "of-keys"), (False, "of-hotel")):
        scene.hears(a_provider(cluster=cluster, headersFrom=[{"name": "X-Tenant", "secretKeyRef": ref}]))
        kind = group.KIND_CLUSTER_PROVIDER if cluster else group.KIND_PROVIDER
        handle, _ = await scene.resolve(providerRef={"kind": kind, "name": "default"})
        assert handle.view.credentials["X-Tenant"] == expected


async def test_keys_are_looked_at_every_ten_seconds() -> None:
    """Not more often, and in the background: a pass never waits for a key that is known."""
    scene = Scene()
    scene.hears(a_provider())
    for _ in range(30):
        await scene.directory.refresh()
        await scene.resolve()
        scene.clock.time += 1
    assert scene.references.reads == {"key_secret": 3}


async def test_a_first_look_is_no_news() -> None:
    """What was never known cannot have changed: at the start nobody is woken."""
    scene = Scene()
    scene.hears(a_provider(), listed=True)
    scene.told.clear()
    await scene.directory.refresh()
    scene.clock.time += 11
    await scene.directory.refresh()
    assert scene.told == []


async def test_a_listed_provider_seen_again() -> None:
    """A list replayed by the watch tells of nothing new."""
    scene = Scene()
    scene.hears(a_provider(), listed=True)
    scene.hears(a_provider(), listed=True)
    assert len(scene.told) == 1


async def test_an_api_server_that_is_away() -> None:
    """A key that cannot be read stays as it was known; one never read keeps the session waiting."""
    scene = Scene()
    scene.hears(a_provider())
    scene.references.away = unavailable()
    with pytest.raises(ClusterUnavailable):
        await scene.resolve()
    scene.references.away = None
    await scene.resolve()
    scene.references.away = unavailable()
    scene.clock.time += 11
    await scene.directory.refresh()
    handle, _ = await scene.resolve()
    assert handle.view.credentials == BEARER


async def test_a_pass_keeps_the_provider_that_it_found() -> None:
    """A key that is deleted, or a spec that changes, while a mint is under way does not pull the provider from under it."""
    scene = Scene()
    scene.hears(a_provider())
    handle, _ = await scene.resolve()
    scene.references.secrets.clear()
    scene.clock.time += 11
    await scene.directory.refresh()
    assert handle.view.credentials == BEARER
    scene.hears(a_provider(generation=2, baseURL="https://other.test"))
    assert handle.view.base_url == "https://api.example.test/v1"
    await handle.admitted(a_memory())
    handle.answered(an_answer({}, at=NOW + 11), model="", uid="")
    assert handle.clock.seen_at == NOW + 11


async def test_what_an_older_spec_met_says_nothing_of_the_new_one() -> None:
    """Mints that were under way when the provider changed, and fail then, do not have the new one declared down."""
    scene = Scene()
    scene.hears(a_provider())
    old, _ = await scene.resolve()
    scene.hears(a_provider(generation=2, baseURL="https://other.test"))
    new, _ = await scene.resolve()
    away = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "away")
    sessions = [a_memory(a_session(name=f"s{number}", uid=str(number))) for number in range(4)]
    for each in sessions[:3]:
        old.failed(each, away)
    await new.admitted(sessions[3])
    for each in sessions[:3]:
        new.failed(each, away)
    with pytest.raises(ProviderDown):
        await new.admitted(sessions[3])
    new.succeeded()
    await new.admitted(sessions[3])
    assert scene.woken == sessions


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 128),
        ({"maxInFlight": 7}, 7),
        ({"requestsPerMinute": 60}, 3),
        ({"requestsPerMinute": 600}, 13),
        ({"requestsPerMinute": 600, "maxInFlight": 5}, 5),
        ({"requestsPerMinute": 60000}, 128),
    ],
)
async def test_how_many_passes_are_of_use_at_once(limits: dict[str, int], expected: int) -> None:
    """Within a rate limit no more than are on their way, and those of the next second: 10 a second of 0.2 s each are 2 and 10, and one."""
    scene = Scene()
    scene.hears(a_provider(limits=limits))
    handle, _ = await scene.resolve()
    for _ in range(60):
        handle.answered(an_answer({}, took=0.2), model="", uid="")
    assert scene.directory.max_in_flight(OWN) == expected


class SlowReferences(InMemoryReferences):
    """Takes its time over a key, in which a test may act."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def key_secret(self, namespace: str, name: str) -> KeyDocument | None:
        """Read a key after what happens meanwhile."""
        found = await super().key_secret(namespace, name)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        return found


async def test_a_spec_that_changes_while_its_key_is_read() -> None:
    """The view that comes out is of the new spec."""
    scene = Scene()
    slow = SlowReferences(secrets=scene.references.secrets)
    scene.directory = Directory(
        clock=scene.clock,
        gate=scene.gate,
        objects=scene.objects,
        references=slow,
        files=scene.files,
        cluster_kind=True,
        changed=lambda _key, _matters: None,
        all_in_trouble=lambda _: False,
        wake=scene.woken.extend,
        announce=scene.notices.append,
    )
    scene.hears(a_provider())

    async def changes() -> None:
        scene.hears(a_provider(generation=2, baseURL="https://other.test"))

    slow.meanwhile = changes
    handle, _ = await scene.resolve()
    assert handle.view.base_url == "https://other.test"


async def test_many_sessions_read_one_key_once() -> None:
    """Passes that start together wait for one read."""
    scene = Scene()
    scene.hears(a_provider())
    await asyncio.gather(*(scene.resolve() for _ in range(20)))
    assert scene.references.reads == {"key_secret": 1}


async def test_a_policy_on_namespaces() -> None:
    """Labels of the namespace are read for it, and kept for ten seconds."""
    scene = Scene()
    scene.hears(a_provider(cluster=True, allow={"namespaces": {"matchLabels": {"voice": "true"}}}))
    assert (await scene.refused()).reason is Reason.PROVIDER_NOT_ALLOWED
    scene.references.labels["hotel"] = {"voice": "true"}
    await scene.refused()
    scene.clock.time += 11
    await scene.resolve()
    assert scene.references.reads["namespace_labels"] == 2


async def test_the_status_of_a_provider() -> None:
    """Its Ready condition says whether the key is at hand, is written once, and only by the leader."""
    scene = Scene()
    scene.gate.close()
    scene.hears(a_provider())
    await scene.directory.refresh()
    assert scene.objects.patches == []
    scene.gate.open()
    for _ in range(3):
        await scene.directory.refresh()
    [(uid, status)] = scene.objects.patches
    assert uid == "p1"
    assert [(c["status"], c["reason"]) for c in status["conditions"]] == [("True", "KeyReady")]
    scene.references.secrets.clear()
    scene.clock.time += 11
    await scene.directory.refresh()
    assert scene.objects.patches[1][1]["conditions"][0]["reason"] == "KeySecretMissing"


async def test_a_provider_made_anew_shows_its_status() -> None:
    """A provider of the same name is another object, though its deletion was not heard: it does not stay pending."""
    scene = Scene()
    scene.hears(a_provider())
    await scene.directory.refresh()
    scene.hears(a_provider(uid="p2"))
    await scene.directory.refresh()
    assert [uid for uid, _ in scene.objects.patches] == ["p1", "p2"]
    scene.directory.gone(group.KIND_PROVIDER, "p1")
    assert [uid for _, uid, _ in scene.directory.known()] == ["p2"]


async def test_a_provider_that_is_gone() -> None:
    """Its sessions are told, and get none."""
    scene = Scene()
    scene.hears(a_provider())
    await scene.resolve()
    scene.objects.documents.clear()
    scene.directory.gone(group.KIND_PROVIDER, "p1")
    assert scene.told[-1] == (OWN, Concerned.ALL)
    assert (await scene.refused()).reason is Reason.PROVIDER_NOT_FOUND


async def test_limits_and_latency() -> None:
    """A provider's own limit holds for its lanes, and the slowest provider's latency for the tick."""
    scene = Scene()
    assert (scene.directory.max_in_flight(OWN), scene.directory.latency()) == (128, 0.0)
    scene.hears(a_provider(limits={"maxInFlight": 3}))
    assert scene.directory.max_in_flight(OWN) == 3
    handle, _ = await scene.resolve()
    for _ in range(50):
        handle.answered(an_answer({}, took=0.5), model="", uid="")
    assert scene.directory.latency() == pytest.approx(0.5, rel=0.01)

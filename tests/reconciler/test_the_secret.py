"""Whose the Secret is, and what becomes of one that was deleted, edited, or could not be read or written."""

from __future__ import annotations

from typing import Any

import pytest

from realtime_operator.core.errors import (
    ClusterForbidden,
    ClusterUnavailable,
    OperatorError,
    ProviderUnavailable,
    SecretMoved,
    SessionGone,
)
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.reasons import MintReason, Reason
from realtime_operator.core.secret_documents import create_manifest
from realtime_operator.core.token_secret import content_of
from sim.secrets import unavailable
from tests.reconciler.stage import Stage
from tests.support.builders import NOW, a_holding, a_ref, a_target, a_token


async def ready_stage(**spec: Any) -> Stage:
    """A session that has its first token."""
    stage = Stage(**spec)
    await stage.passes()
    assert stage.token == "ek_1"
    return stage


async def test_a_deleted_secret_is_restored_from_memory() -> None:
    """Whoever deletes the Secret finds the same token in a new one, and nothing was minted."""
    stage = await ready_stage()
    stage.secrets.delete()
    await stage.passes(after=46)
    assert (stage.token, stage.mints) == ("ek_1", 1)
    assert stage.status["rotations"] == 0
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.status["secretRef"]["uid"] == "secret-uid-2"


EDITS: list[tuple[str, dict[str, str | None]]] = [
    ("another token", {"token": "ek_other"}),
    ("no token", {"token": None}),
    ("another expiry", {"expires_at": "2035-01-01T00:00:00Z"}),
    ("another document", {"realtime.json": "{}"}),
    ("another model", {"model": "gpt-other"}),
    ("everything", dict.fromkeys(("token", "expires_at", "base_url", "model", "realtime.json"))),
]


@pytest.mark.parametrize("edit", [row[1] for row in EDITS], ids=[row[0] for row in EDITS])
async def test_an_edited_entry_is_repaired_without_a_mint(edit: dict[str, str | None]) -> None:
    """What somebody changes is as before at the next look, from memory."""
    stage = await ready_stage()
    before = stage.secrets.data()
    stage.secrets.edit(**edit)
    await stage.passes(after=46)
    assert stage.secrets.data() == before
    assert (stage.mints, stage.status["rotations"]) == (1, 0)


NOTES = [
    ("a later expiry", "expires-at", "2035-01-01T00:00:00Z"),
    ("an earlier expiry", "expires-at", "2020-01-01T00:00:00Z"),
    ("another issue time", "issued-at", "2020-01-01T00:00:00Z"),
    ("another request hash", "request-hash", "0" * 32),
    ("another token id", "token-id", "0" * 12),
    ("another rotate value", "rotate", "7"),
    ("other names", "keys", "token=model"),
]


@pytest.mark.parametrize(("name", "value"), [row[1:] for row in NOTES], ids=[row[0] for row in NOTES])
async def test_an_edited_annotation_is_repaired_without_a_mint(name: str, value: str) -> None:
    """Memory knows the token better than an annotation that anybody may edit."""
    stage = await ready_stage()
    metadata = stage.secrets.stored["hotel", "concierge"]["metadata"]
    before = dict(metadata["annotations"])
    metadata["annotations"][f"realtime-operator.io/{name}"] = value
    metadata["resourceVersion"] = "edited"
    await stage.passes(after=46)
    assert stage.secrets.stored["hotel", "concierge"]["metadata"]["annotations"] == before
    assert stage.mints == 1
    assert stage.status["expirationTime"] == "2025-11-24T16:10:00Z"


async def test_a_secret_edited_while_the_provider_is_down() -> None:
    """A rotation that fails does not keep a deleted Secret from being restored in the same pass."""
    stage = await ready_stage()
    stage.secrets.delete()
    stage.provider.always = unavailable_provider()
    await stage.passes(after=450)
    assert stage.mints == 2
    assert stage.token == "ek_1"
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.says("RotationHealthy") == ("False", "ProviderUnavailable")


def unavailable_provider() -> OperatorError:
    """The error of a provider that is away."""
    return ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "connection refused by 127.0.0.1")


async def test_a_restart_costs_one_read_and_no_mint() -> None:
    """A process that starts anew reads the Secret and goes on."""
    stage = await ready_stage()
    stage.restart()
    stage.secrets.calls.clear()
    result = await stage.passes(after=20)
    assert (stage.mints, stage.secrets.calls) == (1, {"read": 1})
    assert result.status == stage.status
    await stage.live(3600)
    assert set(stage.metrics.minted_for) == {"SecretMissing", "RotationDue"}


async def test_a_lost_status_costs_no_mint() -> None:
    """The Secret describes itself: without status the token is found, and shown again."""
    stage = await ready_stage()
    before = stage.status
    stage.memory.status = {}
    stage.restart()
    await stage.passes(after=20)
    assert stage.mints == 1
    told = ("observedGeneration", "secretRef", "tokenID", "issuedTime", "expirationTime", "providerRef")
    assert [stage.status[name] for name in told] == [before[name] for name in told]
    assert stage.says("Ready") == ("True", "Issued")


async def test_an_unreadable_secret_costs_no_mint_and_no_status() -> None:
    """Unreadable is not missing: a status that may still be true is left alone, and a token is not minted."""
    stage = await ready_stage()
    stage.restart()
    before = stage.status
    stage.secrets.away = unavailable()
    result = await stage.passes(after=20)
    assert (stage.mints, result.status, stage.status) == (1, None, before)
    assert result.wake_at <= stage.clock.time + 5
    stage.secrets.away = None
    await stage.passes(after=2)
    assert stage.mints == 1
    assert stage.says("Ready") == ("True", "Issued")


async def test_a_secret_that_may_not_be_read() -> None:
    """A session that never was ready says that the administrator has to act."""
    stage = Stage()
    stage.secrets.away = ClusterForbidden(
        Reason.CLUSTER_FORBIDDEN, "RBAC does not let the operator get secrets"
    )
    await stage.passes()
    assert stage.mints == 0
    assert stage.says("Ready") == ("False", "ClusterForbidden")
    assert stage.says("Stalled") == ("True", "ClusterForbidden")


WRITE_FAILURES: list[tuple[str, OperatorError]] = [
    ("the API server is away", unavailable()),
    ("the Secret moved again and again", SecretMoved(Reason.SECRET_MOVED, "it moved")),
    ("RBAC refuses", ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "RBAC does not let the operator")),
]


@pytest.mark.parametrize("error", [row[1] for row in WRITE_FAILURES], ids=[row[0] for row in WRITE_FAILURES])
async def test_a_first_token_that_could_not_be_written(error: OperatorError) -> None:
    """What was minted is kept, and written later without another mint."""
    stage = Stage()
    stage.secrets.refuse["create"] = error
    if isinstance(error, SecretMoved):
        await stage.passes()
    else:
        await stage.passes()
        assert ("hotel", "concierge") not in stage.secrets.stored
        assert stage.says("Ready") == ("False", str(error.reason))
        await stage.passes(after=10)
    assert (stage.token, stage.mints) == ("ek_1", 1)
    assert stage.says("Ready") == ("True", "Issued")


@pytest.mark.parametrize("life", [600, 1200, 60], ids=["the same life", "a longer life", "a shorter life"])
async def test_a_changed_token_that_could_not_be_written(life: int) -> None:
    """A token of a new spec is written later, without another mint, whatever its life beside the old one's."""
    stage = await ready_stage()
    stage.change(lifetimeSeconds=life, session={"type": "realtime", "model": "other"})
    stage.provider.life = life
    stage.secrets.refuse["replace"] = ClusterUnavailable(Reason.CLUSTER_UNAVAILABLE, "away")
    await stage.passes()
    assert (stage.token, stage.mints) == ("ek_1", 2)
    assert stage.says("Ready") == ("False", "ClusterUnavailable")
    await stage.passes(after=2)
    assert (stage.token, stage.mints) == ("ek_2", 2)
    assert stage.says("Ready") == ("True", "Issued")
    assert stage.status["rotations"] == 1


async def test_a_shorter_token_that_could_not_be_written_beside_a_touched_secret() -> None:
    """The Secret's old token lives longer than the one that waits to be written; the later issue counts, and no third is minted."""
    stage = await ready_stage()
    stage.change(lifetimeSeconds=300)
    stage.provider.life = 300
    stage.secrets.refuse["replace"] = unavailable()
    await stage.passes()
    stage.secrets.edit(theirs="x")
    await stage.passes(after=46)
    assert (stage.token, stage.mints) == ("ek_2", 2)


async def rotated(stage: Stage) -> dict[str, int]:
    """Let the token become due, make a pass, and say which writes it took."""
    before, due = stage.secrets.calls.copy(), stage.memory.rotation_at
    assert due is not None
    await stage.passes(after=due - stage.clock.time)
    taken = stage.secrets.calls - before
    return {call: taken[call] for call in ("create", "replace", "patch") if taken[call]}


async def test_a_secret_that_nobody_else_touched_is_replaced_as_a_whole() -> None:
    """It is cheaper, and safe in the version that is known; after a restart, too, once the Secret was read."""
    stage = await ready_stage()
    assert await rotated(stage) == {"replace": 1}
    stage.restart()
    assert await rotated(stage) == {"replace": 1}
    assert (stage.token, stage.mints) == ("ek_3", 3)


async def test_what_somebody_adds_to_a_secret_stays_for_good() -> None:
    """The replacement fails at the other version; the same token is then merged, and so are all after it, without a further failure."""
    stage = await ready_stage()
    stage.secrets.edit(theirs="x")
    due = stage.memory.rotation_at
    assert due is not None
    stage.clock.time = due - 20
    stage.memory.checked_at = stage.clock.time  # it was looked at just before somebody came
    assert await rotated(stage) == {"replace": 1, "patch": 1}
    assert (stage.token, stage.mints) == ("ek_2", 2)
    assert stage.metrics.minted_for[MintReason.ROTATION_DUE] == len(stage.metrics.late) == 1
    assert await rotated(stage) == {"patch": 1}
    stage.restart()
    assert await rotated(stage) == {"patch": 1}
    assert (stage.secrets.data()["theirs"], stage.token, stage.mints) == ("x", "ek_4", 4)


async def test_where_the_rights_know_patches_only() -> None:
    """As those of an older installation do: the token is merged, and so are those after it."""
    stage = await ready_stage()
    stage.secrets.refuse["replace"] = ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "update secrets")
    assert await rotated(stage) == {"replace": 1, "patch": 1}
    assert await rotated(stage) == {"patch": 1}
    assert (stage.token, stage.mints) == ("ek_3", 3)


async def test_a_label_that_is_wanted_no_more_goes() -> None:
    """In a Secret that only we write; so do entries of other names."""
    stage = Stage(secret={"labels": {"team": "voice"}, "keys": {"token": "OLD"}})
    await stage.passes()
    assert stage.secrets.data()["OLD"] == "ek_1"
    stage.change(secret={"labels": {}, "keys": {}})
    await stage.passes()
    labels = stage.secrets.stored["hotel", "concierge"]["metadata"]["labels"]
    assert labels == {"app.kubernetes.io/managed-by": "realtime-operator"}
    assert ("OLD" in stage.secrets.data(), stage.token, stage.mints) == (False, "ek_1", 1)


async def test_what_is_added_on_the_way_stays() -> None:
    """Where admission adds a label to what is written, nothing is replaced as a whole."""
    stage = Stage()
    stage.secrets.added_labels = {"injected": "yes"}
    await stage.passes()
    assert await rotated(stage) == {"patch": 1}
    assert stage.secrets.stored["hotel", "concierge"]["metadata"]["labels"]["injected"] == "yes"


async def test_a_secret_that_moves_between_look_and_write() -> None:
    """A Secret deleted and made anew by us in between is observed again, and the minted token written into it."""
    stage = await ready_stage()
    due = stage.memory.rotation_at
    assert due is not None
    stage.clock.time = due

    async def deletes(_: MintCall) -> MintAnswer:
        stage.secrets.delete()
        return stage.provider.token()

    stage.provider.script.append(deletes)
    await stage.passes()
    assert (stage.token, stage.mints) == ("ek_2", 2)
    assert stage.says("Ready") == ("True", "Issued")


async def test_a_session_deleted_while_its_mint_is_in_flight() -> None:
    """Nothing is written for a session that is gone, and nothing is said."""
    stage = Stage()

    async def deletes(_: MintCall) -> MintAnswer:
        stage.memory.gone = True
        return stage.provider.token()

    stage.provider.script.append(deletes)
    result = await stage.passes()
    assert (stage.mints, stage.secrets.writes) == (1, 0)
    assert (result.status, list(result.notices)) == (None, [])


async def test_a_namespace_that_goes_away() -> None:
    """A token that can find no place any more is not minted again and again."""
    stage = Stage()
    stage.secrets.ended.add("hotel")
    await stage.live(300)
    assert stage.mints == 1
    assert stage.says("Ready") == ("False", "SessionGone")


def foreign(**fields: Any) -> dict[str, Any]:
    """Somebody else's Secret of our name."""
    metadata = {"name": "concierge", **fields.pop("metadata", {})}
    return {"metadata": metadata, "data": {"token": "dGhlaXJz", "password": "eA=="}, **fields}


OTHER_OWNER = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "u", "controller": True}
OTHER_SESSION = OTHER_OWNER | {"apiVersion": "realtime-operator.io/v1alpha1", "kind": "RealtimeSession"}
CONSENT = {"labels": {"realtime-operator.io/adopt": "true"}}
IF_UNOWNED = {"secret": {"adoptionPolicy": "IfUnowned"}}

FOREIGN: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("with keys of our names", foreign(), {}, "SecretConflict"),
    ("with a label of consent, but no policy", foreign(metadata=CONSENT), {}, "SecretConflict"),
    ("with a policy, but no label of consent", foreign(), IF_UNOWNED, "SecretConflict"),
    (
        "with consent, but another controller",
        foreign(metadata=CONSENT | {"ownerReferences": [OTHER_OWNER]}),
        IF_UNOWNED,
        "SecretConflict",
    ),
    (
        "with consent, but an owner that is no controller",
        foreign(metadata=CONSENT | {"ownerReferences": [OTHER_OWNER | {"controller": False}]}),
        IF_UNOWNED,
        "SecretConflict",
    ),
    ("of another session", foreign(metadata={"ownerReferences": [OTHER_SESSION]}), {}, "SecretConflict"),
    ("with consent, but immutable", foreign(metadata=CONSENT, immutable=True), IF_UNOWNED, "SecretUnusable"),
    (
        "with consent, but of another type",
        foreign(metadata=CONSENT, type="kubernetes.io/basic-auth"),
        IF_UNOWNED,
        "SecretUnusable",
    ),
]


@pytest.mark.parametrize(
    ("secret", "spec", "reason"), [row[1:] for row in FOREIGN], ids=[row[0] for row in FOREIGN]
)
async def test_a_foreign_secret_is_left_alone(
    secret: dict[str, Any], spec: dict[str, Any], reason: str
) -> None:
    """A Secret that is somebody else's is not touched, nothing is minted for it, and the object says what to do."""
    stage = Stage(**spec)
    stage.secrets.put("hotel", secret)
    before = stage.secrets.stored["hotel", "concierge"]
    await stage.live(120)
    assert stage.secrets.stored["hotel", "concierge"] is before
    assert (stage.mints, stage.secrets.writes) == (0, 0)
    assert stage.says("Ready") == ("False", reason)
    assert stage.says("Stalled") == ("True", reason)
    assert "delete it" in stage.condition("Ready")["message"]
    stage.secrets.delete()
    await stage.live(120)
    assert stage.says("Ready") == ("True", "Issued")


async def test_a_secret_is_adopted_with_consent_on_both_sides() -> None:
    """With label and policy a Secret that nobody owns becomes ours; what else is in it stays."""
    stage = Stage(**IF_UNOWNED)
    stage.secrets.put("hotel", foreign(metadata=CONSENT))
    await stage.passes()
    stored = stage.secrets.stored["hotel", "concierge"]
    assert (stage.token, stage.secrets.data()["password"]) == ("ek_1", "x")
    assert [owner["uid"] for owner in stored["metadata"]["ownerReferences"]] == [stage.memory.ref.uid]
    assert (stage.mints, stage.status["rotations"]) == (1, 0)


@pytest.mark.parametrize("owner_survives", [True, False], ids=["a dead owner", "no owner at all"])
async def test_a_secret_of_a_dead_session_of_the_same_name(owner_survives: bool) -> None:  # noqa: FBT001 - a column
    """A Secret restored from a backup, or orphaned, is ours again; its token is of another uid and is minted anew."""
    dead = a_target(session=a_ref(uid="dead-uid"))
    manifest = create_manifest(dead, content_of(dead, a_holding(a_token("ek_backup"), request_hash="dead")))
    if not owner_survives:
        del manifest["metadata"]["ownerReferences"]
    stage = Stage()
    stage.secrets.put("hotel", manifest)
    await stage.passes()
    stored = stage.secrets.stored["hotel", "concierge"]
    assert [owner["uid"] for owner in stored["metadata"]["ownerReferences"]] == [stage.memory.ref.uid]
    assert (stage.token, stage.mints) == ("ek_1", 1)
    assert stage.says("Ready") == ("True", "Issued")


async def test_a_younger_claimant_waits() -> None:
    """The younger of two sessions that name one Secret says whose it is, and mints nothing."""
    stage = Stage()
    stage.memory.older_claimant = "elder"
    await stage.live(120)
    assert (stage.mints, stage.secrets.writes) == (0, 0)
    assert stage.says("Stalled") == ("True", "SecretConflict")
    assert "belongs to the older session elder" in stage.condition("Ready")["message"]
    stage.memory.older_claimant = ""
    await stage.passes(after=1)
    assert stage.says("Ready") == ("True", "Issued")


async def test_who_has_the_secret_keeps_it() -> None:
    """An older session that comes to want our Secret later does not take it from us."""
    stage = await ready_stage()
    stage.memory.older_claimant = "elder"
    stage.memory.stamp = None
    await stage.passes(after=10)
    assert stage.says("Ready") == ("True", "Issued")
    assert (stage.memory.rotation_at or 0) > NOW


async def test_a_session_that_is_gone_says_nothing_of_its_error() -> None:
    """An error of a session that was deleted meanwhile is nobody's news."""
    stage = Stage()
    stage.secrets.before_write = lambda: setattr(stage.memory, "gone", True)
    stage.secrets.refuse["create"] = SessionGone(Reason.SESSION_GONE, "namespace hotel is gone")
    stage.memory.gone = True
    result = await stage.passes()
    assert result.status is None
    assert stage.memory.failure is None

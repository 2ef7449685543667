"""The operator's own requests, made by its adapter, as the user whom the policies fence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.core.errors import ClusterForbidden, SecretConflict, SecretMoved
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.ownership import Ownership, ownership
from realtime_operator.core.secret_documents import create_manifest, merge_patch, takeover_patch
from realtime_operator.core.token_secret import Target, content_of
from tests.adapters.cluster import client_of
from tests.policies.fence import USER
from tests.policies.scene import ADOPT, OURS, Json, Scene, a_dead_owner, a_patch, a_secret
from tests.support.builders import a_holding, a_target, a_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hack.controlplane import ControlPlane
    from realtime_operator.core.token_secret import SecretContent

pytest_plugins = ["tests.support.fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("user")]

DENIED = "a ValidatingAdmissionPolicy refuses to let the operator"


@pytest.fixture
async def secrets(control_plane: ControlPlane) -> AsyncIterator[KubeSecrets]:
    """The operator's adapter with the fenced identity."""
    async with client_of(control_plane.identity(USER)) as client:
        yield KubeSecrets(client)


@pytest.fixture
def target(scene: Scene) -> Target:
    """The session concierge, which wants labels, annotations and names of its own, and would adopt."""
    session = ObjectRef("RealtimeSession", scene.namespace, "concierge", scene.concierge)
    return a_target(
        session=session,
        labels={"team": "voice"},
        annotations={"example.com/note": "hello"},
        keys={"token": "OPENAI_REALTIME_TOKEN"},
        adoptionPolicy="IfUnowned",
    )


def next_content(target: Target) -> SecretContent:
    """What the Secret holds after a rotation."""
    return content_of(target, a_holding(a_token("ek_next"), previous=a_token(), rotate="1"))


async def test_created_rotated_and_healed(secrets: KubeSecrets, scene: Scene, target: Target) -> None:
    """The first write, the next one, and the one after somebody removed label and annotation pass."""
    made = (
        await secrets.create(scene.namespace, create_manifest(target, content_of(target, a_holding())))
    ).stamp
    patch = merge_patch(next_content(target), stamp=made, stale=target.entry_names)
    rotated = await secrets.patch(scene.namespace, "concierge", patch)
    bare = {"metadata": {"labels": None, "annotations": None}}
    scene.admin("PATCH", scene.secret, bare, content_type="application/merge-patch+json")
    healed = await secrets.patch(scene.namespace, "concierge", patch)
    assert made.uid == rotated.uid == healed.uid
    read = await secrets.read(scene.namespace, "concierge")
    assert read is not None
    assert ownership(read, target) is Ownership.OURS
    assert read.data["OPENAI_REALTIME_TOKEN"] == "ek_next"


TAKEN: dict[str, Callable[[], Json]] = {
    "of a dead session of the same name": lambda: a_secret(a_dead_owner(), of="concierge"),
    "that an orphaning delete left": lambda: a_secret(of="concierge"),
    "whose owner consents": lambda: a_secret(labels=ADOPT),
}


@pytest.mark.parametrize("stored", TAKEN.values(), ids=TAKEN)
async def test_taken_over(
    secrets: KubeSecrets, scene: Scene, target: Target, stored: Callable[[], Json]
) -> None:
    """Each Secret that the core takes over may be taken over, and rotated afterwards."""
    scene.store(stored())
    seen = await secrets.read(scene.namespace, "concierge")
    assert seen is not None
    assert ownership(seen, target) is Ownership.TAKEOVER
    patch = takeover_patch(target, content_of(target, a_holding()), observed=seen, stale=target.entry_names)
    stamp = await secrets.patch(scene.namespace, "concierge", patch)
    await secrets.patch(
        scene.namespace,
        "concierge",
        merge_patch(next_content(target), stamp=stamp, stale=target.entry_names),
    )
    read = await secrets.read(scene.namespace, "concierge")
    assert read is not None
    assert ownership(read, target) is Ownership.OURS


FOREIGN: dict[str, Callable[[Scene], Json]] = {
    "nobody's": lambda _: a_secret(),
    "of another controller": lambda _: a_secret(a_dead_owner(kind="Widget"), labels=OURS),
    "of another session, with consent": lambda at: a_secret(at.session("bellboy"), labels=ADOPT),
    "an orphan of another session": lambda _: a_secret(of="bellboy"),
    "of a dead session of another name": lambda _: a_secret(a_dead_owner(name="bellboy"), of="concierge"),
}


@pytest.mark.parametrize("stored", FOREIGN.values(), ids=FOREIGN)
async def test_what_the_core_leaves_alone_the_policy_guards(
    secrets: KubeSecrets, scene: Scene, target: Target, stored: Callable[[Scene], Json]
) -> None:
    """Where the core sees a conflict, an operator that went on all the same is refused, and says by what."""
    scene.store(stored(scene))
    seen = await secrets.read(scene.namespace, "concierge")
    assert seen is not None
    with pytest.raises(SecretConflict):
        ownership(seen, target)
    patch = takeover_patch(target, content_of(target, a_holding()), observed=seen, stale=target.entry_names)
    with pytest.raises(ClusterForbidden, match=f"{DENIED} patch secrets in namespace {scene.namespace}"):
        await secrets.patch(scene.namespace, "concierge", patch)
    read = await secrets.read(scene.namespace, "concierge")
    assert read == seen


async def test_a_foreign_secret_is_not_read_by_an_empty_patch(secrets: KubeSecrets, scene: Scene) -> None:
    """Nor by one that carries the right uid."""
    uid = scene.store(a_secret())["metadata"]["uid"]
    for patch in ({}, {"metadata": {"uid": uid}}, a_patch()):
        with pytest.raises(ClusterForbidden, match=DENIED):
            await secrets.patch(scene.namespace, "concierge", patch)


async def test_a_secret_that_moved_is_still_told_from_a_forbidden_one(
    secrets: KubeSecrets, scene: Scene, target: Target
) -> None:
    """A taken name, a foreign uid and an absent Secret are what they were without the policy, so the operator observes again."""
    content = content_of(target, a_holding())
    stamp = (await secrets.create(scene.namespace, create_manifest(target, content))).stamp
    patch = merge_patch(content, stamp=stamp, stale=target.entry_names)
    with pytest.raises(SecretMoved):
        await secrets.create(scene.namespace, create_manifest(target, content))
    scene.admin("DELETE", scene.secret)
    with pytest.raises(SecretMoved):
        await secrets.patch(scene.namespace, "concierge", patch)
    scene.store(a_secret())
    with pytest.raises(SecretMoved):
        await secrets.patch(scene.namespace, "concierge", patch)
    with pytest.raises(SecretMoved):
        await secrets.create(scene.namespace, create_manifest(target, content))

"""What the operator's user may not do to Secrets, though RBAC allows it everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.policies.fence import APPLY, MERGE, Client, refused_by
from tests.policies.scene import (
    ADOPT,
    NEXT,
    OURS,
    PLANTED,
    Json,
    Scene,
    a_dead_owner,
    a_patch,
    a_secret,
    a_widget,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["tests.support.fixtures"]
pytestmark = pytest.mark.controlplane

POLICY = "realtime-operator-secrets"
EMPTY: Json = {}

FOREIGN = ("may not write it, nor read it by a patch", 'label it realtime-operator.io/adopt="true"')
NOBODY = ("only Secrets that a RealtimeSession controls", "Give it an owner reference")
OWNERS = ("changes owners only to take over", "leave metadata.ownerReferences as they are")
FORM = ("only Secrets of type Opaque that are not immutable", "choose another spec.secret.name")
NAMED = ("carries the label app.kubernetes.io/managed-by=realtime-operator", "Write both")
CONSENT = ("are for the Secret's owner to set", "Leave them as they are")


@dataclass(frozen=True)
class Patch:
    """A patch that is refused.

    Attributes:
        stored: makes the Secret that is there.
        patch: makes the patch.
        says: what the message says of the rule and of the remedy.
        query: of the request.
    """

    stored: Callable[[Scene], Json]
    patch: Callable[[Scene], Json]
    says: tuple[str, str]
    query: dict[str, str] = field(default_factory=dict)


def taking(**session: str) -> Callable[[Scene], Json]:
    """Make the patch that takes a Secret over for concierge, whose reference may be changed."""
    return lambda at: a_patch(owners=[at.session() | session])


def ours(at: Scene) -> Json:
    """The Secret of concierge, as the operator made it."""
    return a_secret(at.session(), of="concierge")


PATCHES = {
    "an empty patch reads nobody's Secret": Patch(lambda _: a_secret(), lambda _: EMPTY, FOREIGN),
    "nor does one that is only tried": Patch(
        lambda _: a_secret(), lambda _: EMPTY, FOREIGN, {"dryRun": "All"}
    ),
    "an empty patch reads no Secret of another controller": Patch(
        lambda _: a_secret(a_widget()), lambda _: EMPTY, FOREIGN
    ),
    "nor of a kind of our name in another group": Patch(
        lambda _: a_secret(
            a_widget(apiVersion="realtime-operator.io.example.com/v1", kind="RealtimeSession")
        ),
        lambda _: EMPTY,
        FOREIGN,
    ),
    "nor of another kind of our group": Patch(
        lambda _: a_secret(a_dead_owner(kind="RealtimeProvider"), of="concierge"), lambda _: EMPTY, FOREIGN
    ),
    "nor of a session that owns without control": Patch(
        lambda at: a_secret(at.session(controller=False)), lambda _: EMPTY, FOREIGN
    ),
    "consent is to be taken over, not to be read": Patch(
        lambda _: a_secret(labels=ADOPT), lambda _: EMPTY, NOBODY
    ),
    "nor may an orphan be read before it is taken over": Patch(
        lambda _: a_secret(of="concierge"), lambda _: EMPTY, NOBODY
    ),
    "nobody's Secret is not taken over": Patch(lambda _: a_secret(), taking(), FOREIGN),
    "consent of another value is none": Patch(
        lambda _: a_secret(labels={"realtime-operator.io/adopt": "yes"}), taking(), FOREIGN
    ),
    "consent cannot be brought along": Patch(
        lambda _: a_secret(), lambda at: a_patch(owners=[at.session()], labels=ADOPT), FOREIGN
    ),
    "consent does not count against a controller": Patch(
        lambda _: a_secret(a_widget(), labels=ADOPT), taking(), FOREIGN
    ),
    "consent does not count against a session": Patch(
        lambda at: a_secret(at.session("bellboy"), labels=ADOPT), taking(), OWNERS
    ),
    "adopted means owned by a session": Patch(
        lambda _: a_secret(labels=ADOPT), lambda _: a_patch(owners=[a_widget()]), NOBODY
    ),
    "adopted means owned by the session alone": Patch(
        lambda _: a_secret(labels=ADOPT),
        lambda at: a_patch(owners=[at.session(), a_widget(controller=False)]),
        OWNERS,
    ),
    "an orphan of another session": Patch(lambda _: a_secret(of="bellboy"), taking(), OWNERS),
    "an orphan without the label": Patch(
        lambda _: a_secret(of="concierge", labels=dict.fromkeys(OURS, "Helm")), taking(), FOREIGN
    ),
    "a dead session of another name": Patch(
        lambda _: a_secret(a_dead_owner(name="bellboy"), of="concierge"), taking(), OWNERS
    ),
    "a dead session whose Secret we did not write": Patch(
        lambda _: a_secret(a_dead_owner()), taking(), OWNERS
    ),
    "the owner is not swapped for another session": Patch(
        ours, lambda at: a_patch(owners=[at.session("bellboy")], of="bellboy"), OWNERS
    ),
    "nor given up": Patch(ours, lambda _: a_patch(owners=[]), NOBODY),
    "nor made a mere owner": Patch(ours, lambda at: a_patch(owners=[at.session(controller=False)]), NOBODY),
    "nor joined by another": Patch(
        ours, lambda at: a_patch(owners=[at.session(), a_widget(controller=False)]), OWNERS
    ),
    "nor rid of another owner": Patch(
        lambda at: a_secret(at.session(), a_dead_owner(name="other", controller=False), of="concierge"),
        taking(),
        OWNERS,
    ),
    "no other type is taken over": Patch(
        lambda _: a_secret(labels=ADOPT, type="example.com/other"), taking(), FORM
    ),
    "nor made immutable": Patch(ours, lambda _: a_patch() | {"immutable": True}, FORM),
    "the label stays": Patch(ours, lambda _: a_patch(labels=dict.fromkeys(OURS)), NAMED),
    "the annotation stays": Patch(
        ours, lambda _: a_patch(annotations={"realtime-operator.io/session": None}), NAMED
    ),
    "the annotation names the owner": Patch(ours, lambda _: a_patch(of="bellboy"), NAMED),
    "consent is not given by the operator": Patch(ours, lambda _: a_patch(labels=ADOPT), CONSENT),
    "nor as a provider's key": Patch(
        ours, lambda _: a_patch(labels={"realtime-operator.io/provider-key": "true"}), CONSENT
    ),
    "nor withdrawn": Patch(
        lambda at: a_secret(at.session(), of="concierge", labels=ADOPT),
        lambda _: a_patch(labels=dict.fromkeys(ADOPT)),
        CONSENT,
    ),
    "a finalizer": Patch(ours, lambda _: a_patch(finalizers=["example.com/hold"]), CONSENT),
}

CREATIONS: dict[str, tuple[Callable[[Scene], Json], tuple[str, str]]] = {
    "nobody's": (lambda _: a_secret(of="concierge"), NOBODY),
    "of another controller": (lambda _: a_secret(a_widget(), of="concierge"), NOBODY),
    "of a kind of our name in another group": (
        lambda at: a_secret(at.session(apiVersion="realtime-operator.io.example.com/v1"), of="concierge"),
        NOBODY,
    ),
    "of a session that owns without control": (
        lambda at: a_secret(at.session(controller=False), of="concierge"),
        NOBODY,
    ),
    "of two owners": (
        lambda at: a_secret(at.session(), at.session("bellboy", controller=False), of="concierge"),
        OWNERS,
    ),
    "of a type that is given a service account's token": (
        lambda at: a_secret(
            at.session(),
            of="concierge",
            type="kubernetes.io/service-account-token",
            metadata={
                "annotations": {
                    "kubernetes.io/service-account.name": "default",
                    "realtime-operator.io/session": "concierge",
                }
            },
        ),
        FORM,
    ),
    "immutable": (lambda at: a_secret(at.session(), of="concierge", immutable=True), FORM),
    "without label and annotation": (lambda at: a_secret(at.session()), NAMED),
    "annotated for another session": (lambda at: a_secret(at.session(), of="bellboy"), NAMED),
    "with consent": (lambda at: a_secret(at.session(), of="concierge", labels=ADOPT), CONSENT),
    "with a finalizer": (
        lambda at: a_secret(at.session(), of="concierge", metadata={"finalizers": ["example.com/hold"]}),
        CONSENT,
    ),
}


@pytest.mark.parametrize("case", PATCHES.values(), ids=PATCHES)
def test_a_patch_is_refused(user: Client, scene: Scene, case: Patch) -> None:
    """It changes nothing, shows nothing, and the refusal tells the Secret, the rule and the remedy."""
    before = scene.store(case.stored(scene))
    answer = user("PATCH", scene.secret, case.patch(scene), content_type=MERGE, query=case.query)
    assert refused_by(answer, POLICY), answer.text
    assert all(part in answer.message for part in case.says), answer.message
    assert answer.message.startswith('secrets "concierge" is forbidden')
    assert PLANTED not in answer.text
    assert NEXT not in answer.text
    assert scene.stored().document == before


@pytest.mark.parametrize(("secret", "says"), CREATIONS.values(), ids=CREATIONS)
def test_a_creation_is_refused(
    user: Client, scene: Scene, secret: Callable[[Scene], Json], says: tuple[str, str]
) -> None:
    """No Secret is made, neither by create nor by apply."""
    body = secret(scene)
    for answer in (
        user("POST", scene.secrets, body),
        user("PATCH", scene.secret, body, content_type=APPLY, query={"fieldManager": "test"}),
    ):
        assert refused_by(answer, POLICY), answer.text
        assert all(part in answer.message for part in says), answer.message
        assert PLANTED not in answer.text
    assert scene.stored().status == 404


def test_a_foreign_secret_is_neither_applied_to_nor_replaced(user: Client, scene: Scene) -> None:
    """Server-side apply, which merges into foreign Secrets silently, is stopped, forced too, and so is an update."""
    before = scene.store(a_secret())
    wanted = a_secret(scene.session(), of="concierge", data={"other": NEXT})
    apply = {"fieldManager": "test"}
    for answer in (
        user("PATCH", scene.secret, wanted, content_type=APPLY, query=apply),
        user("PATCH", scene.secret, wanted, content_type=APPLY, query=apply | {"force": "true"}),
        user("PUT", scene.secret, wanted),
    ):
        assert refused_by(answer, POLICY), answer.text
        assert PLANTED not in answer.text
    assert scene.stored().document == before


@pytest.mark.parametrize("stored", [ours, lambda _: a_secret()], ids=["ours", "foreign"])
def test_no_secret_is_deleted(user: Client, scene: Scene, stored: Callable[[Scene], Json]) -> None:
    """Not one by name and not all at once; the refusal says how a Secret goes."""
    before = scene.store(stored(scene))
    for path in (scene.secret, scene.secrets):
        answer = user("DELETE", path)
        assert refused_by(answer, POLICY), answer.text
        assert "deletes no Secret. Delete its RealtimeSession" in answer.message
    assert scene.stored().document == before

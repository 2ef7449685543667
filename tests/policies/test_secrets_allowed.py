"""What the operator's user may do to Secrets, and that nobody else is concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.policies.fence import APPLY, MERGE, Client
from tests.policies.scene import (
    ADOPT,
    NEXT,
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

Made = dict[str, tuple["Callable[[Scene], Json]", "Callable[[Scene], Json]"]]

PATCHES: Made = {
    "a rotation": (lambda at: a_secret(at.session(), of="concierge"), lambda _: a_patch()),
    "a rotation of another session's": (
        lambda at: a_secret(at.session("bellboy"), of="bellboy"),
        lambda _: a_patch(of="bellboy"),
    ),
    "a rotation where somebody added an owner and a finalizer": (
        lambda at: a_secret(
            at.session(),
            a_dead_owner(name="other", controller=False),
            of="concierge",
            metadata={"finalizers": ["example.com/hold"]},
        ),
        lambda _: a_patch(),
    ),
    "healing of label and annotation": (lambda at: a_secret(at.session()), lambda _: a_patch()),
    "a takeover from a dead session": (
        lambda _: a_secret(a_dead_owner(), of="concierge"),
        lambda at: a_patch(owners=[at.session()]),
    ),
    "a takeover of an orphan": (
        lambda _: a_secret(of="concierge"),
        lambda at: a_patch(owners=[at.session()]),
    ),
    "an adoption": (lambda _: a_secret(labels=ADOPT), lambda at: a_patch(owners=[at.session()])),
    "an adoption of what the operator once wrote for another session": (
        lambda _: a_secret(of="bellboy", labels=ADOPT),
        lambda at: a_patch(owners=[at.session()]),
    ),
    "an adoption where somebody owns without control": (
        lambda _: a_secret(a_widget(controller=False), labels=ADOPT),
        lambda at: a_patch(owners=[at.session()]),
    ),
}


@pytest.mark.parametrize(("stored", "patch"), PATCHES.values(), ids=PATCHES)
def test_a_patch_is_allowed(
    user: Client,
    scene: Scene,
    stored: Callable[[Scene], Json],
    patch: Callable[[Scene], Json],
) -> None:
    """It is written, and consent and finalizers that were there stay."""
    before = scene.store(stored(scene))
    answer = user("PATCH", scene.secret, patch(scene), content_type=MERGE)
    assert answer.status == 200, answer.text
    after = scene.stored().document
    assert after["data"] == {"token": NEXT}
    assert after["metadata"].get("finalizers") == before["metadata"].get("finalizers")
    assert before["metadata"].get("labels", {}).items() <= after["metadata"]["labels"].items()
    if after["metadata"].get("finalizers"):
        scene.admin("PATCH", scene.secret, {"metadata": {"finalizers": None}}, content_type=MERGE)


def test_a_secret_of_a_session_is_created_changed_and_read_in_every_way(user: Client, scene: Scene) -> None:
    """Create, an empty patch, apply and update of a session's own Secret pass."""
    wanted = a_secret(scene.session(), of="concierge")
    apply = {"fieldManager": "test", "force": "true"}
    assert user("POST", scene.secrets, wanted).status == 201
    read = user("PATCH", scene.secret, {}, content_type=MERGE)
    assert (read.status, read.document["data"]) == (200, {"token": PLANTED})
    assert user("PATCH", scene.secret, wanted, content_type=APPLY, query=apply).status == 200
    assert user("PUT", scene.secret, wanted | {"data": {"token": NEXT}}).status == 200
    assert scene.stored().document["data"] == {"token": NEXT}


def test_others_are_not_concerned(user: Client, admin: Client, scene: Scene) -> None:
    """What is refused to the operator's user is allowed to another."""
    scene.store(a_secret())
    refused = user("PATCH", scene.secret, {}, content_type=MERGE)
    assert refused.status == 403
    for method, body in (("PATCH", {}), ("DELETE", None)):
        assert admin(method, scene.secret, body, content_type=MERGE).status == 200

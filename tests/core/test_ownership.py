"""Whose a Secret is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from realtime_operator.api import group
from realtime_operator.core.errors import SecretConflict
from realtime_operator.core.ownership import Ownership, ownership
from realtime_operator.core.secret_view import observed_secret
from tests.support.builders import UID, a_target

OURS = {
    "apiVersion": group.API_VERSION,
    "kind": "RealtimeSession",
    "name": "concierge",
    "uid": UID,
    "controller": True,
}
DEAD = OURS | {"uid": "dead"}
MANAGED = {group.LABEL_MANAGED_BY: group.MANAGED_BY}
NAMED = {group.ANNOTATION_SESSION: "concierge"}
ADOPT = {group.LABEL_ADOPT: "true"}
CONFLICT, UNUSABLE = "SecretConflict", "SecretUnusable"


@dataclass(frozen=True)
class Case:
    """A Secret that was found, and what may be done with it: a verdict, or the reason of a conflict."""

    says: str
    then: Ownership | str
    owners: tuple[dict[str, Any], ...] = ()
    labels: dict[str, str] | None = None
    notes: dict[str, str] | None = None
    policy: str = "Never"
    form: dict[str, Any] | None = None


CASES = [
    Case("controlled by us", Ownership.OURS, (OURS,)),
    Case("controlled by us, without our labels", Ownership.OURS, (OURS,), {}, {}),
    Case("of a later version of our group", Ownership.OURS, (OURS | {"apiVersion": f"{group.GROUP}/v2"},)),
    Case("of a dead session of our name", Ownership.TAKEOVER, (DEAD,), MANAGED, NAMED),
    Case("of such a one, by an older version", Ownership.TAKEOVER, (DEAD | {"apiVersion": f"{group.GROUP}/v0"},), MANAGED, NAMED),
    Case("it says so, but lacks the label", CONFLICT, (DEAD,), {}, NAMED),
    Case("it says so, but for another session", CONFLICT, (DEAD,), MANAGED, {group.ANNOTATION_SESSION: "x"}),
    Case("of a session of another name", CONFLICT, (DEAD | {"name": "other"},), MANAGED, NAMED),
    Case("of another kind of our name", CONFLICT, (DEAD | {"kind": "Deployment"},), MANAGED, NAMED),
    Case("of a kind of our name in another group", CONFLICT, (DEAD | {"apiVersion": "x.io/v1"},), MANAGED, NAMED),
    Case("orphaned, and once ours", Ownership.TAKEOVER, (), MANAGED, NAMED),
    Case("orphaned, and once another's", CONFLICT, (), MANAGED, {group.ANNOTATION_SESSION: "other"}),
    Case("nobody's", CONFLICT),
    Case("nobody's, with the label alone", CONFLICT, (), ADOPT),
    Case("nobody's, with the policy alone", CONFLICT, policy="IfUnowned"),
    Case("nobody's, with the label and the policy", Ownership.TAKEOVER, (), ADOPT, policy="IfUnowned"),
    Case("nobody's, with a label that says no", CONFLICT, (), {group.LABEL_ADOPT: "false"}, policy="IfUnowned"),
    Case("another controller's, with label and policy", CONFLICT, (DEAD | {"kind": "Deployment"},), ADOPT, policy="IfUnowned"),
    Case("somebody's who does not control it, with label and policy", CONFLICT, (DEAD | {"controller": False},), ADOPT, policy="IfUnowned"),
    Case("ours, but immutable", UNUSABLE, (OURS,), form={"immutable": True}),
    Case("ours, but of another type", UNUSABLE, (OURS,), form={"type": "kubernetes.io/tls"}),
    Case("consented to, but immutable", UNUSABLE, (), ADOPT, policy="IfUnowned", form={"immutable": True}),
    Case("another's, and immutable: that it is another's matters more", CONFLICT, form={"immutable": True}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_what_may_be_done_with_a_secret(case: Case) -> None:
    """Ours, ours again, ours for the taking, or somebody else's."""
    metadata = {
        "uid": "u",
        "resourceVersion": "1",
        "ownerReferences": list(case.owners),
        "labels": case.labels,
        "annotations": case.notes,
    }
    seen = observed_secret({"metadata": metadata, "data": None} | (case.form or {}))
    target = a_target(adoptionPolicy=case.policy)
    if isinstance(case.then, Ownership):
        assert ownership(seen, target) is case.then
        return
    with pytest.raises(SecretConflict) as caught:
        ownership(seen, target)
    assert caught.value.reason == case.then
    assert str(caught.value).startswith("Secret concierge ")
    assert "delete it" in str(caught.value)


def test_values_that_are_no_text_are_left_out() -> None:
    """A binary entry of somebody else does not keep the rest from being read."""
    raw = {
        "metadata": {"uid": "u", "resourceVersion": "1"},
        "data": {"a": "eA==", "b": "/w==", "c": "not base64!"},
    }
    seen = observed_secret(raw)
    assert (seen.data, seen.type, seen.immutable, seen.owned) == ({"a": "x"}, "Opaque", False, False)

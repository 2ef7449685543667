"""What the operator's user may do to pods, though RBAC allows it everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from realtime_operator.core.pod_view import told_again
from tests.policies.fence import MERGE, refused_by
from tests.policies.pod_requests import (
    AS_ANOTHER,
    CHANGES,
    ID,
    NEXT_ID,
    ONLY,
    REQUESTS,
    TOKEN_ID,
    Pods,
    Request,
    patch,
)

if TYPE_CHECKING:
    from tests.policies.fence import Client

pytest_plugins = ["tests.support.fixtures"]
pytestmark = pytest.mark.controlplane

POLICY = "realtime-operator-pods"


@pytest.fixture
def pods(admin: Client, namespace: str) -> Pods:
    """A namespace with a pod that carries labels and annotations."""
    return Pods.prepared(admin, namespace)


@pytest.mark.parametrize(
    "annotations",
    [
        {TOKEN_ID: NEXT_ID},
        {TOKEN_ID: ID},
        {TOKEN_ID: told_again(ID, 2)},
        {TOKEN_ID: told_again(ID, 3)},
        {TOKEN_ID: None},
    ],
    ids=["change", "same", "second list", "third list", "remove"],
)
def test_the_one_annotation_may_change(user: Client, pods: Pods, annotations: dict[str, str | None]) -> None:
    """The patch of the operator passes, and changes that annotation alone."""
    before = pods.stored()
    answer = user("PATCH", pods.reader, {"metadata": {"annotations": annotations}}, content_type=MERGE)
    assert answer.status == 200, answer.text
    after = pods.stored()
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"].get(TOKEN_ID) == annotations[TOKEN_ID]
    assert after["metadata"]["annotations"]["team"] == "voice"


def test_a_pod_without_any_annotation_gets_the_one(user: Client, pods: Pods) -> None:
    """It is added where there was none."""
    pods.admin("PATCH", pods.reader, {"metadata": {"annotations": None}}, content_type=MERGE)
    assert user("PATCH", pods.reader, patch(), content_type=MERGE).status == 200
    assert pods.stored()["metadata"]["annotations"] == {TOKEN_ID: NEXT_ID}


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_any_other_change_is_refused(
    user: Client, pods: Pods, change: dict[str, Any], says: tuple[str, str]
) -> None:
    """It changes nothing, and the refusal tells the pod, the rule and the remedy."""
    before = pods.stored()
    answer = user("PATCH", pods.reader, change, content_type=MERGE)
    assert refused_by(answer, POLICY), answer.text
    assert answer.message.startswith('pods "reader" is forbidden')
    assert all(part in answer.message for part in says), answer.message
    assert pods.stored() == before


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_any_other_request_is_refused(user: Client, pods: Pods, request_: Request) -> None:
    """By every door; and the refusal tells the rule and the remedy."""
    before = pods.stored()
    answer = request_.send(user, pods)
    assert refused_by(answer, POLICY), answer.text
    assert ONLY in answer.message
    assert AS_ANOTHER in answer.message
    assert pods.stored() == before


def test_others_are_not_concerned(admin: Client, pods: Pods) -> None:
    """What is refused to the operator's user is allowed to another."""
    assert admin("PATCH", pods.reader, patch({"labels": {"app": "other"}}), content_type=MERGE).status == 200
    assert admin("DELETE", pods.reader).status == 200

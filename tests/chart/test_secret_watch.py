"""The feature `secretWatch.enabled`: a flag and two rights that come and go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chart.chart import RELEASE, flags_of, of_kind, one, rendered
from tests.support.audit import granted_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chart.chart import Json
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]

ON: Json = {"secretWatch": {"enabled": True}}
FLAG, ROLE, SERVED = "--watch-secrets", f"{RELEASE}-secret-watch", "hotel"
BOTH = {("", "secrets", "list"), ("", "secrets", "watch")}


def roles_that_list_secrets(documents: Iterable[Json]) -> list[Json]:
    """Each role that grants to see more than one Secret at a time."""
    roles = [it for it in documents if it["kind"] in {"Role", "ClusterRole"}]
    return [it for it in roles if BOTH & granted_by(it["rules"])]


@pytest.mark.parametrize(
    "values", [{}, {"podAnnotation": {"enabled": True}}, {"scope": {"namespaces": [SERVED]}}]
)
def test_off_no_secret_can_be_listed(helm: Command, values: Json) -> None:
    """By default there is neither right nor flag."""
    documents = rendered(helm, values)
    assert roles_that_list_secrets(documents) == []
    assert FLAG not in flags_of(documents)


def test_on_in_the_whole_cluster(helm: Command) -> None:
    """A role of its own grants the two, to the operator's account."""
    documents = rendered(helm, ON)
    (role,) = roles_that_list_secrets(documents)
    assert (role["kind"], role["metadata"]["name"], granted_by(role["rules"])) == ("ClusterRole", ROLE, BOTH)
    bound = one(documents, "ClusterRoleBinding", ROLE)
    assert bound["roleRef"]["name"] == ROLE
    assert bound["subjects"] == one(documents, "ClusterRoleBinding", RELEASE)["subjects"]
    assert FLAG in flags_of(documents)


def test_on_in_some_namespaces(helm: Command) -> None:
    """The same in each of them and nowhere else."""
    documents = rendered(helm, ON | {"scope": {"namespaces": [SERVED, "bar"]}})
    assert [granted_by(it["rules"]) for it in roles_that_list_secrets(documents)] == [BOTH] * 2
    for kind in ("Role", "RoleBinding"):
        assert [it["metadata"]["namespace"] for it in of_kind(documents, kind, ROLE)] == [SERVED, "bar"]

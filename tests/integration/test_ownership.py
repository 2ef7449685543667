"""Whose a Secret is, and what becomes of it with its session."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import kubernetes
import pytest

from tests.integration.stage import COLLECTED, ROTATE
from tests.support.operator import wait_for

if TYPE_CHECKING:
    from tests.integration.stage import Stage
    from tests.support.operator import RunningOperator

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]

LATENCY = 4.0
"""Seconds of a mint during which its session is deleted, on a busy machine too."""


def test_a_deleted_session_takes_its_secret_and_its_series_along(
    stage: Stage, operator: RunningOperator
) -> None:
    """Soon after the session nothing of it is left: no Secret, no metric."""
    stage.ready_to_mint()
    stage.add("leaving")
    stage.ready("leaving")
    series = f'{{namespace="{stage.namespace}",name="leaving"}}'
    wait_for(lambda: operator.metrics().count(series) == 3, "the series are there")
    stage.delete("leaving")
    wait_for(lambda: stage.secret("leaving") is None, "the Secret is gone", within=COLLECTED)
    wait_for(lambda: series not in operator.metrics(), "the series are gone")


def test_a_session_that_is_deleted_while_it_mints_leaves_no_secret(stage: Stage) -> None:
    """A token that comes too late is written nowhere."""
    stage.ready_to_mint()
    before = stage.core.list_namespaced_secret(stage.namespace).metadata.resource_version
    stage.provider.set(latency=LATENCY)
    stage.add("short-lived")
    wait_for(lambda: stage.requests("short-lived"), "the mint is under way")
    stage.delete("short-lived")
    stage.minted("short-lived", 1)
    stage.provider.set(latency=0.0)
    stage.add("other")
    stage.ready("other")
    assert secrets_since(stage, before) == {"other"}


def secrets_since(stage: Stage, version: str) -> set[str]:
    """Names of all Secrets that were there since then, be it for a moment.

    Raises:
        TimeoutError: the watch did not come to what was created last.
    """
    stage.core.create_namespaced_secret(stage.namespace, {"metadata": {"name": "last"}})
    listing = stage.core.list_namespaced_secret
    watch: Any = kubernetes.watch
    changes = watch.Watch().stream(listing, stage.namespace, resource_version=version, timeout_seconds=30)
    names: set[str] = set()
    for change in changes:
        if change["object"].metadata.name == "last":
            return names
        names.add(change["object"].metadata.name)
    raise TimeoutError("the watch did not tell of all Secrets")


def test_of_two_sessions_that_name_one_secret_the_older_keeps_it(stage: Stage) -> None:
    """The younger one says whose the Secret is and what helps, mints nothing, and takes over once the older has gone."""
    stage.ready_to_mint()
    stage.add("older", secret={"name": "shared"})
    stage.ready("older")
    created = stage.get("older")["metadata"]["creationTimestamp"]
    stage.add("younger", secret={"name": "shared"})
    message = stage.condition("younger", "Stalled", "True", "SecretConflict")["message"]
    assert "belongs to the older session older" in message
    assert "delete one of the two sessions" in message
    assert not stage.requests("younger")
    assert stage.status("older")["rotations"] == 0
    assert created <= stage.get("younger")["metadata"]["creationTimestamp"]
    stage.delete("older")
    stage.ready("younger", within=COLLECTED + 10)
    (owner,) = stage.secret("shared").metadata.owner_references
    assert owner.name == "younger"


def test_of_two_sessions_of_the_same_second_one_is_served(stage: Stage) -> None:
    """Who has the Secret keeps it and goes on rotating it, whatever the order of the names says; the other one says so."""
    stage.ready_to_mint()
    wait_for(lambda: time.time() % 1 < 0.3, "a second has just begun")
    stage.add("zulu", secret={"name": "shared"})
    wait_for(lambda: stage.entries("shared"), "the first has the Secret")
    stage.add("alpha", secret={"name": "shared"})
    stage.condition("alpha", "Stalled", "True", "SecretConflict")
    token = stage.entries("shared")["token"]
    stage.annotate("zulu", {ROTATE: "1"})
    stage.token_after("shared", token)
    stage.ready("zulu")


def test_a_foreign_secret_is_never_touched(stage: Stage) -> None:
    """A Secret that was there before stays as it is; the session says so, and nothing is minted for it."""
    stage.ready_to_mint()
    stage.core.create_namespaced_secret(
        stage.namespace, {"metadata": {"name": "theirs"}, "stringData": {"token": "of another"}}
    )
    before = stage.secret("theirs").metadata.resource_version
    stage.add("theirs")
    message = stage.condition("theirs", "Stalled", "True", "SecretConflict")["message"]
    assert "Secret theirs exists and is not this session's" in message
    assert stage.secret("theirs").metadata.resource_version == before
    assert not stage.requests("theirs")

"""The manifests as files: where the user's name stands, and that they can be applied again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.policies.fence import DEFAULT_USER, FENCES, POLICIES, Client, copies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]

ADVICE = POLICIES / "advice.yaml"


def documents(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The policy and its binding."""
    policy, binding = yaml.safe_load_all(file.read_text())
    return policy, binding


def test_every_policy_refuses_or_warns() -> None:
    """Who adds a policy says here which of the two it does."""
    assert sorted(POLICIES.glob("*.yaml")) == sorted([*FENCES, ADVICE])


@pytest.mark.parametrize("file", FENCES, ids=lambda file: file.stem)
def test_the_user_is_named_in_one_place(file: Path) -> None:
    """Who installs the operator elsewhere changes one line, and the comment above it says which."""
    text = file.read_text()
    policy, _ = documents(file)
    (condition,) = policy["spec"]["matchConditions"]
    assert text.count(DEFAULT_USER) == 1
    assert condition["expression"] == f"request.userInfo.username == '{DEFAULT_USER}'"
    assert "TO CHANGE when the operator runs in another namespace" in text


def test_advice_never_refuses() -> None:
    """Its bindings warn and do nothing else, and an error in it is nobody's trouble."""
    documents_of_it = list(yaml.safe_load_all(ADVICE.read_text()))
    assert [one["kind"].removeprefix("ValidatingAdmissionPolicy") for one in documents_of_it] == [
        "",
        "Binding",
    ] * 2
    for policy, binding in zip(documents_of_it[::2], documents_of_it[1::2], strict=True):
        assert policy["spec"]["failurePolicy"] == "Ignore"
        assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Warn"]}


@pytest.mark.parametrize("file", FENCES, ids=lambda file: file.stem)
def test_what_cannot_be_judged_is_refused(file: Path) -> None:
    """The policy denies, everywhere, and an error in it denies too."""
    policy, binding = documents(file)
    assert policy["spec"]["failurePolicy"] == "Fail"
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}


@pytest.mark.controlplane
@pytest.mark.parametrize("file", FENCES, ids=lambda file: file.stem)
def test_applied_again_nothing_changes(user: Client, kubectl: Command, file: Path) -> None:
    """A second apply finds nothing to do, so no tool that compares sees a drift."""
    assert user.user
    said = kubectl("apply", "-f", "-", stdin=copies(file)).stdout.splitlines()
    assert len(said) == 2
    assert all(line.endswith(" unchanged") for line in said), said

"""Label selectors choose as Kubernetes chooses."""

from __future__ import annotations

from typing import Any

import pytest

from realtime_operator.api.selector import LabelSelector

LABELS = {"voice": "true", "tier": "gold"}


def requirement(key: str, operator: str, *values: str) -> dict[str, Any]:
    """Return a selector with one requirement."""
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        pytest.param({}, True, id="an empty selector chooses everything"),
        pytest.param({"matchLabels": {"voice": "true"}}, True, id="an equal label is chosen"),
        pytest.param({"matchLabels": {"voice": "false"}}, False, id="another value is not chosen"),
        pytest.param({"matchLabels": {"other": "true"}}, False, id="a missing label is not chosen"),
        pytest.param(requirement("tier", "In", "gold", "silver"), True, id="In finds a listed value"),
        pytest.param(requirement("tier", "In", "silver"), False, id="In refuses another value"),
        pytest.param(requirement("other", "In", "gold"), False, id="In refuses a missing label"),
        pytest.param(requirement("tier", "NotIn", "gold"), False, id="NotIn refuses a listed value"),
        pytest.param(requirement("other", "NotIn", "gold"), True, id="NotIn holds for a missing label"),
        pytest.param(requirement("tier", "Exists"), True, id="Exists finds the label"),
        pytest.param(requirement("other", "Exists"), False, id="Exists refuses a missing label"),
        pytest.param(requirement("other", "DoesNotExist"), True, id="DoesNotExist holds for a missing label"),
        pytest.param(requirement("tier", "DoesNotExist"), False, id="DoesNotExist refuses the label"),
        pytest.param(
            {"matchLabels": {"voice": "true"}} | requirement("tier", "In", "silver"),
            False,
            id="every requirement must be met",
        ),
    ],
)
def test_selector(selector: dict[str, Any], chosen: bool) -> None:  # noqa: FBT001 - a case's verdict
    """The selector of each case chooses the labels or does not."""
    assert LabelSelector.model_validate(selector).matches(LABELS) is chosen


@pytest.mark.parametrize(
    ("selector", "query"),
    [
        pytest.param({}, "", id="an empty selector"),
        pytest.param({"matchLabels": {"voice": "true", "tier": "gold"}}, "voice=true,tier=gold", id="labels"),
        pytest.param(requirement("tier", "In", "gold", "silver"), "tier in (gold,silver)", id="In"),
        pytest.param(requirement("tier", "NotIn", "gold"), "tier notin (gold)", id="NotIn"),
        pytest.param(requirement("tier", "Exists"), "tier", id="Exists"),
        pytest.param(requirement("tier", "DoesNotExist"), "!tier", id="DoesNotExist"),
        pytest.param(
            {"matchLabels": {"voice": "true"}} | requirement("tier", "Exists"), "voice=true,tier", id="both"
        ),
    ],
)
def test_a_selector_as_requests_have_it(selector: dict[str, Any], query: str) -> None:
    """What the API server takes as labelSelector."""
    assert LabelSelector.model_validate(selector).query() == query

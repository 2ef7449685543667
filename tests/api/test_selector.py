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

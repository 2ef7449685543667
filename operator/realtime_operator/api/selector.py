"""Label selectors, as Kubernetes writes and reads them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field

from realtime_operator.api.model import ApiModel
from realtime_operator.api.rules import LABEL_VALUE, QUALIFIED_NAME, SET, checked, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL_NAMES: Final = rule(
    f"self.all(k, k.matches('{QUALIFIED_NAME}'))", "a label's name must be one that Kubernetes accepts"
)
LabelValue = Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]


class SelectorOperator(StrEnum):
    """How a requirement compares a label with its values."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelRequirement(ApiModel):
    """One requirement on one label."""

    model_config = ConfigDict(
        json_schema_extra=checked(
            rule(
                "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
                "In and NotIn need values; Exists and DoesNotExist take none",
                field_path=".values",
            )
        )
    )

    key: str = Field(min_length=1, max_length=317, pattern=QUALIFIED_NAME, description="The label's name.")
    operator: SelectorOperator = Field(description="In, NotIn, Exists or DoesNotExist.")
    values: tuple[LabelValue, ...] = Field(
        default=(),
        max_length=64,
        description="The values to compare with, for In and NotIn.",
        json_schema_extra={**SET},
    )

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet the requirement; a missing label is in no set, so NotIn holds for it."""
        match self.operator:
            case SelectorOperator.IN:
                return labels.get(self.key) in self.values
            case SelectorOperator.NOT_IN:
                return labels.get(self.key) not in self.values
            case SelectorOperator.EXISTS:
                return self.key in labels
            case SelectorOperator.DOES_NOT_EXIST:
                return self.key not in labels

    def query(self) -> str:
        """Write it as a part of the ``labelSelector`` of a request."""
        match self.operator:
            case SelectorOperator.IN:
                return f"{self.key} in ({','.join(self.values)})"
            case SelectorOperator.NOT_IN:
                return f"{self.key} notin ({','.join(self.values)})"
            case SelectorOperator.EXISTS:
                return self.key
            case SelectorOperator.DOES_NOT_EXIST:
                return f"!{self.key}"


class LabelSelector(ApiModel):
    """A choice by labels; an empty one chooses everything."""

    model_config = ConfigDict(json_schema_extra={"x-kubernetes-map-type": "atomic"})

    match_labels: dict[str, LabelValue] = Field(
        default_factory=dict,
        max_length=32,
        description="Labels that must be there with exactly these values.",
        json_schema_extra=checked(LABEL_NAMES),
    )
    match_expressions: tuple[LabelRequirement, ...] = Field(
        default=(),
        max_length=32,
        description="Further requirements; all of them must be met.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet every requirement."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )

    def query(self) -> str:
        """Write it as the ``labelSelector`` of a request; empty for one that chooses everything."""
        equal = [f"{key}={value}" for key, value in self.match_labels.items()]
        return ",".join(equal + [requirement.query() for requirement in self.match_expressions])

"""The status of a provider: whether its key is at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realtime_operator.api.conditions import ConditionType
from realtime_operator.core.dated_condition import Verdict, dated_condition
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.reasons import Reason


def provider_status(
    *, generation: int, trouble: ProviderNotReady | None, before: Mapping[str, Any], now: float
) -> dict[str, Any]:
    """The status document of a provider; ``trouble`` is what keeps it from being used, or None."""
    last = next((c for c in before.get("conditions") or () if c["type"] == ConditionType.READY), None)
    if trouble is None:
        verdict = Verdict(ConditionType.READY, "True", Reason.KEY_READY, "The provider key is at hand.")
    else:
        verdict = Verdict(ConditionType.READY, "False", trouble.reason, str(trouble))
    condition = dated_condition(verdict, last, generation=generation, now=now)
    return {"observedGeneration": generation, "conditions": [condition]}

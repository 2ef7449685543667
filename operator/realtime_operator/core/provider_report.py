"""The status of a provider: whether its key is at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realtime_operator.api.conditions import ConditionType
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.reasons import Reason
from realtime_operator.core.timestamps import to_rfc3339


def provider_status(
    *, generation: int, trouble: ProviderNotReady | None, before: Mapping[str, Any], now: float
) -> dict[str, Any]:
    """The status document of a provider; ``trouble`` is what keeps it from being used, or None."""
    status = "True" if trouble is None else "False"
    last = next((c for c in before.get("conditions") or () if c["type"] == ConditionType.READY), None)
    since = last["lastTransitionTime"] if last is not None and last["status"] == status else to_rfc3339(now)
    condition = {
        "type": ConditionType.READY.value,
        "status": status,
        "reason": str(Reason.KEY_READY if trouble is None else trouble.reason),
        "message": "The provider key is at hand." if trouble is None else str(trouble),
        "lastTransitionTime": since,
        "observedGeneration": generation,
    }
    return {"observedGeneration": generation, "conditions": [condition]}

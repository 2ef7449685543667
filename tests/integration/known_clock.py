"""The operator made to know a provider's clock, before an observer counts in seconds when it rotates.

What the operator does not know of the clock it adds to the lead. A machine that is busy answers its first mints late, and tokens
of ten seconds are then rotated earlier than an observer allows for that knows the clock to a second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.integration.stage import ROTATE
from tests.support.operator import wait_for

if TYPE_CHECKING:
    from tests.integration.stage import Stage
    from tests.support.operator import Running

KNOWN_S = 1.3
"""An answer's Date has whole seconds, and a quick answer adds little."""

CLOCKWORK = "clockwork"
SERIES = "realtime_operator_provider_clock_uncertainty_seconds"


def get_to_know_the_clock(stage: Stage, running: Running) -> None:
    """Have one session minted again and again, until the clock of the stage's provider is known to `KNOWN_S`."""
    stage.add(CLOCKWORK)
    stage.ready(CLOCKWORK)
    token = stage.entries(CLOCKWORK)["token"]

    def known() -> bool:
        nonlocal token
        if _uncertainty(stage, running) <= KNOWN_S:
            return True
        stage.annotate(CLOCKWORK, {ROTATE: token[-8:]})
        token = stage.token_after(CLOCKWORK, token)["token"]
        return False

    wait_for(known, "the provider's clock is known", within=60)


def _uncertainty(stage: Stage, running: Running) -> float:
    labels = f'kind="RealtimeProvider",namespace="{stage.namespace}",name="default"'
    found = re.search(rf"^{SERIES}\{{{labels}\}} (\S+)$", running.metrics(), re.MULTILINE)
    return float(found[1]) if found else float("inf")

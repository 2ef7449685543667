"""How it stands with one provider, for its status and its metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass

from realtime_operator.core.errors import ProviderDown


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known at one moment; times are local.

    Attributes:
        down: what it is in trouble with, so that only probes are sent; None while anybody may ask.
        paused_until: nothing is sent before this.
        narrowed: requests a minute that its 429s leave; None where they narrow nothing.
        per_minute: requests a minute at most, for whatever reason; None for any number.
    """

    down: ProviderDown | None = None
    paused_until: float = -math.inf
    narrowed: float | None = None
    per_minute: float | None = None

"""The rule of rotation as the observer knows it.

Written anew from its definition, so that a wrong operator meets a second opinion. ``P`` = propagation + clock
uncertainty. Rotation begins when ``min(max(P + reserve, L/3), 0.8 L)`` of the life ``L`` is left, or ``L/2``
where ``P > 0.8 L``; it may begin earlier by up to 5 % of ``L``.
"""

from __future__ import annotations

from typing import Final

PROPAGATION_S: Final = {"Kubelet": 90.0, "PodAnnotation": 5.0, "None": 2.0}
"""Seconds from a Secret's write until its readers see it, by the name of the way of delivery."""

CLOCK_S: Final = 1.0
"""The least that nobody can know better about the provider's clock: its Date header has whole seconds."""

SPREAD_SHARE: Final = 0.05
"""How much earlier, as a share of the life, one session may rotate so that not all do so at once."""

LENIENCE_S: Final = 2.0
"""What is allowed on top: a coarse tick, a clock known less well than ``CLOCK_S``, the mint's own duration."""


def life_left_asked(lifetime: float, propagation: str) -> float:
    """Seconds of life that are left when rotation begins, before the spread.

    Args:
        lifetime: the token's life in seconds.
        propagation: a name of ``PROPAGATION_S``; an unknown one counts as the slowest, which asks for most.
    """
    covered = PROPAGATION_S.get(propagation, PROPAGATION_S["Kubelet"]) + CLOCK_S
    if covered > 0.8 * lifetime:
        return lifetime / 2
    reserve = min(max(0.2 * lifetime, 2.0), 60.0)
    return min(max(covered + reserve, lifetime / 3), 0.8 * lifetime)


def undue_above(lifetime: float, propagation: str) -> float:
    """Seconds of life left above which replacing a token was not due."""
    return life_left_asked(lifetime, propagation) + SPREAD_SHARE * lifetime + LENIENCE_S

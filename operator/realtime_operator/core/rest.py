"""What a session at rest rests upon: the pass that found nothing left to do need not be made again while it is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.token_secret import Holding
from realtime_operator.core.value_type import value_type

if TYPE_CHECKING:
    from realtime_operator.core.session_memory import SessionMemory, Wanted


@value_type(frozen=True, slots=True)
class Rest:
    """What a pass found that left nothing to do: while all of it is the same, only the Secret has to be looked at.

    Attributes:
        wanted: what was asked for.
        holding: the token that answers it.
        view: the provider that it is from.
    """

    wanted: Wanted
    holding: Holding
    view: ProviderView


def is_at_rest(memory: SessionMemory, *, horizon: float) -> bool:
    """Whether nothing was heard since the pass that left nothing to do, and nothing is due by the local time ``horizon``."""
    rest = memory.rest
    return (
        rest is not None
        and memory.wanted is rest.wanted
        and memory.holding is rest.holding
        and memory.unwritten is None
        and memory.stamp is not None
        and memory.failure is None
        and memory.rotation_at is not None
        and memory.rotation_at > horizon
        and memory.expires_at > horizon
    )


def hash_at_rest(memory: SessionMemory, view: ProviderView) -> str | None:
    """The request hash that the last pass found, while wish and provider are what it rests upon; None where it has to be computed."""
    rest = memory.rest
    if rest is None or rest.wanted is not memory.wanted or rest.view is not view:
        return None
    return rest.holding.request_hash

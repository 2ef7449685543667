"""When a token is due in local time, and that what is learnt of the provider's clock afterwards is used."""

from __future__ import annotations

import pytest

from realtime_operator.core.provider_clock import ProviderClock, clock_of
from realtime_operator.core.session_memory import SessionMemory
from realtime_operator.core.timestamps import to_rfc3339
from realtime_operator.core.token_schedule import schedule_token
from tests.support.builders import NOW, a_holding, a_memory, a_session

HOLDING = a_holding()


def clock_from(*, slow: float, early: float = 0.0) -> ProviderClock:
    """What one answer tells that took so long, of a provider with our clock that made it so long before it came."""
    return ProviderClock().after_answer(
        date=float(int(NOW)), sent_at=NOW - slow + early, received_at=NOW + early
    )


WELL_KNOWN = clock_from(slow=0.1)


def scheduled(*clocks: ProviderClock, memory: SessionMemory | None = None) -> SessionMemory:
    """The memory after passes that knew the provider's clock so."""
    memory = a_memory() if memory is None else memory
    for clock in clocks:
        schedule_token(memory, memory.wanted, clock, HOLDING)
    return memory


@pytest.mark.parametrize("early", [0.0, 3.0, 6.0])
def test_a_rotation_time_follows_a_clock_that_is_known_better_by_then(early: float) -> None:
    """An answer of 6 s may leave it 3 s too early or too late; those that come before it is due put that right."""
    right, first = scheduled(WELL_KNOWN), scheduled(clock_from(slow=6.0, early=early))
    then = scheduled(clock_from(slow=6.0, early=early), WELL_KNOWN)
    for memory in (right, first, then):
        assert memory.rotation_at is not None
    assert (first.rotation_at or 0) - (right.rotation_at or 0) == pytest.approx(early - 3.0, abs=1.0)
    assert (then.rotation_at or 0) == pytest.approx(right.rotation_at or 0, abs=1.0)
    assert (then.expires_at, then.lead) == (right.expires_at, right.lead)


def test_a_clock_that_is_known_worse_changes_nothing() -> None:
    """Nor does one that is known as well, but was set: what a token was minted by holds."""
    right = scheduled(WELL_KNOWN)
    ahead = ProviderClock(WELL_KNOWN.low + 20, WELL_KNOWN.high + 20, NOW)
    assert scheduled(WELL_KNOWN, clock_from(slow=6.0), ProviderClock(), ahead) == right


@pytest.mark.parametrize("early", [0.0, 6.0])
def test_a_clock_without_answers_is_never_better_known(early: float) -> None:
    """What is assumed of it is narrower than what a slow answer tells, and says nothing: a spec that cannot be used has no provider."""
    slow = clock_from(slow=6.0, early=early)
    assert scheduled(slow, ProviderClock(), clock_of(30.0)) == scheduled(slow)


def test_a_second_s_difference_is_no_reason_for_another_status() -> None:
    """A well-known clock may round otherwise than a hardly known one with the same middle."""
    for shift in (-0.9, 0.9):
        first = scheduled(ProviderClock(-2.5 + shift, 2.5 + shift, NOW))
        then = scheduled(ProviderClock(-2.5 + shift, 2.5 + shift, NOW), ProviderClock(-0.5, 0.5, NOW))
        assert first.rotation_at == then.rotation_at
        assert (first.lead, first.expires_at) != (then.lead, then.expires_at)


@pytest.mark.parametrize(("off", "moved"), [(0.0, False), (1.0, False), (-3.0, True), (3.0, True)])
def test_what_another_process_wrote_stands_until_the_clock_is_known(off: float, *, moved: bool) -> None:
    """A new process knows the clock less well at first; a slow answer to the one before is put right by it all the same."""
    right = scheduled(WELL_KNOWN)
    assert right.rotation_at is not None
    written = right.rotation_at + off
    status = {
        "observedGeneration": 1,
        "tokenID": HOLDING.token.token_id,
        "rotationTime": to_rfc3339(written),
        "expirationTime": to_rfc3339(HOLDING.token.expires_at),
    }
    memory = scheduled(ProviderClock(), memory=a_memory(a_session(status=status)))
    assert memory.rotation_at == written
    if not moved:
        for early in (0.0, 1.4, 2.9):
            hardly_known = clock_from(slow=2.9, early=early)
            assert scheduled(hardly_known, memory=memory).rotation_at == written
    assert scheduled(WELL_KNOWN, memory=memory).rotation_at == (right.rotation_at if moved else written)

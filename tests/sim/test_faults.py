"""When the promise cannot be kept is worked out from the faults before the story begins."""

from __future__ import annotations

from random import Random

import pytest

from sim.faults import BLOCKING, ECHO_S, HEALS_S, HEALS_WATCHED_S, Fault, Kind, drawn, healed_by, impossible

LEFT, RECOVERY = 200.0, 60.0


def outage(begin: float, end: float, kind: Kind = Kind.PROVIDER_503) -> Fault:
    """A fault, by default one that blocks."""
    return Fault(kind, begin, end)


@pytest.mark.parametrize(
    ("faults", "spans"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([outage(0, 199)], [], id="shorter than a rotation leaves"),
        pytest.param([outage(0, 300)], [(200, 360)], id="longer than that, and the recovery after it"),
        pytest.param([outage(0, 150), outage(200, 300)], [(200, 360)], id="two with no recovery between"),
        pytest.param([outage(0, 150), outage(211, 300)], [], id="two with a recovery between"),
        pytest.param([outage(0, 300), outage(50, 100)], [(200, 360)], id="one within another"),
        pytest.param([outage(0, 300, Kind.WATCH_GAP)], [], id="one that blocks nothing"),
        pytest.param([outage(0, 10, Kind.PROVIDER_429)], [(200, 970)], id="one that is remembered"),
        pytest.param([outage(0, 300), outage(900, 1200)], [(200, 360), (1100, 1260)], id="two apart"),
    ],
)
def test_when_it_is_impossible(faults: list[Fault], spans: list[tuple[float, float]]) -> None:
    """From when the first token may have expired until all may be as before."""
    assert impossible(faults, left=LEFT, recovery=RECOVERY) == spans


@pytest.mark.parametrize(
    ("faults", "by"),
    [
        pytest.param([], 100 + HEALS_WATCHED_S, id="nothing else is wrong"),
        pytest.param([outage(99, 300, Kind.SECRETS_LOST)], 100 + HEALS_WATCHED_S, id="others are lost, too"),
        pytest.param([outage(0, 30)], 100 + HEALS_WATCHED_S, id="long after"),
        pytest.param([outage(0, 40)], 40 + HEALS_S, id="before all is as it was"),
        pytest.param([outage(104, 120)], 120 + HEALS_S, id="before it is back"),
        pytest.param([outage(150, 170), outage(90, 110)], 170 + HEALS_S, id="one after the other"),
        pytest.param([outage(0, 10, Kind.PROVIDER_429)], 10 + 900 + HEALS_S, id="a remembered one"),
    ],
)
def test_when_a_lost_token_must_be_back(faults: list[Fault], by: float) -> None:
    """Soon, unless something else is wrong meanwhile, or was just before."""
    assert healed_by(faults, 100.0, is_watched=True) == by
    assert healed_by(faults, 100.0, is_watched=False) == max(by, 100 + HEALS_S)


def test_faults_are_drawn_by_the_seed() -> None:
    """They come in order, within their bounds, of the kinds asked for, and the same for the same seed."""
    faults = drawn(Random(7), frozenset(Kind), begin=1000.0, end=87_400.0, lifetime=600.0)
    assert faults == drawn(Random(7), frozenset(Kind), begin=1000.0, end=87_400.0, lifetime=600.0)
    assert faults != drawn(Random(8), frozenset(Kind), begin=1000.0, end=87_400.0, lifetime=600.0)
    assert [fault.begin for fault in faults] == sorted(fault.begin for fault in faults)
    assert {fault.kind for fault in faults} == set(Kind)
    assert all(1900 <= fault.begin < fault.end <= 86_200 for fault in faults)
    last = 87_400 - 2 * 600
    assert all(fault.end + ECHO_S.get(fault.kind, 0) <= last for fault in faults)
    only = drawn(Random(7), {Kind.KILL}, begin=0.0, end=86_400.0, lifetime=600.0)
    assert {fault.kind for fault in only} == {Kind.KILL} <= BLOCKING
    assert not drawn(Random(7), frozenset(), begin=0.0, end=86_400.0, lifetime=600.0)

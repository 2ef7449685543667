"""An operator that may not read what it is to serve says so; one whose API server is away for a while does not."""

from __future__ import annotations

from realtime_operator.core.errors import ClusterForbidden
from realtime_operator.core.reasons import Reason
from realtime_operator.engine.reach import WELL_FOR_S, Reach
from sim.secrets import unavailable
from tests.engine.cluster import InMemoryObjects
from tests.support.fake_pods import InMemoryPods
from tests.support.fakes import SettableClock

KINDS = ("ClusterRealtimeProvider", "RealtimeProvider", "RealtimeSession")
FORBIDDEN = ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "RBAC does not let the operator list realtimesessions")


async def test_nothing_is_known_before_it_was_asked() -> None:
    """A process that has not reached the API server yet is not ready."""
    objects, clock = InMemoryObjects(), SettableClock()
    reach = Reach(clock, objects, KINDS)
    assert reach.trouble is not None
    objects.away = unavailable()
    await reach.look()
    assert reach.trouble == str(objects.away)
    objects.away = None
    await reach.look()
    assert reach.trouble is None
    assert objects.asked_for[-3:] == list(KINDS)


async def test_what_is_well_is_asked_for_seldom() -> None:
    """Once a minute, however often it is looked."""
    objects, clock = InMemoryObjects(), SettableClock()
    reach = Reach(clock, objects, KINDS)
    for _ in range(10):
        await reach.look()
    assert len(objects.asked_for) == len(KINDS)
    clock.time += WELL_FOR_S
    await reach.look()
    assert len(objects.asked_for) == 2 * len(KINDS)


async def test_an_api_server_that_goes_away_is_no_trouble_but_a_lost_right_is() -> None:
    """A lost right is named until it is back."""
    objects, clock = InMemoryObjects(), SettableClock()
    reach = Reach(clock, objects, KINDS)
    await reach.look()
    for away, trouble in (
        (unavailable(), None),
        (FORBIDDEN, str(FORBIDDEN)),
        (unavailable(), str(unavailable())),
    ):
        objects.away = away
        clock.time += WELL_FOR_S
        await reach.look()
        assert reach.trouble == trouble
    objects.away = None
    await reach.look()
    assert reach.trouble is None


async def test_what_else_is_needed_is_asked_for_too() -> None:
    """An operator that tells pods and may not list them is not ready, and says which right is missing."""
    pods, clock = InMemoryPods(), SettableClock()
    reach = Reach(clock, InMemoryObjects(), KINDS, pods.can_list)
    pods.away = ClusterForbidden(Reason.CLUSTER_FORBIDDEN, "RBAC does not let the operator list pods")
    await reach.look()
    assert reach.trouble == "RBAC does not let the operator list pods"
    pods.away = None
    await reach.look()
    assert reach.trouble is None

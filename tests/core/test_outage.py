"""A provider's outage: when it is declared, who probes it and when, and who goes on at its end."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from realtime_operator.core.errors import (
    FailureClass,
    ProviderDown,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from realtime_operator.core.failure import failure_after, held_back
from realtime_operator.core.outage import Outage
from realtime_operator.core.reasons import Reason
from realtime_operator.core.session_memory import SessionMemory
from tests.support.builders import NOW, a_memory, a_session

AWAY = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "It is away.")


class Scene:
    """An outage and the sessions in it, at a time that the test moves."""

    def __init__(self) -> None:
        self.outage, self.now = Outage(), NOW
        self.all_in_trouble = False

    def session(self, number: int, *, life: float = -1.0) -> SessionMemory:
        """A session whose token lives so long."""
        memory = a_memory(a_session(name=f"s{number}", uid=str(number)))
        memory.expires_at = self.now + life
        return memory

    def fails(self, memory: SessionMemory, error: ProviderError = AWAY) -> bool:
        """A mint of the session failed, and is remembered as the reconciler does; says whether the provider is down since."""
        memory.failure = failure_after(
            memory.failure, error, now=self.now, life_left=0, uid=memory.ref.uid, generation=1, rotate=""
        )
        return self.outage.failed(memory, error, now=self.now, all_in_trouble=lambda: self.all_in_trouble)

    def waits(self, memory: SessionMemory) -> ProviderDown:
        """The session wants to ask, and has to wait."""
        with pytest.raises(ProviderDown) as caught:
            self.outage.admit(memory, now=self.now)
        memory.failure = held_back(memory.failure, caught.value, now=self.now, generation=1, rotate="")
        return caught.value

    def slot(self) -> tuple[float, str]:
        """Let time go to the next probe: after how long it came, and whose it is."""
        at, before = self.outage.next_probe_at, self.now
        assert at < math.inf
        self.now = max(at, before)
        chosen = self.outage.choose(now=self.now)
        return self.now - before, chosen.ref.uid if chosen is not None else ""

    def asks(self, memory: SessionMemory) -> bool:
        """Whether a session may ask now."""
        try:
            self.outage.admit(memory, now=self.now)
        except ProviderDown:
            return False
        return True


def a_scene_of_trouble(*lives: float) -> tuple[Scene, list[SessionMemory]]:
    """A provider that is down, and sessions that wait for it."""
    scene = Scene()
    sessions = [scene.session(number, life=life) for number, life in enumerate(lives)]
    assert [scene.fails(each) for each in sessions[:3]] == [False, False, True]
    for each in sessions[3:]:
        scene.waits(each)
    return scene, sessions


def test_three_sessions_that_fail_in_a_row() -> None:
    """Then the provider is down: another one waits, with the trouble's own words."""
    scene = Scene()
    sessions = [scene.session(number) for number in range(4)]
    assert scene.asks(sessions[3])
    assert [scene.fails(each) for each in sessions[:3]] == [False, False, True]
    down = scene.waits(sessions[3])
    assert (down.reason, str(down)) == (Reason.PROVIDER_UNAVAILABLE, "It is away.")
    failure = sessions[3].failure
    assert failure is not None
    assert (failure.count, failure.next_attempt, failure.minting) == (0, math.inf, False)


def test_a_token_in_between() -> None:
    """Two failures, a token, two failures: nobody has to wait."""
    scene = Scene()
    sessions = [scene.session(number) for number in range(4)]
    for pair in (sessions[:2], sessions[2:]):
        assert not any(scene.fails(each) for each in pair)
        assert scene.outage.end() == []
    assert not scene.fails(sessions[0])


def test_one_session_alone_stops_nobody() -> None:
    """However often its mints fail, the provider is not down for others; it is where there are no others that go on."""
    scene = Scene()
    poisoned = scene.session(0)
    assert not any(scene.fails(poisoned) for _ in range(50))
    assert scene.asks(scene.session(1))
    alone = Scene()
    alone.all_in_trouble = True
    assert [alone.fails(poisoned) for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    "error",
    [
        ProviderRejected(Reason.PROVIDER_REJECTED, "no"),
        ProviderUnauthorized(Reason.PROVIDER_UNAUTHORIZED, "who?"),
    ],
)
def test_what_is_not_the_providers_outage(error: ProviderError) -> None:
    """A refused request says nothing of the next session's, and a refused key is no outage."""
    scene = Scene()
    assert not any(scene.fails(scene.session(number), error) for number in range(9))


def test_one_may_ask_in_each_time_slot() -> None:
    """While anybody has no living token: one, once; who failed least first, then the fewest probes, then who got a token last."""
    scene, sessions = a_scene_of_trouble(-5, -9, -1, -7, 40)
    asked = []
    for _ in range(7):
        pause, uid = scene.slot()
        assert pause == pytest.approx(0.25)
        asked.append(uid)
        able = [each.ref.uid for each in sessions if scene.asks(each)]
        assert able == [uid]
        assert not scene.asks(sessions[int(uid)])  # once
        scene.fails(sessions[int(uid)])
    assert asked == ["4", "3", "2", "0", "1", "4", "3"]


def test_a_probe_that_comes_late_does_not_shift_the_next() -> None:
    """The pauses are counted from slot to slot."""
    scene, _ = a_scene_of_trouble(-1, -1, -1)
    begin = scene.now
    for late in (0.05, 0.1, 0.02, 0.07):
        scene.now = scene.outage.next_probe_at + late
        scene.outage.choose(now=scene.now)
    assert scene.outage.next_probe_at - begin == pytest.approx(1.25)
    scene.now += 10
    scene.outage.choose(now=scene.now)
    assert scene.outage.next_probe_at - scene.now == pytest.approx(0.25)


def test_a_probe_that_hangs() -> None:
    """It stops no other one; who hangs is not chosen again."""
    scene, sessions = a_scene_of_trouble(-3, -2, -1)
    for number in (2, 1, 0):
        _, uid = scene.slot()
        assert uid == str(number)
        assert scene.asks(sessions[number])
    assert scene.slot()[1] == ""
    scene.fails(sessions[1])
    assert scene.slot()[1] == "1"


def test_while_all_tokens_live_the_pauses_grow() -> None:
    """1, 2, 4 … s, but never more than 30 s, nor more than a quarter of the life that is left to the first."""
    scene, _ = a_scene_of_trouble(3600, 3700, 3800)
    pauses = [scene.slot()[0] for _ in range(7)]
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30])
    scene, sessions = a_scene_of_trouble(40, 50, 60)
    begin, pauses = scene.now, []
    while scene.now < sessions[0].expires_at:
        left = sessions[0].expires_at - scene.now
        pauses.append(scene.slot()[0])
        assert pauses[-1] <= max(0.25, left / 4) + 1e-6
    assert len(pauses) <= 22
    assert scene.now - begin < 42


def test_a_provider_that_never_answers_well_again_is_asked_less_often() -> None:
    """Four times a second for two minutes, once a second for an hour, then every five seconds; the next outage begins anew."""
    scene, _ = a_scene_of_trouble(-3, -2, -1)
    begin, moments = scene.now, list[float]()
    while scene.now < begin + 4000:
        scene.slot()
        moments.append(scene.now - begin)

    def within(first: float, last: float) -> int:
        return sum(first < at <= last for at in moments)

    assert within(0, 120) == pytest.approx(480, abs=2)
    assert within(120, 3600) == pytest.approx(3480, abs=2)
    assert within(3605, 4000) == pytest.approx(79, abs=2)
    scene.outage.end()
    for number in range(10, 13):
        scene.fails(scene.session(number))
    assert scene.outage.is_down
    assert scene.slot()[0] == pytest.approx(0.25)


def test_who_has_no_token_hastens_the_next_probe() -> None:
    """A pause that was long enough for living tokens ends when somebody without one comes to wait."""
    scene, _ = a_scene_of_trouble(3600, 3700, 3800)
    for _ in range(5):
        scene.slot()
    scene.now += 3
    scene.waits(scene.session(9))
    pause, uid = scene.slot()
    assert (pause, uid) == (0, "9")
    assert scene.slot()[0] == pytest.approx(0.25)


@pytest.mark.parametrize("kind", [ProviderThrottled, ProviderUnavailable])
def test_the_providers_own_wish_is_a_minimum(kind: type[ProviderError]) -> None:
    """Retry-After is obeyed by the probes, also where somebody has no token."""
    scene = Scene()
    scene.all_in_trouble = True
    for number in range(3):
        scene.fails(scene.session(number), kind(Reason.PROVIDER_THROTTLED, "slow", retry_after=20.0))
    assert scene.slot()[0] == pytest.approx(20)
    assert scene.slot()[0] == pytest.approx(0.25)


def test_one_answers_wish_binds_who_got_it() -> None:
    """A single Retry-After among answers without one stops neither the probes nor anybody else."""
    scene, sessions = a_scene_of_trouble(-3, -2, -1, -4)
    pause, uid = scene.slot()
    assert (round(pause, 2), uid) == (0.25, "3")
    assert scene.asks(sessions[3])
    scene.fails(sessions[3], ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "later", retry_after=3600.0))
    asked = []
    for _ in range(6):
        pause, uid = scene.slot()
        assert pause == pytest.approx(0.25)
        asked.append(uid)
        assert scene.asks(sessions[int(uid)])
        scene.fails(sessions[int(uid)])
    assert asked == ["2", "1", "0"] * 2


def test_throttled_sessions_stop_nobody() -> None:
    """A limit may hold for one model or one tenant alone, so 429 declares nothing while anybody goes on."""
    scene = Scene()
    slow = ProviderThrottled(Reason.PROVIDER_THROTTLED, "slow", retry_after=600.0)
    assert not any(scene.fails(scene.session(number), slow) for number in range(9))
    assert scene.asks(scene.session(10))


def test_those_who_fail_alone_declare_nothing_twice() -> None:
    """Three sessions that had trouble before a token came, and have it again, say nothing of the others."""
    scene, sessions = a_scene_of_trouble(-1, -1, -1)
    assert len(scene.outage.end()) == 3
    assert not any(scene.fails(each) for each in sessions * 5)
    assert scene.asks(scene.session(10))


@pytest.mark.parametrize("life", [-3600, -1, 20])
def test_who_was_well_is_asked_before_those_who_fail(life: float) -> None:
    """One that had a token and waits is the next probe, however many new ones have just been refused or never asked."""
    scene, _ = a_scene_of_trouble(-1, -1, -1)
    for number in range(10, 30):
        scene.waits(new := scene.session(number))
        new.expires_at = 0.0
    scene.waits(well := scene.session(99, life=life))
    assert scene.slot()[1] == well.ref.uid


def changed(memory: SessionMemory, how: str) -> None:
    """What may happen to a session that waits."""
    if how == "gone":
        memory.gone = True
    elif how == "suspended":
        memory.wanted = replace(memory.wanted, suspended=True)
    else:
        memory.failure = None


@pytest.mark.parametrize("how", ["gone", "suspended", "served elsewhere"])
def test_who_does_not_wait_any_more_is_not_asked_to_probe(how: str) -> None:
    """Nor does it stop the others, nor keep the probes going on its own."""
    scene, sessions = a_scene_of_trouble(-3, -2, -1)
    for each in sessions[:2]:
        changed(each, how)
    assert scene.slot()[1] == "2"
    changed(sessions[2], how)
    scene.outage.choose(now=scene.now + 1)
    assert scene.outage.next_probe_at == math.inf
    scene.waits(scene.session(7))
    assert scene.slot()[1] == "7"


def test_a_probe_that_is_refused_for_its_own_sake() -> None:
    """It waits in its own time then, and the others go on probing."""
    scene, sessions = a_scene_of_trouble(-3, -2, -1)
    _, uid = scene.slot()
    assert scene.asks(sessions[int(uid)])
    scene.fails(sessions[int(uid)], ProviderRejected(Reason.PROVIDER_REJECTED, "no"))
    probes = set()
    for _ in range(6):
        _, uid = scene.slot()
        assert scene.asks(sessions[int(uid)])
        scene.fails(sessions[int(uid)])
        probes.add(uid)
    assert probes == {"0", "1"}


def test_a_slot_is_left_to_who_was_chosen_before_and_is_on_its_way() -> None:
    """For two seconds: then another is chosen, too, and whoever comes first may ask; so may the other."""
    scene, sessions = a_scene_of_trouble(-3, -2, -1)
    _, first = scene.slot()
    begin = scene.now
    while not (second := scene.slot()[1]):
        pass
    assert first != second
    assert 2 <= scene.now - begin <= 2.25
    third = next(iter({"0", "1", "2"} - {first, second}))
    assert [scene.asks(sessions[int(uid)]) for uid in (second, third, first)] == [True, False, True]


def test_at_the_end_all_go_on() -> None:
    """Those whose mints failed as well as those who never asked; afterwards anybody may ask, and all begins anew."""
    scene, sessions = a_scene_of_trouble(-1, -1, -1, 20, 30)
    for each in sessions:
        assert each.failure is not None
        assert not each.failure.holds_back(now=scene.now, generation=1, rotate="")
    assert scene.outage.end() == sessions
    assert all(scene.asks(each) for each in sessions)
    assert (scene.outage.next_probe_at, scene.outage.end()) == (math.inf, [])
    assert not scene.fails(sessions[0])


def test_who_waited_for_a_rate_limit_when_the_provider_went_down() -> None:
    """It may not ask any more, unless it is the probe."""
    scene, sessions = a_scene_of_trouble(-3, -2, -1)
    with pytest.raises(ProviderDown):
        scene.outage.may_still(sessions[1], now=scene.now)
    scene.slot()
    assert scene.asks(sessions[2])
    scene.outage.may_still(sessions[2], now=scene.now)


def test_a_wait_that_is_known_says_nothing_new() -> None:
    """Held back again, or while a mint's own failure is known, a session keeps count and time; another spec begins anew."""
    down = ProviderDown(Reason.PROVIDER_UNAVAILABLE, "It is away.")

    def held(before: Any, at: float, *, generation: int = 1, error: ProviderDown = down) -> Any:
        return held_back(before, error, now=at, generation=generation, rotate="")

    first = held(None, NOW)
    assert (first.count, first.at) == (0, NOW)
    assert held(first, NOW + 50) == first
    tried = failure_after(first, AWAY, now=NOW + 9, life_left=0, uid="1", generation=1, rotate="")
    assert tried.count == 1
    assert held(tried, NOW + 50) == tried.until_it_is_back()
    assert held(tried, NOW + 50, generation=2).count == 0
    other = held(tried, NOW + 50, error=ProviderDown(Reason.PROVIDER_THROTTLED, "Slow down."))
    assert (other.count, other.at, other.reason) == (1, NOW + 50, Reason.PROVIDER_THROTTLED)


def test_trouble_of_another_kind_keeps_its_own_time() -> None:
    """A session that failed at the provider, and then elsewhere, is not put off until the outage's end."""
    scene = Scene()
    sessions = [scene.session(number) for number in range(3)]
    scene.fails(sessions[0])
    rejected = ProviderRejected(Reason.PROVIDER_REJECTED, "no")
    sessions[0].failure = own = failure_after(
        None, rejected, now=NOW, life_left=0, uid="0", generation=1, rotate=""
    )
    scene.fails(sessions[1])
    assert scene.fails(sessions[2])
    assert sessions[0].failure is own


BILLING = ProviderUnauthorized(Reason.PROVIDER_BILLING, "No credit.")


def test_an_empty_account_stops_everybody_at_once() -> None:
    """One answer tells it of the provider: the next session does not ask, and is told that a person is needed."""
    scene = Scene()
    one, other = scene.session(0), scene.session(1, life=600)
    assert scene.fails(one, BILLING)
    assert one.failure is not None
    assert one.failure.is_held_back
    down = scene.waits(other)
    assert (down.reason, down.failure_class) == (Reason.PROVIDER_BILLING, FailureClass.PEOPLE)
    assert other.failure is not None
    assert (other.failure.failure_class, other.failure.is_held_back) == (FailureClass.PEOPLE, True)
    assert scene.outage.end() == [one, other]


def test_an_empty_account_is_asked_about_ever_less_often() -> None:
    """1, 2, 4 … 300 s, also where nobody has a living token: only a person helps."""
    scene = Scene()
    sessions = [scene.session(number) for number in range(3)]
    scene.fails(sessions[0], BILLING)
    for each in sessions[1:]:
        scene.waits(each)
    pauses = []
    for _ in range(12):
        pause, uid = scene.slot()
        pauses.append(pause)
        scene.asks(sessions[int(uid)])
        scene.fails(sessions[int(uid)], BILLING)
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])


def test_who_is_refused_for_billing_alone_stops_the_others_once() -> None:
    """Behind a gateway an account may be one tenant's: whoever was well is asked first, and soon where its token runs out."""
    scene = Scene()
    scene.fails(poor := scene.session(0), BILLING)
    for _ in range(9):
        scene.slot()
        scene.asks(poor)
        scene.fails(poor, BILLING)
    scene.waits(well := scene.session(1, life=200))
    pause, uid = scene.slot()
    assert (pause <= 50, uid) == (True, "1")
    scene.outage.end()
    poor.failure = poor.failure and poor.failure.at_once()
    assert not scene.fails(poor, BILLING)
    assert scene.asks(well)


@pytest.mark.parametrize("known", [BILLING, AWAY])
def test_what_another_process_knew(known: ProviderError) -> None:
    """The first session that comes asks at once whether it still is so; the others wait for its answer."""
    scene = Scene()
    scene.outage.resume(
        ProviderDown(known.reason, str(known), failure_class=known.failure_class), now=scene.now
    )
    assert scene.outage.is_down
    sessions = [scene.session(number) for number in range(5)]
    told = [scene.waits(each) for each in sessions]
    assert {(each.reason, str(each), each.failure_class) for each in told} == {
        (known.reason, str(known), known.failure_class)
    }
    pause, uid = scene.slot()
    assert pause == 0
    assert [each.ref.uid for each in sessions if scene.asks(each)] == [uid]
    assert len(scene.outage.end()) == 5

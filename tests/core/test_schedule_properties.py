"""What holds of the arithmetic on time for every life, every clock and every session."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from realtime_operator.api.session import Propagation
from realtime_operator.core.schedule import (
    ATTEMPTS_BEFORE_EXPIRY,
    RETRY_LONGEST_S,
    RETRY_LONGEST_WITHOUT_TOKEN_S,
    SPREAD_SHARE,
    lead_for,
    probe_delay,
    retry_delay,
    rotation_time,
    smallest_lifetime,
    spread,
)

issue_times = st.integers(0, 2**33).map(float)
# A token that lives for one second has expired when it comes, and is refused.
lives = st.integers(2, 7260).map(float)
propagations = st.sampled_from(Propagation)
uncertainties = st.floats(0, 30)
uids = st.text(max_size=40)
attempts = st.integers(1, 10**6)
lives_left = st.floats(-1e6, 7260)


@given(issue_times, lives, propagations, uncertainties, uids)
def test_rotation_lies_between_issue_and_expiry(
    issued_at: float, life: float, propagation: Propagation, uncertainty: float, uid: str
) -> None:
    """Whatever the life, rotation begins strictly before the expiry and never before the issue."""
    lead = lead_for(lifetime=life, propagation=propagation, clock_uncertainty=uncertainty)
    due = rotation_time(issued_at=issued_at, expires_at=issued_at + life, left=lead.left, spread=spread(uid))
    assert issued_at <= due < issued_at + life


@given(lives, propagations, uncertainties)
def test_a_sufficient_life_covers_what_has_to_be_covered(
    life: float, propagation: Propagation, uncertainty: float
) -> None:
    """What is left covers propagation and clock, unless the object says that the life is too short."""
    lead = lead_for(lifetime=life, propagation=propagation, clock_uncertainty=uncertainty)
    if lead.sufficient:
        assert lead.left >= lead.covered
        assert lead.left <= 0.8 * life
    else:
        assert lead.left == life / 2
        assert smallest_lifetime(lead) > life


@given(propagations, uncertainties)
def test_the_smallest_life_named_would_do(propagation: Propagation, uncertainty: float) -> None:
    """Whoever follows the remedy of the message is not told the same again, and one second less would not do."""
    lead = lead_for(lifetime=1, propagation=propagation, clock_uncertainty=uncertainty)
    enough = smallest_lifetime(lead)
    assert lead_for(lifetime=enough, propagation=propagation, clock_uncertainty=uncertainty).sufficient
    less = lead_for(lifetime=enough - 1, propagation=propagation, clock_uncertainty=uncertainty)
    assert not less.sufficient


@given(issue_times, lives, propagations, uids)
def test_the_spread_is_at_most_five_percent(
    issued_at: float, life: float, propagation: Propagation, uid: str
) -> None:
    """A session's own share moves its rotation earlier by at most 5 % of the life, and never later."""
    left = lead_for(lifetime=life, propagation=propagation, clock_uncertainty=1).left
    due = rotation_time(issued_at=issued_at, expires_at=issued_at + life, left=left, spread=spread(uid))
    latest = issued_at + life - left
    assert math.floor(latest - SPREAD_SHARE * life) <= due <= latest


@given(issue_times, lives, uids)
def test_the_same_inputs_give_the_same_answer(issued_at: float, life: float, uid: str) -> None:
    """Another replica, or the same one after a restart, works out the same moment."""
    first = rotation_time(issued_at=issued_at, expires_at=issued_at + life, left=life / 3, spread=spread(uid))
    again = rotation_time(
        issued_at=issued_at, expires_at=issued_at + life, left=life / 3, spread=spread(str(uid))
    )
    assert first == again
    assert 0 <= spread(uid) < 1


@given(attempts, lives_left, uids)
def test_retries_are_bounded_and_never_at_once(attempt: int, life_left: float, uid: str) -> None:
    """No attempt follows without a pause, and none waits longer than its bound."""
    delay = retry_delay(attempt=attempt, life_left=life_left, uid=uid, retry_after=None)
    longest = RETRY_LONGEST_S if life_left > 0 else RETRY_LONGEST_WITHOUT_TOKEN_S
    assert 0.1 <= delay <= longest


@given(st.floats(ATTEMPTS_BEFORE_EXPIRY, 7260), uids, st.integers(1, 50))
def test_several_attempts_fit_before_expiry(life_left: float, uid: str, attempt: int) -> None:
    """While at least a second for each is left, four more attempts are made before the token expires."""
    made, left = 0, life_left
    while left > 0 and made < ATTEMPTS_BEFORE_EXPIRY:
        left -= retry_delay(attempt=attempt + made, life_left=left, uid=uid, retry_after=None)
        made += 1
    assert made == ATTEMPTS_BEFORE_EXPIRY
    assert left > -1


@given(attempts, lives_left, uids, st.floats(0, 3600))
def test_the_providers_wish_is_a_minimum(
    attempt: int, life_left: float, uid: str, retry_after: float
) -> None:
    """Whatever the back-off says, nobody comes earlier than the provider asks."""
    delay = retry_delay(attempt=attempt, life_left=life_left, uid=uid, retry_after=retry_after)
    assert delay >= retry_after
    assert delay <= max(retry_after, RETRY_LONGEST_S)


@given(attempts, uids)
def test_probes_stay_within_their_bounds(attempt: int, uid: str) -> None:
    """Probes of what people must mend come every 5 to 15 minutes."""
    assert 300 <= probe_delay(attempt=attempt, uid=uid) <= 900

"""Hostile answers, by the thousand, and the largest ones by hand."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable

import pytest

from fuzz.answers import NOW, Example, Planted
from fuzz.campaign import campaign
from fuzz.verdict import Told, judged, tells
from realtime_operator.adapters.realtime_api import BODY_LIMIT
from realtime_operator.core.errors import ProviderError
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.mint_answer import read_token
from realtime_operator.core.provider_clock import ProviderClock

EXAMPLES = 10_000
BUDGET_S = 60.0
"""No batch is begun after so much CPU time; 10,000 examples take half of it."""

PEAK_BYTES = 64 * 1024 * 1024
SEED = 20251124
PLANTED = Planted("sk-planted-0123456789abcdef", "ek_planted_0123456789abcdef")


def an_example(body: bytes, status: int = 200) -> Example:
    """A hostile answer made by hand."""
    return Example(status, {}, body, 600, None, PLANTED)


def came_to(body: bytes, status: int = 200) -> str:
    """What becomes of an answer whose call carried the planted key."""
    answer = MintAnswer(status, {}, body, NOW - 0.1, NOW, secrets=(PLANTED.key,))
    return judged(an_example(body, status), answer)


@pytest.mark.timeout(900)
def test_ten_thousand_hostile_answers() -> None:
    """A sound token or exactly one error, in bounded time, and no secret told, whatever comes; the examples are the same on every run."""
    report = campaign(EXAMPLES, start=SEED, within=BUDGET_S)
    assert report.failure is None, report.failure
    assert report.tried >= EXAMPLES / 2
    assert report.outcomes["token"] > report.tried / 100


LARGE: dict[str, Callable[[int], bytes]] = {
    "brackets": lambda size: b"[" * size,
    "empty lists": lambda size: b"[" + b"[]," * (size // 3 - 1) + b"[]]",
    "small objects": lambda size: b"[" + b'{"a":1},' * (size // 8 - 2) + b'{"a":1}]',
    "many names": lambda size: json.dumps({f"k{at}": 0 for at in range(size // 13)}).encode(),
    "one name again and again": lambda size: b"{" + b'"value":1,' * (size // 10 - 1) + b'"value":1}',
    "one long number": lambda size: b'{"expires_at":' + b"9" * (size - 20) + b"}",
    "long decimals": lambda size: b"[" + b"1.1e300," * (size // 8 - 1) + b"1]",
    "one long text": lambda size: b'{"value":"' + b"e" * (size - 20) + b'"}',
    "escapes": lambda size: b'{"value":"' + b"\\u00e9" * (size // 6 - 4) + b'"}',
    "a long expiry": lambda size: b'{"value":"ek_1","expires_at":"' + b"9" * (size - 40) + b'"}',
    "a long code": lambda size: b'{"error":{"code":"' + b"a1-" * (size // 3 - 10) + b'"}}',
}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("shape", LARGE)
def test_the_largest_answers_cost_little(shape: str, status: int) -> None:
    """An answer as large as the adapter lets through is read within the time and the memory that any answer may take."""
    body = LARGE[shape](BODY_LIMIT)
    assert BODY_LIMIT * 0.8 < len(body) <= BODY_LIMIT
    assert came_to(body, status) == ("ProviderUnreadable" if status == 200 else "ProviderRejected")
    answer = MintAnswer(status, {}, body, NOW - 0.1, NOW)
    tracemalloc.start()  # on its own, because it takes ten times as long
    try:
        with pytest.raises(ProviderError):
            read_token(answer, clock=ProviderClock(), asked=600, longest=None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < PEAK_BYTES


def test_the_key_is_never_taken_for_a_token() -> None:
    """A gateway that hands the caller's own key back gives away what must not leave the operator: it is refused."""
    for document in (
        {"value": PLANTED.key, "expires_at": int(NOW) + 600},
        {"client_secret": f"wrapped.{PLANTED.key}", "expires_at": int(NOW) + 600},
    ):
        assert came_to(json.dumps(document).encode()) == "ProviderUnreadable"


def test_the_judge_finds_what_it_looks_for() -> None:
    """A verdict that could not fail would be worth nothing."""
    assert tells("… sk-planted-0 …", PLANTED.key)
    assert not tells("… sk-plan …", PLANTED.key)
    key_back = json.dumps({"value": PLANTED.key, "expires_at": int(NOW) + 600}).encode()
    unprotected = MintAnswer(200, {}, key_back, NOW - 0.1, NOW)
    with pytest.raises(Told, match="the provider key was taken for a token"):
        judged(an_example(key_back), unprotected)
    code = json.dumps({"error": {"code": "planted-0123456789"}}).encode()
    with pytest.raises(Told, match="an error tells the key"):
        judged(an_example(code, 400), MintAnswer(400, {}, code, NOW - 0.1, NOW))


def test_the_time_is_bounded() -> None:
    """A campaign whose time is over ends without a word of failure, and says how far it came."""
    began = time.monotonic()
    report = campaign(100_000, start=SEED, within=0.0)
    assert (report.tried, report.failure) == (0, None)
    assert time.monotonic() - began < 10

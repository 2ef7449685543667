"""What deletions explain, and how long they are remembered."""

from __future__ import annotations

import pytest

from observer.content import Mint
from observer.deletions import Deletions

REACH_S = 10.0


def made(*moments: float, model: str = "lobby") -> list[tuple[Mint, float]]:
    """Mints of these moments, on a provider's clock that is the observer's."""
    return [(Mint(str(at).encode(), at, at + 60, model=model), at) for at in moments]


@pytest.mark.parametrize("moments", [(89.0, 91.0), (91.0, 89.0)], ids=["in order", "the later told first"])
def test_as_many_mints_as_possible_are_explained(moments: tuple[float, ...]) -> None:
    """Of two deletions the one that explains either mint leaves the other to the mint that has no choice."""
    deletions, mints = Deletions(REACH_S), made(*moments)
    for at in (92.0, 100.0):
        deletions.add(at, "lobby", mints)
    for _ in range(2):
        assert deletions.unexplained(mints) == []
    assert len(deletions.unexplained(made(*moments, 91.5))) == 1


def test_what_explains_nothing_is_forgotten_though_nobody_asks() -> None:
    """A deletion is remembered while the ledger may tell of its mint, then only as long as no Secret holds that mint."""
    deletions, lost = Deletions(REACH_S), made(995.0)
    for at in range(1000, 11_000):
        deletions.add(float(at), "lobby", lost)
    assert deletions.unexplained(lost) == []
    assert len(deletions) < 30
    deletions.add(11_010.0, "lobby", [])
    assert len(deletions) == 1
    assert len(deletions.unexplained(lost)) == 1


def test_many_that_go_at_once_explain_a_mint_that_the_ledger_tells_of_later() -> None:
    """None is forgotten before the ledger has had its time; where models are not told nothing is explained."""
    deletions = Deletions(REACH_S)
    for number in range(100):
        deletions.add(1000 + number / 100, "lobby", [])
        deletions.add(1000 + number / 100, "", [])
    deletions.add(1006.0, "lounge", [])
    assert deletions.unexplained(made(*(1000.5,) * 100)) == []
    assert len(deletions.unexplained(made(1000.5, model="") + made(1000.5, model="lounge"))) == 1

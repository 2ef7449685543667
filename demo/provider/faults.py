"""Rules that make the stand-in misbehave: which requests they take, in what order, and how often."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from demo.provider.actions import AnyAction

MINUTE_S: Final = 60.0


class Match(BaseModel):
    """Which requests a rule takes; what is absent does not matter.

    Attributes:
        endpoint: name of the endpoint.
        model: model named in the request.
        times: how many requests the rule takes before it is spent.
        probability: the share of requests it takes, drawn from the stand-in's own seeded generator.
        until: seconds since the epoch on the stand-in's clock, after which it takes none.
        beyond_per_minute: it lets so many requests pass in any minute, and takes those beyond: a rate limit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str | None = None
    model: str | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    until: float | None = None
    beyond_per_minute: Annotated[int, Field(ge=1)] | None = None


class Rule(BaseModel):
    """One fault: for requests that match, this happens instead of the usual answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match = Match()
    action: Annotated[AnyAction, Field(discriminator="kind")]


@dataclass(slots=True)
class Standing:
    """A rule, and how many requests it has taken."""

    rule: Rule
    taken: int = 0
    passed: deque[float] = field(default_factory=deque)

    def takes(self, endpoint: str, model: str | None, now: float, dice: random.Random) -> bool:
        """Tell whether the rule takes a request; draws only for requests that match otherwise."""
        match = self.rule.match
        return (
            match.endpoint in (None, endpoint)
            and match.model in (None, model)
            and (match.until is None or now < match.until)
            and (match.times is None or self.taken < match.times)
            and (match.probability == 1 or dice.random() < match.probability)
            and (match.beyond_per_minute is None or self._is_beyond(match.beyond_per_minute, now))
        )

    def _is_beyond(self, limit: int, now: float) -> bool:
        """Tell whether so many passed in the last minute already; else let this one pass."""
        while self.passed and self.passed[0] <= now - MINUTE_S:
            self.passed.popleft()
        if len(self.passed) >= limit:
            return True
        self.passed.append(now)
        return False


class Faults:
    """The rules in force; the first that takes a request decides."""

    def __init__(self, seed: int | None = None) -> None:
        self._dice = random.Random(seed)  # noqa: S311  (chooses faults, guards nothing)
        self._standing: list[Standing] = []

    def replace(self, rules: list[Rule]) -> None:
        """Put other rules in force, none of them used yet."""
        self._standing = [Standing(rule) for rule in rules]

    def add(self, rule: Rule) -> None:
        """Put one more rule in force, after the others."""
        self._standing.append(Standing(rule))

    def action_for(self, endpoint: str, model: str | None, now: float) -> AnyAction | None:
        """Give what happens to a request instead of its usual answer, None for nothing, and count it."""
        for standing in self._standing:
            if standing.takes(endpoint, model, now, self._dice):
                standing.taken += 1
                return standing.rule.action
        return None

    def shown(self) -> list[dict[str, object]]:
        """Give each rule with the number of requests it has taken."""
        return [
            {"match": it.rule.match.model_dump(), "action": it.rule.action.model_dump(), "taken": it.taken}
            for it in list(self._standing)
        ]

"""One story: a seed, so many sessions, so many hours, its faults, and what the judge says of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from observer.figures import Figures
from observer.rule import life_left_asked
from realtime_operator.api.group import API_VERSION, KIND_CLUSTER_PROVIDER, KIND_SESSION
from realtime_operator.core.reasons import Reason
from realtime_operator.seams import BARE, Seams
from sim.api_server import ApiServer
from sim.director import CLOCK_OFF_S, Director
from sim.faults import COST_NO_TOKEN, OF_THE_SECRET_WATCH, Kind, drawn, impossible
from sim.judge import Judge
from sim.people import People
from sim.process import KEY_SECRET, Process
from sim.provider import ModelledProvider
from sim.secret_feed import ModelledSecretFeed
from sim.virtual_clock import VirtualClock
from sim.virtual_time import run_virtually

HOUR_S: Final = 3600.0
RECOVERY_S, RECOVERY_SHARE = 60.0, 1 / 3
"""So long after a trouble's end, and so much of a life at most, all goes on as before it.

The longest pause between two attempts is 30 s, or a quarter of the life that is left.
"""

EARLIEST_SLACK_S: Final = 5.0
"""A token may be due so much later than the rule's seconds before its expiry: the tick, the mint, a clock not yet known."""

ORPHANS_AROUND_S: Final = 15.0
"""A mint may be under way so long before a fault that loses it, and be given up so long after one."""

LOOK_S: Final = 60.0
PERIOD_SHARE: Final = 0.65
"""Of a life; sessions are created over so much of it, which spreads their due moments evenly."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a story is made of; times are in seconds unless said otherwise.

    Attributes:
        seed: for everything that is random.
        sessions: how many there are.
        hours: of virtual time.
        lifetime: of each token.
        kinds: of the faults that may come; empty for none.
        is_busy: whether people change sessions.
        watches_secrets: whether the operator does.
    """

    seed: int
    sessions: int
    hours: float
    lifetime: int
    kinds: frozenset[Kind] = frozenset(Kind)
    is_busy: bool = True
    watches_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it.

    Attributes:
        scene: what was played.
        figures: the observer's.
        violations: what must not have happened; empty where the promise was kept.
        faults: how many there were.
        deeds: changes that people made.
        refused: requests that the provider did not answer with a token.
        excused_seconds: expired or missing, over all sessions, while nobody could have kept the promise.
        writes: to the API server, by what was written.
        looks: at Secrets, of which nothing else is asked than their version.
        cpu_s: that it took.
    """

    scene: Scene
    figures: Figures
    violations: tuple[str, ...]
    faults: int
    deeds: int
    refused: int
    excused_seconds: float
    writes: dict[str, int]
    looks: int
    cpu_s: float


Progress = Callable[[float, int], None]
"""Told now and then of the share that is played, and of the tokens minted."""


def play(scene: Scene, *, seams: Seams = BARE, progress: Progress = lambda _share, _mints: None) -> Outcome:
    """Play a story to its end, in virtual time.

    Args:
        scene: what it is made of.
        seams: wrappers around the operator's parts.
        progress: told of it once in a virtual minute.
    """
    return run_virtually(_play(scene, seams, progress))


async def _play(scene: Scene, seams: Seams, progress: Progress) -> Outcome:
    began, dice = time.process_time(), Random(scene.seed)  # noqa: S311 - stories, no secrets
    clock = VirtualClock()
    api, judge = ApiServer(Random(dice.random())), Judge(clock)  # noqa: S311
    provider = ModelledProvider(clock, Random(dice.random()), lifetime=scene.lifetime, enter=judge.minted)  # noqa: S311
    furthest = dice.choice(CLOCK_OFF_S)
    provider.offset = dice.uniform(-furthest, furthest)
    judge.clock_set(provider.offset)
    api.told.append(judge.object_told)
    api.secrets.told.append(judge.secret_told)
    api.secrets.forgotten.append(judge.secret_gone)
    feed = ModelledSecretFeed(api, Random(dice.random())) if scene.watches_secrets else None  # noqa: S311
    api.put(_provider_object())
    process = Process(clock, api, provider, feed=feed, seams=seams)
    people = People(clock, api, judge, Random(dice.random()), lifetime=scene.lifetime)  # noqa: S311
    director = Director(
        clock,
        dice,
        api=api,
        provider=provider,
        feed=feed,
        process=process,
        judge=judge,
        lifetime=scene.lifetime,
    )
    begin, end = clock.now(), clock.now() + scene.hours * HOUR_S
    kinds = scene.kinds if scene.watches_secrets else scene.kinds - OF_THE_SECRET_WATCH
    faults = drawn(dice, kinds, begin=begin, end=end, lifetime=scene.lifetime)
    costly = [one for one in faults if one.kind not in COST_NO_TOKEN]
    judge.explain_orphans([(one.begin - ORPHANS_AROUND_S, one.end + ORPHANS_AROUND_S) for one in costly])
    recovery = min(RECOVERY_S, RECOVERY_SHARE * scene.lifetime)
    left = life_left_asked(scene.lifetime, "None") - EARLIEST_SLACK_S
    own: set[asyncio.Task[Any]] = set()
    stories = [
        people.create(scene.sessions, over=PERIOD_SHARE * scene.lifetime),
        director.play(faults, own),
        director.excuse(impossible(faults, left=left, recovery=recovery)),
    ]
    process.start()
    own |= {asyncio.ensure_future(story) for story in stories}
    if current := asyncio.current_task():
        own.add(current)
    await asyncio.sleep(scene.lifetime)
    if scene.is_busy:
        own.add(asyncio.create_task(people.live(until=end - 2 * scene.lifetime)))
    while (now := clock.now()) < end:
        await asyncio.sleep(min(LOOK_S, end - now))
        process.raise_if_ended()
        for story in own:
            if story.done():
                story.result()
        progress((clock.now() - begin) / (end - begin), sum(process.counts.minted_for.values()))
    await process.end()
    judge.excuse_ends()
    violations = judge.violations(api.all_of(KIND_SESSION))
    if surprises := process.counts.failed_for[Reason.INTERNAL_ERROR]:
        violations.append(f"{surprises} passes ended in an error of the operator's own")
    suffered = judge.excused
    return Outcome(
        scene=scene,
        figures=judge.figures(),
        violations=tuple(violations),
        faults=len(faults),
        deeds=people.deeds,
        refused=sum(number for status, number in provider.answers.items() if status != 200),  # noqa: PLR2004
        excused_seconds=suffered.expired + suffered.missing,
        writes=dict(api.writes),
        looks=api.secrets.calls["look"],
        cpu_s=time.process_time() - began,
    )


def _provider_object() -> dict[str, Any]:
    namespace, name = KEY_SECRET
    return {
        "apiVersion": API_VERSION,
        "kind": KIND_CLUSTER_PROVIDER,
        "metadata": {"name": "default", "uid": "uid-provider", "generation": 1},
        "spec": {
            "baseURL": "https://api.example.test/v1",
            "auth": {"secretRef": {"namespace": namespace, "name": name}},
        },
    }

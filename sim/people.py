"""What people do to sessions all day: create, change, ask for a rotation, suspend, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, Final

from realtime_operator.api.group import ANNOTATION_ROTATE, API_VERSION, KIND_SESSION
from realtime_operator.core.timestamps import to_rfc3339
from realtime_operator.ports import Clock
from sim.api_server import ApiServer
from sim.judge import Judge

NAMESPACE: Final = "hotel"
DAY_S: Final = 86_400.0
"""Each session is changed once in it, on average."""

INSTRUCTIONS: Final = "You are the concierge of a grand hotel. " * 32
"""With it a request is as large as the bench's: about 1.5 KB."""

COVERS_KUBELET_S: Final = 150
"""From this life on half of the sessions are timed for the kubelet; all others have readers at the API."""

COLLECTED_AFTER_S: Final = (0.2, 4.0)
COLLECTED_AGAIN_S: Final = 15.0
"""The garbage collector takes a moment, and finds what was written meanwhile, too."""

IN_FLIGHT_S: Final = 15.0
"""A mint that was under way when its session was deleted comes to nothing within this."""


class People:
    """Keep so many sessions, and change them.

    Attributes:
        deeds: how many changes were made.
    """

    def __init__(self, clock: Clock, api: ApiServer, judge: Judge, dice: Random, *, lifetime: int) -> None:
        """Have created nothing."""
        self._clock, self._api, self._judge, self._dice = clock, api, judge, dice
        self._lifetime = lifetime
        self._made = 0
        self._names: list[str] = []
        self._loop = asyncio.get_running_loop()
        self.deeds = 0

    async def create(self, count: int, *, over: float) -> None:
        """Create sessions evenly over so many seconds, which spreads their due moments."""
        for _ in range(count):
            self._create()
            await asyncio.sleep(over / count)

    async def live(self, *, until: float) -> None:
        """Do something now and then."""
        deeds: list[Callable[[int], None]] = [
            self._change,
            self._ask,
            self._label,
            self._replace,
            self._suspend,
        ]
        while True:
            await asyncio.sleep(self._dice.expovariate(len(self._names) / DAY_S))
            if self._clock.now() >= until:
                return
            self.deeds += 1
            deed = self._dice.choices(deeds, weights=(40, 15, 15, 25, 5))[0]
            deed(self._dice.randrange(len(self._names)))

    def _create(self, name: str = "") -> None:
        """Create a session of a name that was there before, or of one that never was."""
        name = name or f"s{self._made}"
        self._made += 1
        kubelet = self._lifetime >= COVERS_KUBELET_S and self._made % 2
        spec = {
            "lifetimeSeconds": self._lifetime,
            "session": {"type": "realtime", "model": "gpt-realtime", "instructions": INSTRUCTIONS},
            "delivery": {"propagation": "Kubelet" if kubelet else "None"},
        }
        metadata = {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-{self._made}",
            "generation": 1,
            "creationTimestamp": to_rfc3339(self._clock.now()),
            "annotations": {},
        }
        self._names.append(name)
        self._api.put({"apiVersion": API_VERSION, "kind": KIND_SESSION, "metadata": metadata, "spec": spec})

    def _change(self, index: int) -> None:
        """Another request, so that a new token is due at once."""
        said = f"{self.deeds}. {INSTRUCTIONS}"
        self._put(index, spec=lambda spec: {**spec, "session": {**spec["session"], "instructions": said}})

    def _ask(self, index: int) -> None:
        """Ask for a rotation."""
        self._put(index, notes={ANNOTATION_ROTATE: str(self.deeds)})

    def _label(self, index: int) -> None:
        """Change what concerns no token."""
        self._put(index, notes={"example.com/seen": str(self.deeds)})

    def _suspend(self, index: int) -> None:
        """Suspend a session for a while."""
        name = self._names[index]
        self._put(index, spec=lambda spec: {**spec, "suspend": True})

        def resume() -> None:
            if name in self._names:
                self._put(self._names.index(name), spec=lambda spec: {**spec, "suspend": False})

        self._loop.call_later(self._dice.uniform(0.02, 1.5) * self._lifetime, resume)

    def _replace(self, index: int) -> None:
        """Delete a session, and create another one: sometimes at once and of the same name."""
        name, now = self._names[index], self._clock.now()
        self._names[index] = self._names[-1]
        self._names.pop()
        document = self._api.one(KIND_SESSION, NAMESPACE, name)
        if document is None:
            raise AssertionError("people know which sessions there are")
        self._judge.explain_orphans([(now, now + IN_FLIGHT_S)])
        self._api.delete(KIND_SESSION, NAMESPACE, name)
        uid = document["metadata"]["uid"]
        after = self._dice.uniform(*COLLECTED_AFTER_S)
        for seconds in (after, after + COLLECTED_AGAIN_S):
            self._loop.call_later(seconds, self._api.collect, uid, NAMESPACE, name)
        if self._dice.random() < 1 / 2:
            self._create(name)
        else:
            self._loop.call_later(self._dice.uniform(0, self._lifetime), self._create)

    def _put(
        self,
        index: int,
        *,
        spec: Callable[[Any], dict[str, Any]] | None = None,
        notes: dict[str, str] | None = None,
    ) -> None:
        document = self._api.one(KIND_SESSION, NAMESPACE, self._names[index])
        if document is None:
            raise AssertionError("people know which sessions there are")
        metadata = document["metadata"]
        changed = {
            **metadata,
            "generation": metadata["generation"] + (spec is not None),
            "annotations": {**metadata["annotations"], **(notes or {})},
        }
        self._api.put(
            {**document, "metadata": changed, "spec": spec(document["spec"]) if spec else document["spec"]}
        )

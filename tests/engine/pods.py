"""Sessions of 60 s whose pods are told of each token, in a world in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from realtime_operator.core.errors import ClusterForbidden
from realtime_operator.core.reasons import Reason
from tests.engine.world import World
from tests.support.pods import a_pod, pod_spec

FORBIDDEN = ClusterForbidden(
    Reason.CLUSTER_FORBIDDEN, "RBAC does not let the operator patch pods in namespace hotel"
)
HANGS = partial(asyncio.sleep, 60)


def told_session(world: World, number: int = 0, **fields: Any) -> None:
    """A session of 60 s whose pods carry its number as label."""
    selector = {"matchLabels": {"app": f"a{number}"}}
    delivery = {"propagation": "PodAnnotation", "podSelector": selector}
    world.apply(number, delivery=delivery, **{"lifetimeSeconds": 60} | fields)


def add_pod(world: World, name: str, number: int = 0, container: dict[str, Any] | None = None) -> None:
    """A pod that uses the Secret of session number so and so."""
    body = a_pod(name, **pod_spec(container, of=f"s{number}"))
    body["metadata"]["labels"] = {"app": f"a{number}"}
    world.pods.put(body)


def token_id(world: World, number: int = 0) -> str:
    """Of the token that the Secret holds."""
    annotations = world.secrets.stored["hotel", f"s{number}"]["metadata"]["annotations"]
    return str(annotations["realtime-operator.io/token-id"])


def delivered(world: World, number: int = 0) -> tuple[str, str]:
    """What Delivered says: its status, its reason."""
    conditions = world.shown(number)["conditions"]
    return next((c["status"], c["reason"]) for c in conditions if c["type"] == "Delivered")


def a_world(**fields: Any) -> World:
    """A world whose provider hands out tokens of 60 s."""
    world = World(**fields)
    world.provider.life = 60
    return world


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for it, in virtual time."""
    while not is_so():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)

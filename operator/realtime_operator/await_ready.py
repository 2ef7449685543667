"""Waits until a session is Ready: ``python -m realtime_operator.await_ready NAMESPACE NAME``, which `helm test` runs in a pod."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from realtime_operator.adapters.cluster_access import ClusterAccess, ClusterAccessInvalid
from realtime_operator.adapters.find_cluster import find_cluster
from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_objects import KubeObjects
from realtime_operator.api.conditions import ConditionType
from realtime_operator.api.group import KIND_SESSION
from realtime_operator.core.errors import ClusterError

LOOK_AGAIN_S: Final = 0.5
USAGE_ERROR: Final = 2
NEVER_SEEN: Final = "there is no such session"
UNTOUCHED: Final = "the operator has not looked at it: is it running, and does it watch this namespace?"


def main(arguments: list[str] | None = None) -> int:
    """Wait; returns the exit code: 0 once Ready is true, 1 with the last message where it is not in time, 2 without a cluster."""
    parser = argparse.ArgumentParser(
        prog="python -m realtime_operator.await_ready",
        description="Wait until a RealtimeSession is Ready, and say what keeps it from that where it is not in time.",
    )
    parser.add_argument("namespace", metavar="NAMESPACE")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--within", type=float, default=60.0, metavar="SECONDS", help="default: 60")
    options = parser.parse_args(arguments)
    try:
        access = find_cluster(os.environ)
    except ClusterAccessInvalid as error:
        sys.stderr.write(f"no access to a cluster: {error}\n")
        return USAGE_ERROR
    which = f"{options.namespace}/{options.name}"
    began = time.monotonic()
    problem = asyncio.run(_wait(access, options.namespace, options.name, within=options.within))
    if problem:
        sys.stderr.write(f"session {which} is not Ready after {options.within:g} s: {problem}\n")
        return 1
    sys.stdout.write(f"session {which} is Ready after {time.monotonic() - began:.1f} s\n")
    return 0


async def _wait(access: ClusterAccess, namespace: str, name: str, *, within: float) -> str:
    """Look again and again; returns what is wrong at the end, or nothing once it is Ready."""
    deadline = time.monotonic() + within
    async with KubeClient(access) as client:
        objects = KubeObjects(client)
        while True:
            try:
                problem = _problem(await objects.get(KIND_SESSION, namespace, name))
            except ClusterError as error:
                problem = str(error)
            if not problem or time.monotonic() > deadline:
                return problem
            await asyncio.sleep(LOOK_AGAIN_S)


def _problem(session: Mapping[str, Any] | None) -> str:
    if session is None:
        return NEVER_SEEN
    status = session.get("status") or {}
    if status.get("observedGeneration") != session["metadata"]["generation"]:
        return UNTOUCHED
    ready = next((one for one in status.get("conditions") or () if one["type"] == ConditionType.READY), None)
    if ready is None:
        return UNTOUCHED
    return "" if ready["status"] == "True" else f"{ready['reason']}: {ready['message']}"


if __name__ == "__main__":
    sys.exit(main())

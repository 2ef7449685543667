"""A Kubernetes client that speaks plain HTTP with a scripted server."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from realtime_operator.adapters.cluster_access import Bearer, ClusterAccess
from realtime_operator.adapters.kube_client import KubeClient
from tests.adapters.raw_server import RawServer, Reply, answer, raw_server

TOKEN = "planted-service-account-token"
DATA = "planted-token-in-the-data"
PATIENT_S = 20.0  # where something else than the timeout is tried, on a busy machine too


class PlantedBearer(Bearer):
    """Always the planted token."""

    def __call__(self) -> str:
        """The token."""
        return TOKEN


def access_to(server: str) -> ClusterAccess:
    """Access to a server that speaks plain HTTP."""
    return ClusterAccess(server, "hotel", ssl.create_default_context(), PlantedBearer())


@asynccontextmanager
async def serving(*replies: Reply, within: float = PATIENT_S) -> AsyncIterator[tuple[KubeClient, RawServer]]:
    """A client, and the server that it speaks with."""
    async with (
        raw_server(*replies) as server,
        KubeClient(access_to(f"http://127.0.0.1:{server.port}"), timeout=within) as client,
    ):
        yield client, server


def status(code: int, reason: str, **details: object) -> Reply:
    """A Status document whose message quotes data, as those of the API server may."""
    document = {"kind": "Status", "reason": reason, "message": f"it says {DATA}", "details": details}
    return answer(json.dumps(document).encode(), status=f"{code} Whatever")

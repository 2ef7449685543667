"""A provider that never answers, and sessions of it: what a neighbour in trouble is to those who are measured."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from bench.cluster import session_document, sessions_in
from bench.run import Run
from demo.kubectl import Kubectl
from demo.samples import KEY_SECRET, OPERATOR_NAMESPACE

NAMESPACE: Final = "bench-neighbour"
PROVIDER: Final = "hanging"


@contextlib.asynccontextmanager
async def hanging_neighbour(run: Run) -> AsyncIterator[None]:
    """Let there be as many sessions again, in a namespace of their own, whose provider takes requests and says nothing.

    Raises:
        demo.kubectl.KubectlError, bench.cluster.ApiError: they were refused.
    """
    async with silence() as base_url:
        run.enter("creating the neighbour")
        provider = _provider(base_url)
        await asyncio.to_thread(Kubectl(run.stage.plane).apply, [_namespace(), provider])
        await run.api.create_all(
            (_session(index, run.settings.lifetime) for index in range(run.settings.sessions)),
            sessions_in(NAMESPACE),
        )
        yield


@contextlib.asynccontextmanager
async def silence() -> AsyncIterator[str]:
    """Listen on a port of the loopback, read what comes and never answer; gives the base URL of that."""
    taken: set[asyncio.StreamWriter] = set()
    ended = asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.add(writer)
        with contextlib.suppress(ConnectionError):
            while await reader.read(1 << 16):
                pass
        writer.close()
        taken.discard(writer)
        if not taken:
            ended.set()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.close()
        for writer in list(taken):
            writer.close()
        if taken:
            ended.clear()
            await ended.wait()


def _session(index: int, lifetime: int) -> dict[str, Any]:
    document = session_document(index, lifetime)
    document["metadata"]["namespace"] = NAMESPACE
    document["spec"]["providerRef"] = {"kind": "ClusterRealtimeProvider", "name": PROVIDER}
    return document


def _namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _provider(base_url: str) -> dict[str, Any]:
    return {
        "apiVersion": "realtime-operator.io/v1alpha1",
        "kind": "ClusterRealtimeProvider",
        "metadata": {"name": PROVIDER},
        "spec": {
            "baseURL": base_url,
            "auth": {"secretRef": {"name": KEY_SECRET, "namespace": OPERATOR_NAMESPACE}},
        },
    }

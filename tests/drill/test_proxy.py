"""The proxy between operator and API server: it hands everything on, and makes watches and lists of our kinds fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from bench.cluster import GROUP_VERSION
from drill.proxy import Proxy, Refusal
from hack.controlplane import ControlPlane

GONE = Refusal(410, lists=False, told=True)
FORBIDDEN = Refusal(403, lists=True, told=False)
DEADLINE = 60.0  # seconds for what takes a tenth of one


@pytest.fixture
async def opened(control_plane: ControlPlane) -> AsyncIterator[tuple[Proxy, aiohttp.ClientSession]]:
    """A proxy in front of the real API server, as its administrator, and a client of it."""
    async with in_front_of(control_plane.kubeconfig) as pair:
        yield pair


@asynccontextmanager
async def in_front_of(kubeconfig: Path) -> AsyncIterator[tuple[Proxy, aiohttp.ClientSession]]:
    """A proxy, and a client that shows no credentials."""
    proxy = Proxy()
    with proxy.in_front_of(kubeconfig) as path:
        server = yaml.safe_load(path.read_text())["clusters"][0]["cluster"]["server"]
        assert server.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession(server) as client, asyncio.timeout(DEADLINE):
            yield proxy, client
        path.unlink()


def sessions(namespace: str, name: str = "") -> str:
    """The path of a namespace's sessions, or of one."""
    return f"/apis/{GROUP_VERSION}/namespaces/{namespace}/realtimesessions{'/' * bool(name)}{name}"


def document(name: str) -> dict[str, Any]:
    """A session."""
    spec = {"lifetimeSeconds": 60, "session": {"type": "realtime", "model": "gpt-realtime"}}
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "RealtimeSession",
        "metadata": {"name": name},
        "spec": spec | {"delivery": {"propagation": "None"}},
    }


async def status_of(client: aiohttp.ClientSession, path: str, **query: str) -> int:
    """The status of the answer to a GET."""
    async with client.get(path, params=query) as answer:
        return answer.status


async def next_event(watch: aiohttp.ClientResponse) -> dict[str, Any]:
    """The next event of a watch."""
    event: dict[str, Any] = json.loads(await watch.content.readline())
    return event


async def test_a_watch_is_handed_on_event_by_event(
    opened: tuple[Proxy, aiohttp.ClientSession], namespace: str
) -> None:
    """What happens while the watch is open is told while it is open; statuses and bodies pass in both directions."""
    _, client = opened
    async with client.get(sessions(namespace), params={"watch": "1"}) as watch:
        for name in ("one", "two"):
            async with client.post(sessions(namespace), json=document(name)) as made:
                assert made.status == 201
            event = await next_event(watch)
            assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", name)
    async with client.post(sessions(namespace), json=document("one")) as refused:
        assert (await refused.json())["reason"] == "AlreadyExists"
        assert refused.status == 409


async def test_watches_are_gone_and_lists_work(
    opened: tuple[Proxy, aiohttp.ClientSession], namespace: str
) -> None:
    """An open watch ends with an ERROR event, a new one is answered 410, a list as ever; afterwards all is well."""
    proxy, client = opened
    async with client.get(sessions(namespace), params={"watch": "true"}) as watch:
        async with client.post(sessions(namespace), json=document("one")):
            assert (await next_event(watch))["type"] == "ADDED"
        proxy.refuse(GONE)
        event = await next_event(watch)
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
        assert await watch.content.read() == b""
    async with client.get(sessions(namespace), params={"watch": "1"}) as refused:
        assert (refused.status, (await refused.json())["reason"]) == (410, "Expired")
    assert await status_of(client, sessions(namespace)) == 200
    assert (proxy.ended, proxy.refused) == (1, 1)
    proxy.relent()
    assert await status_of(client, sessions(namespace), watch="1", timeoutSeconds="1") == 200


async def test_watches_and_lists_are_forbidden(
    opened: tuple[Proxy, aiohttp.ClientSession], namespace: str
) -> None:
    """An open watch is cut, watches and lists of our kinds are answered 403; one object, and other kinds, are not."""
    proxy, client = opened
    async with client.get(sessions(namespace), params={"watch": "1"}) as watch:
        async with client.post(sessions(namespace), json=document("one")):
            assert (await next_event(watch))["type"] == "ADDED"
        proxy.refuse(FORBIDDEN)
        with pytest.raises(aiohttp.ClientError):
            await watch.content.read()
    for plural in ("realtimesessions", "realtimeproviders", "clusterrealtimeproviders"):
        path = f"/apis/{GROUP_VERSION}/{plural}"
        assert await status_of(client, path) == await status_of(client, path, watch="1") == 403
    assert await status_of(client, sessions(namespace, "one")) == 200
    assert await status_of(client, "/api/v1/namespaces") == 200
    assert await status_of(client, "/api/v1/secrets", watch="1", timeoutSeconds="1") == 200


async def test_a_server_that_is_away_is_answered_for_by_nobody(tmp_path: Path) -> None:
    """No status is made up: the connection ends; and the proxy goes on."""
    async with in_front_of(kubeconfig_for("http://127.0.0.1:9", tmp_path)) as (_, client):
        for _ in range(2):
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await status_of(client, "/api/v1/namespaces")


async def test_an_event_is_never_put_into_the_middle_of_another(tmp_path: Path) -> None:
    """Where half a line is out, the watch is cut, although others are told."""

    async def half_a_line(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"type": "ADD')
        await asyncio.Event().wait()
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", half_a_line)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        kubeconfig = kubeconfig_for(f"http://127.0.0.1:{runner.addresses[0][1]}", tmp_path)
        async with (
            in_front_of(kubeconfig) as (proxy, client),
            client.get(sessions("hotel"), params={"watch": "1"}) as watch,
        ):
            assert await watch.content.readexactly(13) == b'{"type": "ADD'
            proxy.refuse(GONE)
            with pytest.raises(aiohttp.ClientError):
                await watch.content.read()
    finally:
        await runner.cleanup()


def kubeconfig_for(server: str, folder: Path) -> Path:
    """A kubeconfig of a server without credentials."""
    path = folder / "server.kubeconfig"
    named = {
        "clusters": [{"name": "it", "cluster": {"server": server}}],
        "users": [{"name": "it", "user": {}}],
    }
    context = {"name": "it", "context": {"cluster": "it", "user": "it"}}
    path.write_text(yaml.safe_dump({**named, "contexts": [context], "current-context": "it"}))
    return path
